package packets_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
)

// drawParts draws what may be put into a packet of version v, or may not.
func drawParts(t *rapid.T, p mqttwire.Packet, from mqttwire.Sender) *parts {
	x := &parts{text: drawText(t)}
	owner := mqttwire.PropertyOwner(p.Type())
	if p.Type() == mqttwire.CONNECT && rapid.Bool().Draw(t, "will's") {
		owner = mqttwire.WillProperties
	}
	if rapid.IntRange(0, 9).Draw(t, "of another packet") == 0 {
		owner = rapid.SampledFrom([]mqttwire.PropertyOwner{mqttwire.PropertyOwner(mqttwire.CONNACK), mqttwire.PropertyOwner(mqttwire.PUBLISH)}).Draw(t, "owner")
	}
	if mqttwire.UserProperty.AllowedIn(owner) {
		list := mqttwiretest.Properties(owner, from).Draw(t, "put")
		some := rapid.IntRange(0, 3).Draw(t, "properties put in")
		for q := range list.All() {
			if len(x.put) < some && rapid.Bool().Draw(t, "this") {
				x.put = append(x.put, q)
			}
		}
	}
	if len(x.put) == 0 && rapid.IntRange(0, 9).Draw(t, "a value that none can have") == 0 {
		x.more = rapid.SampledFrom([]func(*mqttwire.Properties){setReasonNumber,
			func(p *mqttwire.Properties) { p.SetReceiveMaximum(0) }, func(p *mqttwire.Properties) { p.AddUser(long(65536), nil) },
			func(p *mqttwire.Properties) { p.SetResponseTopic([]byte("a/#")) }, func(p *mqttwire.Properties) { p.Set(0, 1) },
		}).Draw(t, "bad")
	}
	x.out = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) mqttwire.PropertyID {
		return mqttwire.PropertyID(rapid.IntRange(0, 0x2B).Draw(t, "identifier"))
	}), 0, 12).Draw(t, "out")
	return x
}

// drawText draws what may be a field, or may not; nil is none.
func drawText(t *rapid.T) []byte {
	switch rapid.IntRange(0, 5).Draw(t, "kind of text") {
	case 0:
		return nil
	case 1:
		return mqttwiretest.TopicName().Draw(t, "text")
	case 2:
		return mqttwiretest.Text().Draw(t, "text")
	case 3:
		return mqttwiretest.Binary().Draw(t, "text")
	case 4:
		return long(rapid.SampledFrom([]int{0, 1, 23, 24, 110, 126, 127, 128, 16370, 16384, 65535, 65536}).Draw(t, "size"))
	}
	return rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "text")
}

func TestSpliceIsDecodeChangeEncode(t *testing.T) {
	done := map[string]int{}
	checkGenerated(t, 3, func(t *rapid.T, g generated) {
		g.redraw(t)
		x := drawParts(t, g.packet, g.from)
		for i := range changes {
			if checkSplice(t, &changes[i], x, g.bytes, g.version, changes[i].name) {
				done[changes[i].name]++
			}
		}
	})
	for _, c := range changes {
		if !testing.Short() { // then too few are drawn
			require.NotZero(t, done[c.name], c.name)
		}
	}
}

// redraw makes two thirds of the packets those that have most to splice.
func (g *generated) redraw(t *rapid.T) {
	switch rapid.IntRange(0, 2).Draw(t, "kind of packet") {
	case 0:
		return
	case 1:
		g.packet = mqttwiretest.Connect(g.version).Draw(t, "CONNECT")
	case 2:
		g.packet = mqttwiretest.Publish(g.version, g.from).Draw(t, "PUBLISH")
	}
	var err error
	g.bytes, err = g.packet.Append(nil, g.version)
	require.NoError(t, err)
}
