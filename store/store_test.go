package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/store"
)

// tb is a *testing.T, or a *rapid.T.
type tb interface {
	require.TestingT
	Helper()
}

// open opens a Store that a test may leave open.
func open(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(path, store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// load returns the records of a Journal by their sessions.
func load(t tb, j session.Journal) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for r, err := range j.Load() {
		require.NoError(t, err)
		found[string(r.Session)] = append(found[string(r.Session)], fmt.Sprintf("%s %t", r.Data, r.Snapshot))
	}
	return found
}

// change returns a record of a change.
func change(name, data string) session.Record {
	return session.Record{Session: []byte(name), Data: []byte(data)}
}

// snapshot returns a record of a snapshot.
func snapshot(name, data string) session.Record {
	return session.Record{Session: []byte(name), Data: []byte(data), Snapshot: true}
}

func TestAStoreKeepsWhatAMemoryJournalKeeps(t *testing.T) {
	folder := t.TempDir()
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		path := filepath.Join(folder, fmt.Sprint(round))
		want := session.MemoryJournal()
		got, err := store.Open(path, store.Options{})
		require.NoError(t, err)
		defer func() { require.NoError(t, got.Close()) }()
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				records := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) session.Record {
					r := session.Record{
						Session:  []byte(rapid.SampledFrom([]string{"", "a", "b", "other"}).Draw(t, "session")),
						Data:     make([]byte, rapid.SampledFrom([]int{0, 1, 20, 900, 5000}).Draw(t, "size")),
						Snapshot: rapid.IntRange(0, 9).Draw(t, "snapshot") == 0,
					}
					for i := range r.Data {
						r.Data[i] = byte('a' + round%26)
					}
					return r
				}), 0, 20).Draw(t, "records")
				require.NoError(t, want.Append(records))
				require.NoError(t, got.Append(records))
			},
			"open again": func(t *rapid.T) {
				require.NoError(t, got.Close())
				got, err = store.Open(path, store.Options{MustExist: true})
				require.NoError(t, err)
			},
			"": func(t *rapid.T) {
				kept := load(t, want)
				assert.Equal(t, kept, load(t, got))
				n := 0
				for _, list := range kept {
					n += len(list)
				}
				assert.Equal(t, store.Stats{Sessions: len(kept), Records: n}, got.Stats())
			},
		})
	})
}

func TestSessionsComeInTheOrderOfTheirFirstRecords(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "queue"))
	require.NoError(t, s.Append([]session.Record{change("b", "1"), change("a", "2"), change("c", "3"), snapshot("b", "4"), change("a", "5")}))
	var order []string
	for r, err := range s.Load() {
		require.NoError(t, err)
		order = append(order, string(r.Session)+string(r.Data))
	}
	assert.Equal(t, []string{"a2", "a5", "c3", "b4"}, order)
}

func TestWhileRecordsAreLoadedOthersMayBeAppended(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "queue"))
	for _, name := range []string{"a", "b", "c"} {
		require.NoError(t, s.Append([]session.Record{change(name, "1"), change(name, "2")}))
	}
	large := make([]byte, 1<<20) // so that the file is mapped anew
	var got []string
	for r, err := range s.Load() {
		require.NoError(t, err)
		got = append(got, string(r.Session)+string(r.Data[:1]))
		if len(got) == 1 {
			require.NoError(t, s.Append([]session.Record{snapshot("a", string(large)), snapshot("b", ""), change("c", "3"), change("d", "1")}))
		}
	}
	assert.Equal(t, []string{"a1", "a2", "c1", "c2", "c3"}, got)
	for range s.Load() {
		break
	}
	assert.Equal(t, 3, s.Stats().Sessions)
}

func TestAStoreIsOpenOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue")
	s := open(t, path)
	assert.True(t, s.Created())
	_, err := store.Open(path, store.Options{})
	assert.ErrorIs(t, err, store.ErrLocked)
	require.NoError(t, s.Close())
	again := open(t, path)
	assert.False(t, again.Created())
}

func TestAClosedStoreSaysSo(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "queue"))
	require.NoError(t, s.Append([]session.Record{change("a", "1"), change("b", "1")}))
	for range s.Load() {
		require.NoError(t, s.Close())
		require.NoError(t, s.Close())
	}
	assert.ErrorIs(t, s.Append(nil), store.ErrClosed)
	for _, err := range s.Load() {
		assert.ErrorIs(t, err, store.ErrClosed)
	}
}

func TestARecordThatIsTooLargeIsRefusedAndTheRestGoesOn(t *testing.T) {
	if math.MaxInt == math.MaxInt32 {
		t.Skip("an int of 32 bits has no such record")
	}
	s := open(t, filepath.Join(t.TempDir(), "queue"))
	size := int64(math.MaxInt32)
	err := s.Append([]session.Record{change("a", "1"), {Session: []byte("a"), Data: make([]byte, size)}})
	assert.ErrorContains(t, err, "a record is too large")
	require.NoError(t, s.Append([]session.Record{change("a", "2")}))
	assert.Equal(t, map[string][]string{"a": {"2 false"}}, load(t, s))
}

func TestAFileIsMadeOnlyWhereNoneIsAndItMayBe(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "queue")
	_, err := store.Open(path, store.Options{MustExist: true})
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, path)
	_, err = store.Open(filepath.Join(folder, "none", "queue"), store.Options{})
	assert.ErrorIs(t, err, fs.ErrNotExist)
	s := open(t, path)
	require.NoError(t, s.Close())
	names, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, names, 1, "nothing else is left")
	info, err := names[0].Info()
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode()&0o777)
}

// [trap 21] Never an empty start in silence.
func TestAFileThatIsNoStoreIsNotTakenForAnEmptyOne(t *testing.T) {
	folder := t.TempDir()
	write := func(b []byte) func(string) error {
		return func(path string) error { return os.WriteFile(path, b, 0o600) }
	}
	whole := filepath.Join(folder, "whole")
	require.NoError(t, open(t, whole).Close())
	bytes, err := os.ReadFile(whole)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		file func(path string) error
		want string
	}{
		"empty":                {write(nil), "byte 0: it is empty"},
		"text":                 {write([]byte("a text")), "byte 0: neither of the two pages that it begins with is whole"},
		"nothing but zeros":    {write(make([]byte, 1<<16)), "byte 0: neither of the two pages that it begins with is whole"},
		"its first page alone": {write(bytes[:4096]), "byte 4096: it is cut off"},
		"half of it":           {write(bytes[:len(bytes)/4]), "byte 8192: it is cut off"},
		"new from bbolt":       {bolts(nil), "byte 12288: it has not what a journal of sessions has"},
		"of another program":   {bolts([]string{"users"}), "it is not a journal of sessions"},
		"without its state":    {bolts([]string{"records"}), "it has not what a journal of sessions has"},
		"with an empty state":  {bolts([]string{"records", "state"}), "it has not what a journal of sessions has"},
		"with a third bucket":  {bolts([]string{"records", "state", "users"}), "it is not a journal of sessions"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "queue")
			require.NoError(t, test.file(path))
			before, err := os.ReadFile(path)
			require.NoError(t, err)
			_, err = store.Open(path, store.Options{})
			var damage *store.DamageError
			require.ErrorAs(t, err, &damage)
			assert.Equal(t, path, damage.Path)
			assert.ErrorContains(t, err, test.want)
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, before, after, "the file stays as it is")
		})
	}
}

// bolts returns a function that makes a file of bbolt with buckets.
func bolts(buckets []string) func(string) error {
	return func(path string) error {
		db, err := bolt.Open(path, 0o600, nil)
		if err != nil {
			return err
		}
		err = db.Update(func(tx *bolt.Tx) error {
			for _, name := range buckets {
				if _, err := tx.CreateBucket([]byte(name)); err != nil {
					return err
				}
			}
			return nil
		})
		return errors.Join(err, db.Close())
	}
}

func TestAFileThatIsCutOffWhileItIsOpenIsToldAndDoesNotEndTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue")
	s, err := store.Open(path, store.Options{})
	require.NoError(t, err)
	for i := range 100 {
		require.NoError(t, s.Append([]session.Record{change("a", fmt.Sprint(i, string(make([]byte, 3000))))}))
	}
	require.NoError(t, os.Truncate(path, 8192))
	loads := 0
	for _, err := range s.Load() {
		loads++
		var damage *store.DamageError
		require.ErrorAs(t, err, &damage)
		assert.Equal(t, int64(8192), damage.Offset)
	}
	assert.Equal(t, 1, loads)
	err = s.Append([]session.Record{change("a", "more")})
	assert.ErrorContains(t, err, "is damaged at byte 8192: it is cut off")
	for _, err := range s.Load() {
		assert.ErrorContains(t, err, "is damaged at byte 8192: it is cut off")
	}
	require.NoError(t, s.Close())
}
