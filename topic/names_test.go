package topic_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/topic"
)

func TestNamesFindWhatAPlainListDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var names topic.Names[int]
		model := map[string]int{}
		draw := rapid.SliceOfN(nameGenerator(), 1, 60).Draw(t, "names")
		for i, name := range draw {
			_, had := model[name]
			if rapid.IntRange(0, 4).Draw(t, "delete") == 0 {
				require.Equal(t, had, names.Delete([]byte(name)))
				delete(model, name)
				continue
			}
			replaced, err := names.Set([]byte(name), i)
			require.NoError(t, err)
			require.Equal(t, had, replaced)
			model[name] = i
		}
		require.Equal(t, len(model), names.Len())
		last, all := "", map[string]int{}
		for name, v := range names.All() {
			require.Less(t, last, string(name))
			last, all[string(name)] = string(name), v
		}
		require.Equal(t, model, all)
		for _, name := range draw {
			v, ok := names.Get([]byte(name))
			want, had := model[name]
			require.Equal(t, had, ok)
			require.Equal(t, want, v)
		}
		var c topic.Cursor
		for _, filter := range rapid.SliceOfN(filterGenerator(), 1, 20).Draw(t, "filters") {
			var want, got []string
			for name := range model {
				if mqttwire.MatchTopic([]byte(filter), []byte(name)) {
					want = append(want, name)
				}
			}
			slices.Sort(want)
			require.NoError(t, c.Start([]byte(filter)))
			atMost := rapid.IntRange(1, 10).Draw(t, "at most")
			for c.More() {
				before := len(got)
				for name, v := range names.Find(&c, atMost) {
					require.Equal(t, model[string(name)], v)
					got = append(got, string(name))
				}
				require.LessOrEqual(t, len(got)-before, atMost)
			}
			require.Equal(t, want, got, filter)
		}
	})
}
