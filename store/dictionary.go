package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"math/bits"

	"calaudit/audit"
	"calaudit/ingest"
	"calaudit/store/segment"
)

// What a dictionary numbers. The numbers are part of the format.
const (
	nameWords   = iota + 1 // texts: people, machines, clients, servers
	partyWords             // a user at an endpoint with a client
	usageWords             // what facts must agree in to be one usage
	lookupWords            // rows of look-up tables that were seen
)

// words numbers distinct values from 1, in the order of first sight; the zero
// value has number 0. It is kept in the database in blocks of wordsPerBlock,
// which are read whole: reading a hundred thousand rows would take longer than
// everything else of a night.
type words[T comparable] struct {
	kind   int
	values []T            // values[0] is the zero value; zero values further on are pruned ones
	slots  []uint32       // open addressing; made at the first look-up
	hash   func(T) uint64 // of a value, not a pointer: that would be one allocation for each look-up
	pack   func(dst []byte, values []T) []byte
	unpack func(r *segment.Reader, values []T)
	mark   func(*T) uint16 // nil: words of this kind are not looked for one by one
	saved  int             // values below this one are in the database
}

const wordsPerBlock = 512

// id returns the number of a value, and gives it one if it is new.
func (w *words[T]) id(v T) uint32 {
	var zero T
	if v == zero {
		return 0
	}
	if len(w.values)*2 > len(w.slots) {
		w.grow()
	}
	mask := uint64(len(w.slots) - 1)
	i := w.hash(v) & mask
	for ; w.slots[i] != 0; i = (i + 1) & mask {
		if w.values[w.slots[i]] == v {
			return w.slots[i]
		}
	}
	n := uint32(len(w.values))
	w.slots[i] = n
	w.values = append(w.values, v)
	return n
}

// find is id without making one; 0 when the value is not there.
func (w *words[T]) find(v T) uint32 {
	if len(w.slots) == 0 {
		w.grow()
	}
	mask := uint64(len(w.slots) - 1)
	for i := w.hash(v) & mask; w.slots[i] != 0; i = (i + 1) & mask {
		if w.values[w.slots[i]] == v {
			return w.slots[i]
		}
	}
	return 0
}

func (w *words[T]) grow() {
	var zero T
	w.slots = make([]uint32, max(1<<10, 1<<bits.Len(uint(len(w.values)*3))))
	mask := uint64(len(w.slots) - 1)
	for n := 1; n < len(w.values); n++ {
		if w.values[n] == zero {
			continue
		}
		i := w.hash(w.values[n]) & mask
		for w.slots[i] != 0 {
			i = (i + 1) & mask
		}
		w.slots[i] = uint32(n)
	}
}

// load reads everything that is saved.
func (w *words[T]) load(ctx context.Context, q querier) error {
	var blocks int // the last one's row may say anything
	if err := q.QueryRowContext(ctx, "SELECT count(*) FROM dictionary WHERE kind=?", w.kind).Scan(&blocks); err != nil {
		return err
	}
	total, err := w.count(ctx, q)
	if err != nil {
		return err
	}
	total = min(total, 1+blocks*wordsPerBlock)
	rows, err := q.QueryContext(ctx, "SELECT first, words, block FROM dictionary WHERE kind=? ORDER BY first", w.kind)
	if err != nil {
		return err
	}
	defer rows.Close()
	w.values, w.slots = make([]T, 1, total+total/16), nil // with room for what is new, which saves moving all
	for rows.Next() {
		var first, n int
		var block sql.RawBytes
		if err := rows.Scan(&first, &n, &block); err != nil {
			return err
		}
		if first != len(w.values) || n < 1 || n > wordsPerBlock {
			return fmt.Errorf("dictionary %d: block %d: %w", w.kind, first, segment.ErrDamaged)
		}
		w.values = append(w.values, make([]T, n)...)
		r := segment.NewReader(block)
		w.unpack(r, w.values[first:])
		if err := r.End(); err != nil {
			return fmt.Errorf("dictionary %d: block %d: %w", w.kind, first, err)
		}
	}
	w.saved = len(w.values)
	return rows.Err()
}

// count is how many words are saved, the zero value included.
func (w *words[T]) count(ctx context.Context, q querier) (n int, err error) {
	var first int
	err = q.QueryRowContext(ctx, "SELECT first, words FROM dictionary WHERE kind=? ORDER BY first DESC LIMIT 1", w.kind).Scan(&first, &n)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 1, nil
	case err == nil && (first < 1 || n < 1 || n > wordsPerBlock):
		return 0, fmt.Errorf("dictionary %d: block %d: %w", w.kind, first, segment.ErrDamaged)
	}
	return first + n, err
}

// few reads words a block at a time, when they are asked for: the look-up of
// one person needs few of them. It must not be asked while rows of a query are
// open: there is one connection.
type few[T comparable] struct {
	ctx    context.Context
	q      querier
	words  *words[T]
	n      int // how many words there are, the zero value included
	blocks map[int][]T
	err    error // the first failure; the zero value stands for what could not be read
}

func newFew[T comparable](ctx context.Context, q querier, w *words[T]) (*few[T], error) {
	f := &few[T]{ctx: ctx, q: q, words: w, blocks: map[int][]T{}}
	var err error
	f.n, err = w.count(ctx, q)
	return f, err
}

func (f *few[T]) at(id uint32) (v T) {
	if id == 0 || f.err != nil {
		return v
	}
	first := (int(id)-1)/wordsPerBlock*wordsPerBlock + 1
	block, ok := f.blocks[first]
	if !ok {
		var n int
		var packed []byte
		f.err = f.q.QueryRowContext(f.ctx, "SELECT words, block FROM dictionary WHERE kind=? AND first=?", f.words.kind, first).Scan(&n, &packed)
		if f.err == nil {
			block, f.err = f.words.read(n, packed)
		}
		f.blocks[first] = block
	}
	if int(id)-first >= len(block) {
		if f.err == nil {
			f.err = segment.ErrDamaged
		}
		return v
	}
	return block[int(id)-first]
}

// markSet is a set of marks, a bit for each there may be.
type markSet [1 << 16 / 64]uint64

func (m *markSet) add(mark uint16)      { m[mark/64] |= 1 << (mark % 64) }
func (m *markSet) has(mark uint16) bool { return m[mark/64]>>(mark%64)&1 != 0 }

// marked lists the words with one of the marks: those that are looked for, and
// some more.
func (f *few[T]) marked(marks *markSet) (ids []uint32, err error) {
	err = each(f.ctx, f.q, "SELECT first, marks FROM dictionary WHERE kind=?", func(rows *sql.Rows) error {
		var first uint32
		var list sql.RawBytes
		err := rows.Scan(&first, &list)
		for i := 0; i+1 < len(list); i += 2 {
			if marks.has(binary.LittleEndian.Uint16(list[i:])) {
				ids = append(ids, first+uint32(i/2))
			}
		}
		return err
	}, f.words.kind)
	return ids, err
}

// each calls for all words, which are valid during the call only.
func (f *few[T]) each(call func(id uint32, v *T)) error {
	block := make([]T, wordsPerBlock)
	return f.eachBlock(func(first uint32, n int, packed []byte) error {
		err := f.words.readInto(block, n, packed)
		for i := range min(n, len(block)) {
			call(first+uint32(i), &block[i])
		}
		return err
	})
}

// firsts calls for the first column of all words: the users of parties.
func (f *few[T]) firsts(call func(id uint32, v uint64)) error {
	var values [wordsPerBlock]uint64
	return f.eachBlock(func(first uint32, n int, packed []byte) error {
		if n < 1 || n > len(values) {
			return segment.ErrDamaged
		}
		r := segment.NewReader(packed)
		r.Column(values[:n])
		for i, v := range values[:n] {
			call(first+uint32(i), v)
		}
		return r.Err()
	})
}

func (f *few[T]) eachBlock(call func(first uint32, n int, packed []byte) error) error {
	return each(f.ctx, f.q, "SELECT first, words, block FROM dictionary WHERE kind=?", func(rows *sql.Rows) error {
		var first uint32
		var n int
		var packed sql.RawBytes
		if err := rows.Scan(&first, &n, &packed); err != nil {
			return err
		}
		return call(first, n, packed)
	}, f.words.kind)
}

// read unpacks a block.
func (w *words[T]) read(n int, packed []byte) ([]T, error) {
	block := make([]T, max(0, min(n, wordsPerBlock)))
	return block, w.readInto(block, n, packed)
}

func (w *words[T]) readInto(block []T, n int, packed []byte) error {
	if n < 1 || n > len(block) {
		return segment.ErrDamaged
	}
	r := segment.NewReader(packed)
	w.unpack(r, block[:n])
	return r.End()
}

// save writes what is new since load or the last save. Only the last block,
// which was not full, is written again.
func (w *words[T]) save(ctx context.Context, tx *sql.Tx) error {
	if len(w.values) > math.MaxUint32 {
		return fmt.Errorf("more than %d words of kind %d in the database", uint32(math.MaxUint32), w.kind)
	}
	if w.saved == len(w.values) {
		return nil
	}
	return w.saveFrom(ctx, tx, max(1, w.saved))
}

// saveFrom writes the block that holds a word, and all after it.
func (w *words[T]) saveFrom(ctx context.Context, tx *sql.Tx, word int) error {
	for first := (word-1)/wordsPerBlock*wordsPerBlock + 1; first < len(w.values); first += wordsPerBlock {
		part := w.values[first:min(first+wordsPerBlock, len(w.values))]
		marks := []byte{}
		for i := range part {
			if w.mark != nil {
				marks = binary.LittleEndian.AppendUint16(marks, w.mark(&part[i]))
			}
		}
		if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO dictionary(kind, first, words, marks, block) VALUES(?,?,?,?,?)",
			w.kind, first, len(part), marks, w.pack(nil, part)); err != nil {
			return err
		}
	}
	w.saved = len(w.values)
	return nil
}

var seed = maphash.MakeSeed()

// markOf is the mark of a text: part of the format.
func markOf(text string) uint16 {
	sum := fnv1a(text)
	return uint16(sum>>16) ^ uint16(sum)
}

// fnv1a is the 32 bits of FNV-1a of a text, as hash/fnv has them with a copy.
func fnv1a(text string) uint32 {
	h := uint32(2166136261)
	for i := range len(text) {
		h = (h ^ uint32(text[i])) * 16777619
	}
	return h
}

// mix spreads the bits of two numbers over the result.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xd1b54a32d192ed03)
	return hi ^ lo
}

func newNames() *words[ingest.Name] {
	return &words[ingest.Name]{kind: nameWords, values: make([]ingest.Name, 1),
		mark: func(n *ingest.Name) uint16 { return markOf(n.Text) },
		hash: func(n ingest.Name) uint64 { return maphash.String(seed, n.Text) + uint64(n.Kind)*0x9e3779b97f4a7c15 },
		pack: func(dst []byte, list []ingest.Name) []byte {
			kinds, lengths := make([]uint64, len(list)), make([]uint64, len(list))
			for i, n := range list {
				kinds[i], lengths[i] = uint64(n.Kind), uint64(len(n.Text))
			}
			dst = segment.AppendColumn(segment.AppendColumn(dst, kinds), lengths)
			for _, n := range list {
				dst = append(dst, n.Text...)
			}
			return dst
		},
		unpack: func(r *segment.Reader, list []ingest.Name) {
			kinds, lengths := make([]uint64, len(list)), make([]uint64, len(list))
			r.Column(kinds)
			r.Column(lengths)
			total := uint64(0)
			for _, n := range lengths {
				if n > math.MaxInt32 {
					n = math.MaxInt32 // more than there is: Bytes tells
				}
				total += n
			}
			text := string(r.Bytes(total)) // one string for all
			if r.Err() != nil {
				return
			}
			for i := range list {
				list[i] = ingest.Name{Kind: ingest.NameKind(kinds[i]), Text: text[:lengths[i]]}
				text = text[lengths[i]:]
			}
		},
	}
}

func newParties() *words[ingest.Party] {
	f := fields[ingest.Party]{
		ids: []func(*ingest.Party) *ingest.ID{
			func(p *ingest.Party) *ingest.ID { return &p.User },
			func(p *ingest.Party) *ingest.ID { return &p.Device },
			func(p *ingest.Party) *ingest.ID { return &p.Endpoint },
			func(p *ingest.Party) *ingest.ID { return &p.Client },
		},
		rest:    func(p *ingest.Party) uint64 { return uint64(p.Class) },
		setRest: func(p *ingest.Party, v uint64) { p.Class = ingest.Class(v) },
	}
	return &words[ingest.Party]{kind: partyWords, values: make([]ingest.Party, 1), pack: f.pack, unpack: f.unpack,
		hash: func(p ingest.Party) uint64 {
			return mix(uint64(p.User)<<32|uint64(p.Endpoint), uint64(p.Device)<<32|uint64(p.Client)<<4|uint64(p.Class))
		},
	}
}

func newUsages() *words[audit.UsageKey] {
	f := fields[audit.UsageKey]{
		ids: []func(*audit.UsageKey) *ingest.ID{
			func(k *audit.UsageKey) *ingest.ID { return &k.User },
			func(k *audit.UsageKey) *ingest.ID { return &k.Device },
			func(k *audit.UsageKey) *ingest.ID { return &k.Endpoint },
			func(k *audit.UsageKey) *ingest.ID { return &k.Client },
			func(k *audit.UsageKey) *ingest.ID { return &k.Server },
		},
		rest: usageRest,
		setRest: func(k *audit.UsageKey, v uint64) {
			k.Activity, k.Class = ingest.Activity(v>>8&0xf), ingest.Class(v>>2&0x3f)
			k.Untold, k.PeerPSTN = v&2 != 0, v&1 != 0
			k.Presents, k.Media = v>>12&1 != 0, ingest.Media(v>>13&3)<<3
		},
	}
	return &words[audit.UsageKey]{kind: usageWords, values: make([]audit.UsageKey, 1), pack: f.pack, unpack: f.unpack,
		hash: func(k audit.UsageKey) uint64 {
			return mix(mix(uint64(k.User)<<32|uint64(k.Endpoint), uint64(k.Device)<<32|uint64(k.Client)), uint64(k.Server)<<16|usageRest(&k))
		},
	}
}

// usageRest is a usage but for its names as one number of 16 bits. Of the media
// it takes those from MediaSharing on (audit.RuleMedia).
func usageRest(k *audit.UsageKey) uint64 {
	return uint64(k.Media>>3&3)<<13 | uint64(bit(k.Presents))<<12 | uint64(k.Activity)<<8 | uint64(k.Class)<<2 | uint64(bit(k.Untold))<<1 | uint64(bit(k.PeerPSTN))
}

// fields packs structs of names and one more number, column by column.
type fields[T any] struct {
	ids     []func(*T) *ingest.ID
	rest    func(*T) uint64
	setRest func(*T, uint64)
}

func (f fields[T]) pack(dst []byte, list []T) []byte {
	values := make([]uint64, len(list))
	for _, field := range f.ids {
		for i := range list {
			values[i] = uint64(*field(&list[i]))
		}
		dst = segment.AppendColumn(dst, values)
	}
	for i := range list {
		values[i] = f.rest(&list[i])
	}
	return segment.AppendColumn(dst, values)
}

func (f fields[T]) unpack(r *segment.Reader, list []T) {
	values := make([]uint64, len(list))
	for _, field := range f.ids {
		r.Column(values)
		for i := range list {
			*field(&list[i]) = ingest.ID(values[i])
		}
	}
	r.Column(values)
	for i := range list {
		f.setRest(&list[i], values[i])
	}
}

// rowHash is the hash of a row of a look-up table: see ingest.Lookup.
type rowHash = [16]byte

func newLookups() *words[rowHash] {
	return &words[rowHash]{kind: lookupWords, values: make([]rowHash, 1),
		hash: func(h rowHash) uint64 { return binary.LittleEndian.Uint64(h[:]) },
		pack: func(dst []byte, list []rowHash) []byte {
			for i := range list {
				dst = append(dst, list[i][:]...)
			}
			return dst
		},
		unpack: func(r *segment.Reader, list []rowHash) {
			for i := range list {
				copy(list[i][:], r.Bytes(uint64(len(list[i]))))
			}
		},
	}
}
