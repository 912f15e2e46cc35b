package ingest

import "hash/maphash"

// textTable finds what was made of a text, by open addressing: what is looked
// through is a few bytes for each text, and growing takes no hash anew.
type textTable[T any] struct {
	slots []textSlot // one whose at is 0 is free
	all   []textValue[T]
}

type textSlot struct {
	hash uint32
	at   uint32 // number in all, from 1
}

type textValue[T any] struct {
	text  string
	value T
}

var textSeed = maphash.MakeSeed()

func textHash(text string) uint32      { return uint32(maphash.String(textSeed, text)) }
func textBytesHash(text []byte) uint32 { return uint32(maphash.Bytes(textSeed, text)) }

// find returns what was put for a text with this hash, nil if nothing was.
func find[S string | []byte, T any](t *textTable[T], hash uint32, text S) *T {
	if len(t.slots) == 0 {
		return nil
	}
	mask := uint32(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := t.slots[i]
		if s.at == 0 {
			return nil
		}
		if s.hash == hash {
			if v := &t.all[s.at-1]; v.text == string(text) {
				return &v.value
			}
		}
	}
}

// put adds a text that find does not find.
func (t *textTable[T]) put(hash uint32, text string, value T) *T {
	if len(t.all)*2 >= len(t.slots) {
		old := t.slots
		t.slots = make([]textSlot, max(1<<6, 2*len(old)))
		t.all = append(make([]textValue[T], 0, len(t.slots)/2), t.all...) // for as many as there is place for
		for _, s := range old {
			if s.at != 0 {
				t.place(s)
			}
		}
	}
	t.all = append(t.all, textValue[T]{text, value})
	t.place(textSlot{hash, uint32(len(t.all))})
	return &t.all[len(t.all)-1].value
}

// keep is put of what can be found out anew: long text is not kept, and where
// most are kept, they are forgotten.
func (t *textTable[T]) keep(hash uint32, text string, value T, most int) *T {
	if len(text) > mostKept {
		own := value
		return &own
	}
	if len(t.all) >= most {
		*t = textTable[T]{}
	}
	return t.put(hash, text, value)
}

func (t *textTable[T]) place(s textSlot) {
	mask := uint32(len(t.slots) - 1)
	i := s.hash & mask
	for t.slots[i].at != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}

// mostTexts bounds how many texts are kept with what they were found to be.
const mostTexts = 1 << 16

// mostKept is the longest text that readers remember, in bytes. Nothing that
// repeats is longer, but a field of a damaged row may be.
const mostKept = 512

// remember keeps what a text was found to be, so as not to find it out again.
// That is bounded in number and length: what was forgotten is found out anew.
func remember[T any](m map[string]T, text []byte, v T) {
	if len(text) > mostKept {
		return
	}
	if len(m) >= mostTexts {
		clear(m)
	}
	m[string(text)] = v
}
