package broker

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is copied stays as it is until it is durable, whatever is copied and freed meanwhile.
func TestRecordsStayAsTheyAreUntilTheyAreDurable(t *testing.T) {
	type record struct {
		b    []byte
		fill byte
		of   Mark
	}
	r := rand.New(rand.NewPCG(1, 2))
	var m recordMemory
	var list []record
	for of := Mark(1); of < 20_000; of++ {
		size := r.IntN(200)
		if r.IntN(100) == 0 {
			size = r.IntN(2 * pieceSize)
		}
		fill := byte(of)
		b := m.copy(bytes.Repeat([]byte{fill}, size), of)
		require.Len(t, b, size)
		assert.Equal(t, len(b), cap(b), "nothing can be appended in place of what follows")
		list = append(list, record{b, fill, of})
		if r.IntN(200) > 0 {
			continue
		}
		durable := list[r.IntN(len(list))].of
		if r.IntN(2) == 0 && m.pieces[0].last > 1 { // the last record of a piece is not durable
			durable = m.pieces[0].last - 1
		}
		for _, l := range list {
			if l.of <= durable {
				require.Equal(t, len(l.b), bytes.Count(l.b, []byte{l.fill}))
			}
		}
		m.free(durable)
		for len(list) > 0 && list[0].of <= durable {
			list = list[1:]
		}
		require.LessOrEqual(t, len(m.spare), keptPieces)
	}
	for _, l := range list {
		require.Equal(t, len(l.b), bytes.Count(l.b, []byte{l.fill}))
	}
	m.free(20_000)
	assert.Empty(t, m.pieces)
	assert.NotEmpty(t, m.spare)
}
