package topic_test

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/topic"
)

func TestNoLevelCostsStack(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(256 << 10)) // more of it ends the test
	slashes := bytes.Repeat([]byte("/"), 65535)
	pluses := []byte(strings.Repeat("/+", 32768)[1:])
	hash := append(bytes.Clone(slashes[:65534]), '#')
	var x topic.Index[int]
	var names topic.Names[int]
	for i, filter := range [][]byte{slashes, pluses, hash, slashes[:40000], pluses[:40001]} {
		set(t, &x, string(filter), i)
	}
	assert.Len(t, x.Match(slashes, nil), 2)
	assert.Len(t, x.Match(slashes[:32767], nil), 1)
	listed, _ := listedBy(&x, nil, -1)
	assert.Len(t, listed, 5)
	_, deleted := x.Delete(pluses, 1)
	assert.True(t, deleted)

	for _, name := range [][]byte{slashes, slashes[:40000], slashes[:32767]} {
		_, err := names.Set(name, 1)
		assert.NoError(t, err)
	}
	assert.Equal(t, 1, countFound(t, &names, string(pluses), 10))
	assert.Equal(t, 3, countFound(t, &names, "#", 10))
	assert.Equal(t, 1, countFound(t, &names, string(hash), 10))
	assert.True(t, names.Delete(slashes))
	assert.True(t, topic.Overlap(pluses, hash[:32767]))
	assert.False(t, topic.Subset(hash, slashes))
	assert.Equal(t, 4, x.Len())
	assert.Equal(t, 2, names.Len())
}

// countFound returns how many names a filter matches, with so many looked at in each call.
func countFound(t *testing.T, names *topic.Names[int], filter string, atMost int) (n int) {
	t.Helper()
	var c topic.Cursor
	require.NoError(t, c.Start([]byte(filter)))
	for c.More() {
		for range names.Find(&c, atMost) {
			n++
		}
	}
	return n
}

func TestACallOfFindYieldsNoMoreNamesThanItMayLookAt(t *testing.T) {
	var names topic.Names[int]
	for i := range 1000 {
		_, err := names.Set(fmt.Appendf(nil, "%d/%d", i%10, i), i)
		require.NoError(t, err)
	}
	var c topic.Cursor
	for _, atMost := range []int{1, 7, 1000, 5000} {
		require.NoError(t, c.Start([]byte("+/+")))
		calls := 0
		for ; c.More(); calls++ {
			n := 0
			for range names.Find(&c, atMost) {
				n++
			}
			require.LessOrEqual(t, n, atMost)
		}
		assert.LessOrEqual(t, calls, 1000/atMost+2)
	}
	require.NoError(t, c.Start([]byte("+/999"))) // of each 0/, 1/, … it looks at one or two
	calls, hits := 0, 0
	for ; c.More(); calls++ {
		for range names.Find(&c, 2) {
			hits++
		}
	}
	assert.Equal(t, 1, hits)
	assert.LessOrEqual(t, calls, 30)
	require.NoError(t, c.Start([]byte("#")))
	for range names.Find(&c, 0) {
		t.Fatal("it may look at none")
	}
	assert.True(t, c.More())
}

func TestFindSeesOneStateWhileAWriterSetsAndDeletes(t *testing.T) {
	var names topic.Names[int]
	for i := range 100 {
		_, err := names.Set(fmt.Appendf(nil, "stays/%02d", i), i)
		require.NoError(t, err)
	}
	var readers sync.WaitGroup
	ended := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			var c topic.Cursor
			for {
				select {
				case <-ended:
					return
				default:
				}
				if c.Start([]byte("stays/+")) != nil {
					return
				}
				n, last := 0, ""
				for c.More() {
					for name, v := range names.Find(&c, 9) {
						if string(name) <= last || fmt.Sprintf("stays/%02d", v) != string(name) {
							t.Errorf("%q with %d comes behind %q", name, v, last)
							return
						}
						last = string(name)
						n++
					}
				}
				if v, ok := names.Get([]byte("stays/50")); n != 100 || !ok || v != 50 {
					t.Errorf("%d names, and of one %d", n, v)
					return
				}
			}
		})
	}
	for i := range 3000 {
		name := fmt.Appendf(nil, "stays/%02d/goes", i%100)
		_, err := names.Set(name, -1)
		assert.NoError(t, err)
		_, err = names.Set(fmt.Appendf(nil, "stays/%02d", i%100), i%100)
		assert.NoError(t, err)
		assert.True(t, names.Delete(name))
	}
	close(ended)
	readers.Wait()
	assert.Equal(t, 100, names.Len())
}
