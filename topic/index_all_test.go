package topic_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/topic"
)

// listedBy returns the subscriptions that All yields as lines, at most so many, and the
// last filter.
func listedBy(x *topic.Index[int], behind []byte, atMost int) (lines []string, last []byte) {
	for filter, h := range x.All(behind) {
		last = slices.Clone(filter)
		if h.Group == nil {
			lines = append(lines, fmt.Sprint(string(filter), " ", h.Value))
		} else {
			for i := range h.Group.Len() {
				lines = append(lines, fmt.Sprint(string(filter), " ", h.Group.At(i).Value))
			}
		}
		if atMost--; atMost == 0 {
			break
		}
	}
	return lines, last
}

func TestAllYieldsEachSubscriptionOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x topic.Index[int]
		var want []string
		for _, filter := range rapid.SliceOfN(filterGenerator(), 0, 40).Draw(t, "filters") {
			v := rapid.IntRange(0, 2).Draw(t, "value")
			_, replaced, err := x.Set(&packets.Subscription{Filter: []byte(filter)}, 0, v)
			require.NoError(t, err)
			if line := fmt.Sprint(filter, " ", v); !replaced {
				want = append(want, line)
			}
		}
		all, _ := listedBy(&x, nil, -1)
		require.ElementsMatch(t, want, all)
		for _, line := range all {
			filter, _, _ := strings.Cut(line, " ")
			behind, _ := listedBy(&x, []byte(filter), -1)
			require.Equal(t, append([]string{}, all[countUpTo(all, filter):]...), append([]string{}, behind...))
		}
	})
}

// countUpTo returns how many lines there are up to the last one of a filter.
func countUpTo(lines []string, filter string) (n int) {
	for i, line := range lines {
		if strings.HasPrefix(line, filter+" ") {
			n = i + 1
		}
	}
	return n
}

func TestAllGoesOnBehindAFilterThoughOthersAreSetAndDeleted(t *testing.T) {
	var x topic.Index[int]
	forms := []string{"plain/%d", "front/%d/#", "front/%d/+/x", "+/%d", "$share/g/shared/%d", "a/#/%d"[:3], "deep/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/%d/+"}
	stays, goes := map[string]bool{}, []string{}
	for i := range 6000 {
		filter := forms[i%len(forms)]
		if strings.Contains(filter, "%d") {
			filter = fmt.Sprintf(filter, i)
		}
		set(t, &x, filter, 1)
		if i%3 > 0 || filter == "a/#" {
			stays[filter] = true
		} else {
			goes = append(goes, filter)
		}
	}
	seen := map[string]int{}
	for behind, n := []byte(nil), 0; ; n++ {
		lines, last := listedBy(&x, behind, 100)
		if len(lines) == 0 {
			break
		}
		for _, line := range lines {
			filter, _, _ := strings.Cut(line, " ")
			seen[filter]++
		}
		behind = last
		for range min(20, len(goes)) {
			x.Delete([]byte(goes[0]), 1)
			goes = goes[1:]
			set(t, &x, fmt.Sprintf("new/%d/%d/#", n, len(goes)), 1)
		}
		x.Delete(last, 1) // the filter itself need not be there
	}
	for filter := range stays {
		assert.Equal(t, 1, seen[filter], filter)
	}
	for filter, n := range seen {
		assert.Equal(t, 1, n, filter)
	}
}

func TestAllOfAnEmptyIndexIsNothing(t *testing.T) {
	var x topic.Index[int]
	for _, behind := range []string{"", "a", "+", "a/#", "#/a"} {
		lines, _ := listedBy(&x, []byte(behind), -1)
		assert.Empty(t, lines)
	}
}

func ExampleIndex_All() {
	var subscriptions topic.Index[string]
	s := packets.Subscription{Filter: []byte("room/+/light"), QoS: mqttwire.AtLeastOnce}
	if _, _, err := subscriptions.Set(&s, 0, "wall"); err != nil {
		fmt.Println(err)
		return
	}
	for filter, h := range subscriptions.All(nil) {
		fmt.Println(string(filter), h.Value, h.QoS)
	}
	// Output: room/+/light wall QoS 1
}
