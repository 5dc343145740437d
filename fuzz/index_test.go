package fuzz

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/topic"
)

// FuzzIndex sets and deletes subscriptions by lines of the input, and names beside
// them, and holds what is found for each of the other lines to MatchTopic.
func FuzzIndex(f *testing.F) {
	f.Add([]byte("+a/b\n+a/+\n+#\n+$share/g/a/b\n?a/b\n-a/+\n?a/b\n+$SYS/#\n?$SYS/x"))
	f.Add([]byte("+/\n+//\n+/+\n?/\n?//\n+a//b\n?a//b\n-a//b"))
	f.Add([]byte("+a\n+ab\n+abc\n+abd\n?ab\n-ab\n?abc\n+a/#\n?a\n-a/#\n?a"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var index topic.Index[int]
		var names topic.Names[int]
		filters := map[string]bool{}
		stored := map[string]bool{}
		for line := range bytes.SplitSeq(b, []byte("\n")) {
			if len(line) < 2 {
				continue
			}
			text := line[1:]
			switch legal := mqttwire.CheckTopicFilter(text, mqttwire.V5) == nil; line[0] {
			case '+':
				_, replaced, err := index.Set(&packets.Subscription{Filter: text}, 0, 1)
				require.Equal(t, legal, err == nil, "%q", text)
				require.Equal(t, legal && filters[string(text)], replaced, "%q", text)
				if legal {
					filters[string(text)] = true
				}
			case '-':
				_, deleted := index.Delete(text, 1)
				require.Equal(t, filters[string(text)], deleted, "%q", text)
				delete(filters, string(text))
			}
			if mqttwire.CheckTopicName(text, mqttwire.V5) == nil {
				found(t, &index, filters, text)
				_, err := names.Set(text, 1)
				require.NoError(t, err)
				stored[string(text)] = true
			}
			if mqttwire.CheckTopicFilter(text, mqttwire.V5) == nil {
				searched(t, &names, stored, text)
			}
		}
		require.Equal(t, len(filters), index.Filters())
		for filter := range filters {
			_, deleted := index.Delete([]byte(filter), 1)
			require.True(t, deleted)
		}
		require.Zero(t, index.Len())
	})
}

// found holds what an Index finds for a name to what MatchTopic says of each filter.
func found(t *testing.T, index *topic.Index[int], filters map[string]bool, name []byte) {
	want := 0
	for filter := range filters {
		if mqttwire.MatchTopic([]byte(filter), name) {
			want++
		}
	}
	require.Len(t, index.Match(name, nil), want, "%q", name)
}

// searched holds what Names find for a filter to the same.
func searched(t *testing.T, names *topic.Names[int], stored map[string]bool, filter []byte) {
	want, got := 0, 0
	for name := range stored {
		if mqttwire.MatchTopic(filter, []byte(name)) {
			want++
		}
	}
	var c topic.Cursor
	require.NoError(t, c.Start(filter))
	for c.More() {
		for range names.Find(&c, 3) {
			got++
		}
	}
	require.Equal(t, want, got, "%q", filter)
}
