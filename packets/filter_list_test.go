package packets_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// ordinary is a filter that is written without a closer look.
const ordinary = "site/7/line/12/+/temperature"

// requireLists checks that a list of filters with f in the midst is written if and only
// if f is legal, in SUBSCRIBE and UNSUBSCRIBE, and how.
func requireLists(t *testing.T, f []byte, v mqttwire.Version) {
	t.Helper()
	legal := mqttwire.CheckTopicFilter(f, v) == nil
	list := [][]byte{[]byte(ordinary), f, []byte(ordinary)}
	subscribe := packets.Subscribe{PacketID: 10}
	var withOptions, without []byte
	for i, filter := range list {
		subscribe.Subscriptions = append(subscribe.Subscriptions, packets.Subscription{Filter: filter, QoS: mqttwire.QoS(i)})
		without = append(append(without, byte(len(filter)>>8), byte(len(filter))), filter...)
		withOptions = append(append(append(withOptions, byte(len(filter)>>8), byte(len(filter))), filter...), byte(i))
	}
	requireList(t, f, &subscribe, v, withOptions, legal)
	requireList(t, f, &packets.Unsubscribe{PacketID: 10, Filters: list}, v, without, legal)
}

func requireList(t *testing.T, f []byte, p mqttwire.Packet, v mqttwire.Version, want []byte, legal bool) {
	t.Helper()
	b, err := p.Append(nil, v)
	if (err == nil) != legal {
		t.Fatalf("%s with %q: %v", p.Type(), f, err)
	}
	if err != nil {
		require.Empty(t, b)
	} else if !bytes.HasSuffix(b, want) || len(b) != p.Size(v) {
		t.Fatalf("%s with %q: %q", p.Type(), f, b)
	}
}

// filterEdges are the bytes at which the verdict on a filter changes.
var filterEdges = []byte("a/+#$,\x00\x7F\x80\xC3\xA9")

func TestALegalFilterIsWrittenAtEveryPlaceOfAWordAndNoOtherOne(t *testing.T) {
	longest := 27
	if testing.Short() {
		longest = 17
	}
	for n := 3; n <= longest; n++ {
		for i := 0; i+3 <= n; i++ {
			for _, fill := range []string{"a", "/"} {
				f := bytes.Repeat([]byte(fill), n)
				for x := range len(filterEdges) * len(filterEdges) * len(filterEdges) {
					for j := range 3 {
						f[i+j] = filterEdges[x%len(filterEdges)]
						x /= len(filterEdges)
					}
					requireLists(t, f, v5)
				}
			}
		}
	}
}

func TestALegalSharedFilterIsWrittenAndNoOtherOne(t *testing.T) {
	parts := []string{"", "a", "/", "+", "#", "é", "\x00", "$share/", "consumer"}
	for x := range len(parts) * len(parts) * len(parts) * len(parts) * len(parts) {
		f := []byte("$share/")
		for range 5 {
			f = append(f, parts[x%len(parts)]...)
			x /= len(parts)
		}
		requireLists(t, f, v5)
		requireLists(t, f, v311) // to which it is a filter like any other
	}
}

func TestASharedFilterWithNoLocalIsRefusedInAList(t *testing.T) {
	for _, f := range []string{"$share/g/a", "$share/consumers/site/+/temperature", "$share/consumers/température", "$share/consumers/site/#"} {
		p := packets.Subscribe{PacketID: 10, Subscriptions: []packets.Subscription{{Filter: []byte(ordinary), NoLocal: true}, {Filter: []byte(f), NoLocal: true}}}
		b, err := p.Append([]byte("before"), v5)
		var refused *mqttwire.Error
		require.ErrorAs(t, err, &refused, f)
		require.Equal(t, mqttwire.RuleNoLocalShared, refused.Rule, f)
		require.Equal(t, "before", string(b))
		p.Subscriptions[1].NoLocal = false
		_, err = p.Append(nil, v5)
		require.NoError(t, err, f)
	}
}
