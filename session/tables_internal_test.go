package session

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire/packets"
)

func TestIdentifiersAreGivenOutOnceAndComeAgainLate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x identifiers
		used := make(map[uint16]uint32)
		last := make(map[uint16]int) // when it was freed
		pos, step := uint32(0), 0
		t.Repeat(map[string]func(*rapid.T){
			"next": func(t *rapid.T) {
				for range rapid.IntRange(1, 40).Draw(t, "n") {
					step++
					pos++
					id := x.next(idPublish, pos)
					require.NotZero(t, id)
					require.NotContains(t, used, id)
					used[id] = pos
				}
			},
			"free": func(t *rapid.T) {
				ids := slices.Sorted(maps.Keys(used))
				for range min(rapid.IntRange(1, 40).Draw(t, "n"), len(ids)) {
					i := rapid.IntRange(0, len(ids)-1).Draw(t, "which")
					x.free(ids[i])
					last[ids[i]] = step
					delete(used, ids[i])
					ids = slices.Delete(ids, i, i+1)
				}
			},
			"release": func(*rapid.T) {
				for id := range used {
					x.free(id)
				}
				clear(used)
				before := x.last
				x.release()
				if x.slots == nil && before > 0 {
					pos++
					id := x.next(idPublish, pos)
					require.Equal(t, max(1, before+1), id, "it goes on")
					used[id] = pos
				}
			},
			"": func(t *rapid.T) {
				require.EqualValues(t, len(used), x.used)
				require.LessOrEqual(t, len(x.slots), max(minIdentifierSlots, 4*(len(used)+41*40)))
				for id, pos := range used {
					kind, at := x.get(id)
					require.Equal(t, idPublish, kind)
					require.Equal(t, pos, at)
				}
				for id := range last {
					if _, ok := used[id]; !ok {
						kind, _ := x.get(id)
						require.Equal(t, idFree, kind)
					}
				}
			},
		})
	})
}

func TestAnIdentifierThatIsFreeDoesNotComeAgainAtOnce(t *testing.T) {
	var x identifiers
	seen := make(map[uint16]int)
	for i := range 3 * maxIdentifiers {
		id := x.next(idPublish, 0)
		require.NotZero(t, id)
		if at, ok := seen[id]; ok {
			require.Greater(t, i-at, maxIdentifiers/2)
		}
		seen[id] = i
		x.free(id)
	}
	assert.Len(t, seen, maxIdentifiers, "each is used")
	assert.Len(t, x.slots, minIdentifierSlots, "in little memory")
}

func TestAllIdentifiersCanBeInUseAndAreAnAnswerThen(t *testing.T) {
	var x identifiers
	for range maxPublishes {
		require.NotZero(t, x.next(idPublish, 0))
	}
	assert.Zero(t, x.next(idPublish, 0))
	seen := make(map[uint16]bool)
	for range requestIdentifiers {
		id := x.next(idRequest, 0)
		require.NotZero(t, id)
		seen[id] = true
	}
	assert.Len(t, seen, requestIdentifiers)
	assert.Zero(t, x.next(idRequest, 0))
	x.free(500)
	x.free(65535)
	assert.Zero(t, x.next(idPublish, 0))
	assert.Equal(t, uint16(500), x.next(idRequest, 0))
	assert.Equal(t, uint16(65535), x.next(idRequest, 0))
	assert.Zero(t, x.next(idRequest, 0))
}

func TestReceiptsAreASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x receipts
		model := make(map[uint16]receipt)
		id := rapid.OneOf(rapid.Uint16Range(1, 40), rapid.Uint16Range(1, 65535), rapid.Map(rapid.Uint16Range(0, 255), func(n uint16) uint16 { return n<<8 | 1 }))
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				i, flags := id.Draw(t, "id"), receipt(rapid.IntRange(0, 15).Draw(t, "flags"))
				x.set(i, flags)
				if model[i] = flags; flags == 0 {
					delete(model, i)
				}
			},
			"change": func(t *rapid.T) {
				gone := receipt(rapid.IntRange(0, 15).Draw(t, "gone"))
				f := func(_ uint16, flags receipt) receipt { return flags &^ gone }
				x.change(f)
				for i, flags := range model {
					if model[i] = f(i, flags); model[i] == 0 {
						delete(model, i)
					}
				}
			},
			"": func(t *rapid.T) {
				got := make(map[uint16]receipt)
				x.all(func(i uint16, flags receipt) { got[i] = flags })
				require.Equal(t, model, got)
				require.EqualValues(t, len(model), x.used)
				for i, flags := range model {
					require.Equal(t, flags, x.get(i))
				}
			},
		})
	})
}

func TestReceiptsHoldEveryIdentifier(t *testing.T) {
	for _, step := range []int{1, 4096, 40503} { // in order, as badly as can be, and scattered
		var x receipts
		id := uint16(0)
		for range 1 << 16 {
			if id += uint16(step); step == 4096 && id < 4096 {
				id++
			}
			if id != 0 {
				x.set(id, recorded)
			}
		}
		for id := uint16(1); id != 0; id++ {
			if x.get(id) == 0 {
				x.set(id, recorded)
			}
		}
		require.EqualValues(t, maxIdentifiers, x.used)
		for id := uint16(1); id != 0; id++ {
			require.Equal(t, recorded, x.get(id))
		}
		for id := uint16(1); id != 0; id++ {
			x.set(id, 0)
		}
		require.Zero(t, x.used)
	}
}

func TestReceiptsTakeMemoryByHowManyThereAreWhicheverThePeerChooses(t *testing.T) {
	longest := 0
	for n := 1; n <= 1<<15; n *= 2 {
		var x receipts
		for i := range n { // those that share as many of the lowest bits as can be
			x.set(bits.Reverse16(uint16(i))|1, recorded)
		}
		for range 100 { // come and go
			x.set(bits.Reverse16(uint16(n))|1, recorded)
			x.set(bits.Reverse16(uint16(n))|1, 0)
		}
		require.Less(t, len(x.slots), max(16, 4*n))
		for i := range x.slots {
			length := 0
			for l := x.slots[i].head; l != 0; l = x.slots[l-1].next {
				length++
			}
			longest = max(longest, length)
		}
	}
	require.LessOrEqual(t, longest, 256)
	require.Greater(t, longest, 50)
}

func TestFiltersKeepTheirOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f filters
		var model []string
		options := make(map[string]uint32)
		name := rapid.Map(rapid.IntRange(0, 40), func(i int) string { return fmt.Sprint("f", i) })
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				n, id := name.Draw(t, "name"), rapid.Uint32().Draw(t, "id")
				f.set(filter{subscription: packets.Subscription{Filter: []byte(n)}, id: id, token: 0, granted: true})
				if options[n] = id; !slices.Contains(model, n) {
					model = append(model, n)
				}
			},
			"remove": func(t *rapid.T) {
				n := name.Draw(t, "name")
				require.Equal(t, slices.Contains(model, n), f.remove([]byte(n)))
				model = slices.DeleteFunc(model, func(m string) bool { return m == n })
				delete(options, n)
			},
			"": func(t *rapid.T) {
				var got []string
				bytes := 0
				for _, x := range f.list {
					if x.subscription.Filter != nil {
						got = append(got, string(x.subscription.Filter))
						require.Equal(t, options[string(x.subscription.Filter)], x.id)
						bytes += filterOverhead + len(x.subscription.Filter)
					}
				}
				require.True(t, slices.Equal(model, got), "%v %v", model, got)
				require.Equal(t, len(model), f.count)
				require.Equal(t, bytes, f.bytes)
				require.LessOrEqual(t, len(f.list), max(shortFilters, 2*len(model))+1)
			},
		})
	})
}

func TestAMarkInARingStaysBeforeTheSameEntry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New(Options{Side: 1})
		r := &s.queue
		var before, behind []Token // of the mark
		token := Token(0)
		t.Repeat(map[string]func(*rapid.T){
			"push": func(*rapid.T) {
				token++
				s.room(r)
				r.push(entry{token: token, qos: 1})
				behind = append(behind, token)
			},
			"remove": func(t *rapid.T) {
				if n := len(before) + len(behind); n > 0 {
					all := slices.Concat(before, behind)
					gone := all[rapid.IntRange(0, n-1).Draw(t, "which")]
					pos, ok := r.find(gone)
					require.True(t, ok)
					r.remove(pos)
					is := func(x Token) bool { return x == gone }
					before, behind = slices.DeleteFunc(before, is), slices.DeleteFunc(behind, is)
				}
			},
			"pass": func(*rapid.T) {
				if pos, ok := r.next(r.mark); ok {
					r.mark, r.begun = pos+1, pos+1
					before, behind = append(before, behind[0]), behind[1:]
				}
			},
			"compact": func(*rapid.T) { s.compact(r) },
			"": func(t *rapid.T) {
				var got []Token
				for pos, ok := r.next(r.mark); ok; pos, ok = r.next(pos + 1) {
					got = append(got, r.at(pos).token)
				}
				require.True(t, slices.Equal(behind, got), "%v %v", behind, got)
				require.Equal(t, len(before)+len(behind), r.len())
				require.Equal(t, r.mark, r.begun, "the other position stays too")
			},
		})
	})
}

func TestARingGivesNoMoreMemoryThanItsEntriesNeed(t *testing.T) {
	s := New(Options{Side: 1, Queue: Bounds{Count: 1 << 20, Bytes: 1 << 30}})
	m := &Message{size: 1}
	s.wait(entry{message: m, token: 1, qos: 1}) // stays
	for token := Token(2); token < 100_000; token++ {
		s.wait(entry{message: m, token: token, qos: 1})
		pos, ok := s.queue.find(token)
		require.True(t, ok)
		s.remove(&s.queue, pos)
		s.wait(entry{message: m, token: token, qos: 0})
		if token > 10 {
			pos, ok := s.queue.find(token - 5)
			require.True(t, ok)
			s.remove(&s.queue, pos)
		}
	}
	assert.LessOrEqual(t, len(s.queue.buf), 64)
	_, ok := s.queue.find(1)
	assert.True(t, ok)
}
