package store

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/mqttwire/mqttwire/session"
)

// Sessions whose changes stand all over the file are replaced by a snapshot, or end, again
// and again: the pages that this frees have to be those of what comes next.
func TestTheFileDoesNotGrowWhileSessionsComeAndGo(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "store"), Options{})
	require.NoError(t, err)
	s.db.NoSync = true // what is measured is the file, not the disk
	r := rand.New(rand.NewPCG(1, 2))
	const sessions, most, calls = 20, 128 << 10, 5_000
	sizes := make([]int, sessions)
	largest := int64(0)
	for range calls {
		var list []session.Record
		for range 20 + r.IntN(60) {
			i := r.IntN(sessions)
			rec := session.Record{Session: fmt.Append(nil, i), Data: make([]byte, 60+r.IntN(120))}
			if sizes[i] += len(rec.Data); sizes[i] > most {
				sizes[i], rec.Snapshot, rec.Data = 0, true, make([]byte, r.IntN(3)/2*(most/4+r.IntN(most)))
			}
			list = append(list, rec)
		}
		require.NoError(t, s.Append(list))
		require.NoError(t, s.db.View(func(tx *bolt.Tx) error {
			largest = max(largest, tx.Size())
			return nil
		}))
	}
	kept := sessions * (most + most*5/4) // at most: changes, and a snapshot
	assert.Less(t, largest, int64(2*kept))
	t.Log(largest, kept)
	require.NoError(t, s.Close())
}
