package topic_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/topic"
)

// model is an Index as a plain list.
type model []modelSubscription

type modelSubscription struct {
	packets.Subscription
	filter string
	id     uint32
	value  int
}

func (m model) find(filter string, v int) int {
	return slices.IndexFunc(m, func(s modelSubscription) bool { return s.filter == filter && s.value == v })
}

func (m model) count(filter string) (n int) {
	for _, s := range m {
		if s.filter == filter {
			n++
		}
	}
	return n
}

// found is a hit as text can be compared: a group's members are in the order of their values.
type found struct {
	group string
	hits  []topic.Hit[int]
}

func (m model) match(name string) (all []found) {
	groups := map[string][]topic.Hit[int]{}
	for _, s := range m {
		if !mqttwire.MatchTopic([]byte(s.filter), []byte(name)) {
			continue
		}
		hit := topic.Hit[int]{Value: s.value, SubscriptionID: s.id, QoS: s.QoS, NoLocal: s.NoLocal, RetainAsPublished: s.RetainAsPublished, RetainHandling: s.RetainHandling}
		if mqttwire.IsSharedFilter([]byte(s.filter)) {
			groups[s.filter] = append(groups[s.filter], hit)
		} else {
			all = append(all, found{"", []topic.Hit[int]{hit}})
		}
	}
	for filter, hits := range groups {
		group, _, _ := mqttwire.SplitSharedFilter([]byte(filter))
		all = append(all, found{string(group), hits})
	}
	return sortedFound(all)
}

func foundOf(hits []topic.Hit[int]) (all []found) {
	for _, h := range hits {
		f := found{"", []topic.Hit[int]{h}}
		if h.Group != nil {
			f = found{h.Group.Name(), nil}
			for i := range h.Group.Len() {
				f.hits = append(f.hits, h.Group.At(i))
			}
		}
		all = append(all, f)
	}
	return sortedFound(all)
}

func sortedFound(all []found) []found {
	options := func(h topic.Hit[int]) string {
		return fmt.Sprint(h.QoS, h.RetainHandling, h.NoLocal, h.RetainAsPublished)
	}
	byValue := func(a, b topic.Hit[int]) int {
		return cmp.Or(a.Value-b.Value, int(a.SubscriptionID)-int(b.SubscriptionID), strings.Compare(options(a), options(b)))
	}
	for _, f := range all {
		slices.SortFunc(f.hits, byValue)
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(strings.Compare(a.group, b.group), slices.CompareFunc(a.hits, b.hits, byValue))
	})
	return all
}

var someLevels = []string{"a", "b", "+", "", "$x", "é", "10", "11", "12", "13", "sensor-1", "sensor-2", "s!", "s0"}

// filterGenerator draws legal filters.
func filterGenerator() *rapid.Generator[string] {
	levels := rapid.SliceOfN(rapid.SampledFrom(someLevels), 0, 5)
	return rapid.Custom(func(t *rapid.T) string {
		f := levels.Draw(t, "levels")
		if len(f) == 0 || rapid.IntRange(0, 3).Draw(t, "hash") == 0 {
			f = append(f, "#")
		}
		filter := strings.Join(f, "/")
		if filter == "" {
			filter = "/"
		}
		if g := rapid.IntRange(0, 6).Draw(t, "group"); g < 2 {
			filter = "$share/" + []string{"g", "a/b"[:1]}[g] + "/" + filter
		}
		return filter
	})
}

func nameGenerator() *rapid.Generator[string] {
	levels := rapid.SliceOfN(rapid.SampledFrom(slices.DeleteFunc(slices.Clone(someLevels), func(s string) bool { return s == "+" })), 1, 6)
	return rapid.Map(levels, func(l []string) string { return cmp.Or(strings.Join(l, "/"), "/") })
}

func TestAnIndexFindsWhatAPlainListDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x topic.Index[int]
		var m model
		filters := rapid.SliceOfN(filterGenerator(), 1, 40).Draw(t, "filters")
		for range rapid.IntRange(1, 200).Draw(t, "changes") {
			filter, v := rapid.SampledFrom(filters).Draw(t, "filter"), rapid.IntRange(0, 4).Draw(t, "value")
			i := m.find(filter, v)
			if rapid.IntRange(0, 2).Draw(t, "delete") == 0 {
				left, deleted := x.Delete([]byte(filter), v)
				require.Equal(t, i >= 0, deleted)
				if deleted {
					m = slices.Delete(m, i, i+1)
				}
				require.Equal(t, m.count(filter), left)
				continue
			}
			s := modelSubscription{filter: filter, value: v, id: rapid.Uint32Range(0, 268435455).Draw(t, "id")}
			s.Subscription = packets.Subscription{Filter: []byte(filter), QoS: mqttwire.QoS(rapid.IntRange(0, 2).Draw(t, "QoS")),
				NoLocal: rapid.Bool().Draw(t, "no local") && filter[0] != '$', RetainAsPublished: rapid.Bool().Draw(t, "retain as published"),
				RetainHandling: uint8(rapid.IntRange(0, 2).Draw(t, "retain handling"))}
			count, replaced, err := x.Set(&s.Subscription, s.id, v)
			require.NoError(t, err)
			require.Equal(t, i >= 0, replaced)
			if replaced {
				m[i] = s
			} else {
				m = append(m, s)
			}
			require.Equal(t, m.count(filter), count)
		}
		require.Equal(t, len(m), x.Len())
		for _, name := range rapid.SliceOfN(nameGenerator(), 1, 20).Draw(t, "names") {
			require.Equal(t, m.match(name), foundOf(x.Match([]byte(name), nil)), name)
		}
		distinct := map[string]bool{}
		for _, s := range m {
			distinct[s.filter] = true
		}
		require.Equal(t, len(distinct), x.Filters())
		for _, f := range filters {
			require.Equal(t, m.count(f), x.Count([]byte(f)), f)
		}
	})
}
