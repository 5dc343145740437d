package store

import (
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/mqttwire/mqttwire/session"
)

func crc(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// appendTogether lets n callers append while another transaction is under way, and
// returns the transactions that it took.
func appendTogether(t *testing.T, s *Store, n int) (transactions int, errs []error) {
	t.Helper()
	blocked, err := s.db.Begin(true)
	require.NoError(t, err)
	first := blocked.ID()
	errs = make([]error, n)
	var callers sync.WaitGroup
	begin := func(i int) {
		callers.Go(func() { errs[i] = s.Append([]session.Record{{Session: fmt.Append(nil, i), Data: []byte("x")}}) })
	}
	begin(0)
	waiting := func(n int) {
		for {
			s.turn.Lock()
			there := s.leading && len(s.waiting) == n
			s.turn.Unlock()
			if there {
				return
			}
			runtime.Gosched()
		}
	}
	waiting(0) // the first one has begun
	for i := range n - 1 {
		begin(i + 1)
	}
	waiting(n - 1)
	require.NoError(t, blocked.Rollback())
	callers.Wait()
	if s.db == nil {
		return 0, errs
	}
	require.NoError(t, s.db.View(func(tx *bolt.Tx) error {
		transactions = tx.ID() - first + 1
		return nil
	}))
	return transactions, errs
}

func TestCallersThatComeMeanwhileShareATransaction(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "queue"), Options{})
	require.NoError(t, err)
	transactions, errs := appendTogether(t, s, 64)
	assert.NoError(t, errors.Join(errs...))
	assert.Equal(t, 2, transactions)
	assert.Equal(t, 64, s.Stats().Records)
	transactions, errs = appendTogether(t, s, 3)
	assert.NoError(t, errors.Join(errs...))
	assert.Equal(t, 2, transactions)
	require.NoError(t, s.Close())
}

func TestAfterAnErrorNothingIsAppendedUntilTheFileIsOpenedAgain(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "queue"), Options{})
	require.NoError(t, err)
	require.NoError(t, s.Append([]session.Record{{Session: []byte("a"), Data: []byte("1")}}))
	s.index["a"] = []uint64{77} // a record that is not there
	end := []session.Record{{Session: []byte("b"), Data: []byte("1")}, {Session: []byte("a"), Snapshot: true}}
	assert.ErrorContains(t, s.Append(end), "record 77 is missing")
	assert.ErrorContains(t, s.Append(end), "record 77 is missing")
	for _, err := range s.Load() {
		require.NoError(t, err)
	}
	assert.Equal(t, Stats{Sessions: 1, Records: 1}, s.Stats(), "of what was refused nothing is there")
	require.NoError(t, s.Append(end))
	assert.Equal(t, Stats{Sessions: 1, Records: 1}, s.Stats())
	require.NoError(t, s.Close())
}
