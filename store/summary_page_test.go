package store

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"calaudit/store/segment"
)

// TestAPageOfTooManyPlacesIsDamaged: what an entry says of how many segments it
// stands in is used to cut a list.
func TestAPageOfTooManyPlacesIsDamaged(t *testing.T) {
	for _, places := range []uint64{mostPlaces + 1, math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64} {
		page := binary.AppendUvarint(nil, 1)
		for range 6 {
			page = segment.AppendColumn(page, []uint64{1})
		}
		page = segment.AppendColumn(page, []uint64{places})
		page = binary.AppendUvarint(page, mostPlaces)
		page = segment.AppendColumn(page, make([]uint64, mostPlaces))
		var b summaryPage
		if err := b.read(page, counted, true); !errors.Is(err, segment.ErrDamaged) {
			t.Errorf("%d places: %v", places, err)
		}
	}
}
