//go:build !race

// Allocations are counted without the race detector, which allocates too.

package packets_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestASpliceIntoRoomAllocatesNothing(t *testing.T) {
	var b mqttwire.PropertyBuilder
	b.Reset()
	b.AddUser([]byte("k"), []byte("v"))
	put, text, dst := b.Properties(), []byte("spliced"), make([]byte, 0, 4<<20)
	done := 0
	for _, k := range loadCorpus(t) {
		if !k.Decodes() || len(k.Bytes) > 1<<20 {
			continue
		}
		for name, splice := range map[string]func() ([]byte, error){
			"topic":           func() ([]byte, error) { return packets.SpliceTopic(dst, k.Bytes, k.Version, text) },
			"topic for alias": func() ([]byte, error) { return packets.SpliceTopicForAlias(dst, k.Bytes, k.Version, text) },
			"client ID":       func() ([]byte, error) { return packets.SpliceClientID(dst, k.Bytes, text) },
			"user name":       func() ([]byte, error) { return packets.SpliceUserName(dst, k.Bytes, text) },
			"password":        func() ([]byte, error) { return packets.SplicePassword(dst, k.Bytes, text) },
			"will topic":      func() ([]byte, error) { return packets.SpliceWillTopic(dst, k.Bytes, text) },
			"put a property":  func() ([]byte, error) { return packets.SpliceProperties(dst, k.Bytes, k.Version, put) },
			"take one out": func() ([]byte, error) {
				return packets.SpliceProperties(dst, k.Bytes, k.Version, mqttwire.Properties{}, mqttwire.UserProperty, mqttwire.ReasonString)
			},
			"put the will one": func() ([]byte, error) { return packets.SpliceWillProperties(dst, k.Bytes, put) },
		} {
			if _, err := splice(); err != nil {
				continue
			}
			done++
			assert.Zero(t, testing.AllocsPerRun(5, func() {
				if _, err := splice(); err != nil {
					t.Fatal(err)
				}
			}), "%s: %s", k.Where(), name)
		}
	}
	require.Greater(t, done, 1000)
}

// A packet of any number of entries is checked without a list of them.
func TestASpliceOfALongListAllocatesNothing(t *testing.T) {
	var b mqttwire.PropertyBuilder
	b.Reset()
	b.AddUser([]byte("k"), []byte("v"))
	put, dst := b.Properties(), make([]byte, 0, 4<<20)
	for _, p := range []mqttwire.Packet{subscribeOf(60000), unsubscribeOf(60000),
		&packets.Suback{PacketID: 1, ReasonCodes: codes(60000)}, &packets.Unsuback{PacketID: 1, ReasonCodes: codes(60000)}} {
		frame, err := p.Append(nil, v5)
		require.NoError(t, err)
		assert.Zero(t, testing.AllocsPerRun(5, func() {
			if _, err := packets.SpliceProperties(dst, frame, v5, put); err != nil {
				t.Fatal(err)
			}
		}), p.Type())
	}
}

func TestAPeekAllocatesNothing(t *testing.T) {
	for _, b := range []string{"\x32\x0A\x00\x01a\x00\x0A\x03\x23\x00\x01x", "\x40\x02\x00\x01", pingreq, "\x32\xFF\x01\x00\x01a", ""} {
		b := []byte(b)
		f, _, _ := mqttwire.CutFrame(b, 0)
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			_, _ = packets.PeekType(b)
			if len(b) > 0 && b[0]>>4 == byte(mqttwire.PUBLISH) {
				_, _ = packets.PeekPublish(b)
			}
			_, _, _ = packets.PeekPacketID(b)
			if len(f.Body) > 0 {
				_, _, _ = packets.PeekPacketIDFrame(f)
			}
		}), "%q", b)
	}
}
