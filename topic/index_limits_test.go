package topic_test

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/topic"
)

func set(t testing.TB, x *topic.Index[int], filter string, v int) {
	t.Helper()
	_, _, err := x.Set(&packets.Subscription{Filter: []byte(filter)}, 0, v)
	require.NoError(t, err)
}

func TestAMatchAllocatesNothing(t *testing.T) {
	skipUnderRace(t)
	var x topic.Index[int]
	for i, filter := range []string{"a/b/c", "a/+/c", "#", "$share/g/a/#", "+/b/+"} {
		set(t, &x, filter, i)
	}
	name, hits := []byte("a/b/c"), make([]topic.Hit[int], 0, 8)
	assert.Zero(t, testing.AllocsPerRun(100, func() { hits = x.Match(name, hits[:0]) }))
	assert.Len(t, hits, 5)
}

func TestLongFiltersCostTheirLengthAndOthersLittle(t *testing.T) {
	skipUnderRace(t)
	var x topic.Index[int]
	long := string(bytes.Repeat([]byte("x"), 60000))
	for i := range 800 {
		set(t, &x, fmt.Sprint("short/", i), i)
		set(t, &x, fmt.Sprint("short/", i, "/+"), i)
	}
	assert.Less(t, allocatedBy(40, func(i int) {
		set(t, &x, fmt.Sprint(i, long), i)
		set(t, &x, fmt.Sprint(i, long, "/#"), i)
	}), uint64(3<<20), "bytes")
	assert.Less(t, allocatedBy(20, func(i int) {
		set(t, &x, fmt.Sprint("later/", i), i)
		set(t, &x, fmt.Sprint("later/", i, "/+"), i)
	}), uint64(1<<20))
	assert.Len(t, x.Match([]byte("33"+long), nil), 2)
}

// allocatedBy returns how many bytes f allocates each time.
func allocatedBy(n int, f func(i int)) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range n {
		f(i)
	}
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / uint64(n)
}

func TestFiltersAndNamesMayHaveTheMostLevelsThereCanBe(t *testing.T) {
	var x topic.Index[int]
	slashes := string(bytes.Repeat([]byte("/"), 65535))
	plus := "+" + string(bytes.Repeat([]byte("/+"), 32767))
	set(t, &x, slashes, 1)
	set(t, &x, plus, 2)
	set(t, &x, slashes[:65534]+"#", 3)
	assert.Len(t, x.Match([]byte(slashes), nil), 2)
	assert.Len(t, x.Match([]byte(slashes[:32767]), nil), 1)
	for v, filter := range map[int]string{1: slashes, 2: plus, 3: slashes[:65534] + "#"} {
		_, deleted := x.Delete([]byte(filter), v)
		assert.True(t, deleted)
	}
	assert.Zero(t, x.Len())
}

func TestOneFilterOfEachDepthIsFoundOnce(t *testing.T) {
	var x topic.Index[int]
	for depth := 1; depth <= 500; depth++ {
		set(t, &x, "+"+string(bytes.Repeat([]byte("/+"), depth-1)), depth)
		set(t, &x, string(bytes.Repeat([]byte("+/"), depth))+"#", depth)
	}
	for _, depth := range []int{1, 2, 250, 500} {
		name := "a" + string(bytes.Repeat([]byte("/a"), depth-1))
		assert.Len(t, x.Match([]byte(name), nil), 1+depth, depth) // + and # match down to the parent
	}
}

func TestReadersFindWhatStaysWhileAWriterSetsAndDeletes(t *testing.T) {
	var x topic.Index[int]
	for i := range 100 {
		set(t, &x, fmt.Sprintf("stays/%d/#", i), i)
	}
	var readers sync.WaitGroup
	ended := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			var hits []topic.Hit[int]
			for i := 0; ; i++ {
				select {
				case <-ended:
					return
				default:
				}
				hits = x.Match(fmt.Appendf(nil, "stays/%d/x", i%100), hits[:0])
				own := 0
				for _, h := range hits {
					if h.Value == i%100 {
						own++
					}
				}
				if own != 1 {
					t.Errorf("stays/%d is found %d times", i%100, own)
					return
				}
			}
		})
	}
	for i := range 3000 {
		filter := fmt.Sprintf("stays/%d/+", i%100)
		set(t, &x, filter, 1000+i)
		_, deleted := x.Delete([]byte(filter), 1000+i)
		assert.True(t, deleted)
	}
	close(ended)
	readers.Wait()
	assert.Equal(t, 100, x.Len())
}
