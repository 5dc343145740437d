package packets_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

// drawWill draws a CONNECT that has a will, and decodes it.
func drawWill(t *rapid.T) (w *packets.Will, v mqttwire.Version, memory []byte) {
	v = mqttwiretest.Version().Draw(t, "version")
	p := mqttwiretest.Connect(v).Filter(func(p *packets.Connect) bool { return p.Will != nil }).Draw(t, "packet")
	b, err := p.Append(nil, v)
	require.NoError(t, err)
	f, _, err := mqttwire.CutFrame(b, 0)
	require.NoError(t, err)
	var got packets.Connect
	require.NoError(t, got.Decode(f, v))
	return got.Will, v, b
}

func TestAWillIsPublishedWithAllButItsDelay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, v, _ := drawWill(t)
		before := w.Clone()
		p := w.Publish()
		assert.Empty(t, cmp.Diff(before, w, sameFields), "the will stays as it is")
		assert.Equal(t, w.Topic, p.Topic)
		assert.Equal(t, w.Payload, p.Payload)
		assert.Equal(t, w.QoS, p.QoS)
		assert.Equal(t, w.Retain, p.Retain)
		var want mqttwire.Properties
		for q := range w.Properties.All() {
			if q.ID != mqttwire.WillDelayInterval {
				want.Set(q.ID, q)
			}
		}
		require.True(t, want.Equal(p.Properties), "all others, in their order: %s", p.Properties)
		packets.SetPacketID(p, 1)
		b, err := p.Append(nil, v)
		require.NoError(t, err)
		f, _, err := mqttwire.CutFrame(b, 0)
		require.NoError(t, err)
		got, err := packets.Decode(f, v)
		require.NoError(t, err)
		requireSame(t, p, got)
		assert.NoError(t, packets.CheckSender(got, v, mqttwire.FromClient), "it is as one that the client sent")
	})
}

func TestACloneOfAWillSharesNoMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, _, memory := drawWill(t)
		clone := w.Clone()
		require.Empty(t, cmp.Diff(w, clone, sameFields))
		want := w.Publish().Clone()
		overwrite(memory)
		requireSame(t, want, clone.Publish())
	})
}
