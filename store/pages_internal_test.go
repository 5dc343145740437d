package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire/session"
)

// written returns the bytes of a file after a number of transactions, with pages of
// each kind, long records and free pages.
func written(t *testing.T, transactions int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "queue")
	s, err := Open(path, Options{})
	require.NoError(t, err)
	for i := range transactions {
		var records []session.Record
		for k := range 12 {
			records = append(records, session.Record{Session: fmt.Append(nil, "s", k%4), Data: bytes.Repeat([]byte{byte(i)}, 50*(k+1))})
		}
		records = append(records, session.Record{Session: fmt.Append(nil, "s", i%4), Data: bytes.Repeat([]byte{byte(i)}, 6000), Snapshot: true})
		require.NoError(t, s.Append(records))
	}
	require.NoError(t, s.Close())
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

// inspected returns what inspect says of the bytes of a file.
func inspected(b []byte) (contents, error) {
	return inspectPages("queue", bytes.NewReader(b), int64(len(b)))
}

// [trap 21] Whatever bit is another one, it changes nothing, or is told, or is the end
// of a transaction that is not whole, which leaves the one before.
func TestABitThatHasChangedAnywhereIsTold(t *testing.T) {
	b := written(t, 9)
	want, err := inspected(b)
	require.NoError(t, err)
	p, err := openPages("queue", bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	newest := int(want.transaction%2) * int(p.head.pageSize)
	step := 1
	if testing.Short() {
		step = 3
	}
	told := 0
	for at := 0; at < len(b); at += step {
		mask := byte(1) << (at / step % 8)
		b[at] ^= mask
		got, err := inspected(b)
		b[at] ^= mask
		switch {
		case err != nil:
			damage, ok := err.(*DamageError)
			require.True(t, ok, "%d: %v", at, err)
			require.NotEmpty(t, damage.Why)
			told += step
		case at >= newest && at < newest+pageHead+headSize && got.transaction == want.transaction-1:
			require.Equal(t, want.state, got.state, "the transaction that Close makes has changed nothing")
		case !maps.EqualFunc(want.index, got.index, slices.Equal) || want.state != got.state || want.transaction != got.transaction:
			require.Equal(t, want, got, "at %d", at)
		}
	}
	assert.Greater(t, told, len(b)/5, "the rest is of no use")
}

// What bbolt finds its way by must be told too, also where all records are still found:
// it would panic, or write where something else is.
func TestABitThatHasChangedInWhatBboltBelievesIsTold(t *testing.T) {
	b := written(t, 9)
	p, err := openPages("queue", bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	i := inspector{pages: p, contents: &contents{index: newIndex()}}
	require.NoError(t, p.tree(p.head.root, nil, nil, 0, i.bucket))
	kinds := map[uint16]int{}
	for id := 2; id < len(p.seen); id++ {
		at := id * int(p.head.pageSize)
		of := page{at: int64(at), kind: native.Uint16(b[at+8:]), count: int(native.Uint16(b[at+10:])), data: b[at : at+int(p.head.pageSize)]}
		if native.Uint64(b[at:]) != uint64(id) || !p.seen[id] && of.kind != freePage || of.kind == freePage && uint64(id) != p.head.free {
			continue // free, or one of several that belong together
		}
		kinds[of.kind]++
		requireTold(t, b, at, pageHead)
		switch of.kind {
		case freePage:
			requireTold(t, b, at+pageHead, 8*of.count)
		case branchPage:
			for i := range of.count {
				requireTold(t, b, at+pageHead+i*entrySize+8, 8) // the page below
				e, ok := of.entry(i)
				require.True(t, ok)
				e.key[len(e.key)-1]++ // above the first key of that page
				_, err := inspected(b)
				e.key[len(e.key)-1]--
				require.IsType(t, &DamageError{}, err)
			}
		}
	}
	assert.Len(t, kinds, 3, "kinds of pages")
}

// requireTold changes each bit of some bytes in turn.
func requireTold(t *testing.T, b []byte, at, n int) {
	t.Helper()
	for k := at; k < at+n; k++ {
		for bit := range 8 {
			b[k] ^= 1 << bit
			_, err := inspected(b)
			b[k] ^= 1 << bit
			require.IsType(t, &DamageError{}, err, "byte %d of page %d, bit %d", k%os.Getpagesize(), k/os.Getpagesize(), bit)
		}
	}
}

func TestPagesThatAreSwappedAreTold(t *testing.T) {
	b := written(t, 9)
	size := os.Getpagesize()
	want, err := inspected(b)
	require.NoError(t, err)
	for first := 3; first < len(b)/size; first++ {
		for second := 2; second < first; second++ {
			swapped := bytes.Clone(b)
			copy(swapped[first*size:], b[second*size:][:size])
			copy(swapped[second*size:], b[first*size:][:size])
			if got, err := inspected(swapped); err == nil {
				require.Equal(t, want, got, "%d and %d", first, second)
			}
			old := bytes.Clone(b)
			copy(old[first*size:], b[second*size:][:size])
			if got, err := inspected(old); err == nil {
				require.Equal(t, want, got, "%d in place of %d", second, first)
			}
		}
	}
}

// A file may come from anyone: pages that point at one another must not be followed for
// ever, and what says that it is large must not be believed.
func TestAnyBytesInPagesAreTold(t *testing.T) {
	whole := written(t, 9)
	size := os.Getpagesize()
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(whole)
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			page := rapid.IntRange(2, len(b)/size-1).Draw(t, "page")
			at := page*size + rapid.IntRange(0, 12).Draw(t, "field")*4
			native.PutUint32(b[at:], rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(0, 40)).Draw(t, "value"))
		}
		_, err := inspected(b)
		if err != nil {
			require.IsType(t, &DamageError{}, err)
		}
	})
}

func TestAFileThatIsReadBadlyIsNotCalledDamaged(t *testing.T) {
	b := written(t, 3)
	count := &failingFile{bytes.NewReader(b), 1000}
	_, err := inspectPages("queue", count, int64(len(b)))
	require.NoError(t, err)
	for n := range 1000 - count.left {
		_, err := inspectPages("queue", &failingFile{bytes.NewReader(b), n}, int64(len(b)))
		assert.ErrorIs(t, err, io.ErrClosedPipe, n)
	}
}

// failingFile fails after a number of reads.
type failingFile struct {
	io.ReaderAt
	left int
}

func (f *failingFile) ReadAt(b []byte, at int64) (int, error) {
	if f.left--; f.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return f.ReaderAt.ReadAt(b, at)
}

// What the checksums cannot see, as somebody has set them right, is seen by the rest.
func TestAStateOrARecordThatNoStoreWritesIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue")
	record := func(number uint64, value []byte) []byte {
		return binary.BigEndian.AppendUint32(value, checksum(number, value))
	}
	one := state{last: 1, count: 1}
	for name, test := range map[string]struct {
		records, state []byte
		key            []byte
		want           string
	}{
		"a later version":                  {state: sealedState(2, state{}), want: "its form is that of a later version"},
		"a state that is too short":        {state: []byte{1}, want: "the state has a wrong length"},
		"a record that is missing":         {state: state{last: 1, count: 1, sum: 7}.append(nil), want: "records are missing, or are of another time"},
		"a record of another time":         {records: record(1, []byte{0, 0}), state: state{}.append(nil), want: "records are missing, or are of another time"},
		"a record without a key's length":  {records: record(1, []byte{0}), state: one.append(nil), want: "a record is too short"},
		"a key that is longer than it all": {records: record(1, []byte{0, 1}), state: one.append(nil), want: "a record is none"},
		"a key without end":                {records: record(1, []byte{0, 0x80}), state: one.append(nil), want: "a record is none"},
		"an unknown flag":                  {records: record(1, []byte{2, 0}), state: one.append(nil), want: "a record is none"},
		"a number that is too short":       {records: record(1, []byte{0, 0}), state: one.append(nil), key: []byte{1}, want: "a record is none"},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, fill(path))
			db, err := bolt.Open(path, 0o600, nil)
			require.NoError(t, err)
			require.NoError(t, db.Update(func(tx *bolt.Tx) error {
				if test.key == nil {
					test.key = key(1)
				}
				if test.records != nil {
					require.NoError(t, tx.Bucket(recordsBucket).Put(test.key, test.records))
				}
				return tx.Bucket(stateBucket).Put(stateKey, test.state)
			}))
			require.NoError(t, db.Close())
			_, err = Open(path, Options{})
			assert.ErrorContains(t, err, test.want)
			require.NoError(t, os.Remove(path))
		})
	}
}

// sealedState returns a state of another version.
func sealedState(version byte, s state) []byte {
	b := s.append(nil)
	b[0] = version
	n := len(b) - checksumSize
	binary.BigEndian.PutUint32(b[n:], crc(b[:n]))
	return b
}
