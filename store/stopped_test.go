package store_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/store"
)

// step is a transaction: the file before and after it, and what a Store keeps then.
type step struct {
	before, after []byte
	kept          [2]map[string][]string
}

// steps returns transactions of each kind: that of Open, some that make the file
// larger, some with snapshots, and that of Close.
func steps(t *testing.T) (list []step) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "queue")
	require.NoError(t, open(t, path).Close())
	last, kept := image(t, path), map[string][]string{}
	note := func(s *store.Store) {
		next, now := image(t, path), kept
		if s != nil {
			now = load(t, s)
		}
		list = append(list, step{last, next, [2]map[string][]string{kept, now}})
		last, kept = next, now
	}
	s := open(t, path)
	note(s)
	for i := range 8 {
		records := []session.Record{change("a", fmt.Sprint(i)), change("b", string(bytes.Repeat([]byte{byte('a' + i)}, 3000*i)))}
		if i%3 == 2 {
			records = append(records, snapshot("a", fmt.Sprint("whole", i)))
		}
		require.NoError(t, s.Append(records))
		note(s)
	}
	require.NoError(t, s.Append([]session.Record{snapshot("b", "")}))
	note(s)
	require.NoError(t, s.Close())
	note(nil)
	return list
}

// image returns the bytes of a file.
func image(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

// pageSize is that of the files that the tests make.
var pageSize = os.Getpagesize()

// written returns the pages that a transaction has written, head pages last, as bbolt
// does; the others are on the disk before a head page is written.
func (s step) written() (data []int, head int) {
	head = -1
	for page := range len(s.after) / pageSize {
		at := page * pageSize
		if at+pageSize <= len(s.before) && bytes.Equal(s.before[at:at+pageSize], s.after[at:at+pageSize]) {
			continue
		}
		if page < 2 {
			head = page
			continue
		}
		data = append(data, page)
	}
	return data, head
}

// disk returns what is on the disk if only some pages were written, of the last of them
// n bytes.
func (s step) disk(pages []int, n int) []byte {
	b := make([]byte, len(s.after)) // the file grows first
	copy(b, s.before)
	for i, page := range pages {
		size := pageSize
		if i == len(pages)-1 {
			size = n
		}
		copy(b[page*pageSize:], s.after[page*pageSize:page*pageSize+size])
	}
	return b
}

// requireKept checks what a Store finds in a file with these bytes.
func requireKept(t tb, folder string, disk []byte, want map[string][]string, where string, args ...any) {
	t.Helper()
	path := filepath.Join(folder, "queue")
	require.NoError(t, os.WriteFile(path, disk, 0o600))
	s, err := store.Open(path, store.Options{MustExist: true})
	require.NoError(t, err, where, args)
	assert.Equal(t, want, load(t, s), where, args)
	require.NoError(t, s.Append([]session.Record{change("c", "more")}))
	require.NoError(t, s.Close())
}

// [trap 21] A process that is killed, or a machine that stops, at the n-th write, or amid
// it, leaves the transaction before; once the head page is there, the whole one.
func TestAStopAtAnyWriteLeavesWholeTransactions(t *testing.T) {
	folder, list := t.TempDir(), steps(t)
	for i, s := range list {
		data, head := s.written()
		if i > 0 && i < len(list)-1 { // the others write again what is there
			require.NotEmpty(t, data, i)
		}
		require.GreaterOrEqual(t, head, 0, i)
		for n := range len(data) + 1 {
			for _, torn := range []int{512, pageSize} {
				requireKept(t, folder, s.disk(data[:n], torn), s.kept[0], "transaction %d, %d pages, %d bytes of the last", i, n, torn)
			}
		}
		all := s.disk(data, pageSize)
		for n := 0; n <= 80; n += 8 { // the head is within the first 80 bytes of its page
			torn := bytes.Clone(all)
			copy(torn[head*pageSize:], s.after[head*pageSize:][:n])
			want := s.kept[0]
			if n == 80 {
				want = s.kept[1]
			}
			requireKept(t, folder, torn, want, "transaction %d, %d bytes of the head", i, n)
		}
	}
}

// A machine that stops may have written of what was not synced anything, in any order.
func TestAStopBeforeTheSyncLeavesTheTransactionBefore(t *testing.T) {
	list := steps(t)
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s := list[rapid.IntRange(1, len(list)-2).Draw(t, "transaction")] // those that write something new
		data, _ := s.written()
		some := rapid.SliceOfDistinct(rapid.SampledFrom(data), rapid.ID[int]).Draw(t, "pages")
		torn := rapid.IntRange(0, pageSize/512).Draw(t, "sectors") * 512
		requireKept(t, folder, s.disk(some, torn), s.kept[0], "")
	})
}
