//go:build !race

// Allocations are counted without the race detector, which allocates too.

package main

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

func TestTextTakesNoMemoryForEachPacket(t *testing.T) {
	form := newTextLines(&showOptions{}, newPalette("never", nil))
	p := &packets.Subscribe{PacketID: 1}
	for range 100 {
		p.Subscriptions = append(p.Subscriptions, packets.Subscription{Filter: []byte("a/+/b")})
		p.Properties.AddUser([]byte("name"), []byte("\xFF"))
	}
	e := &capture.Event{Kind: capture.WholePacket, Version: mqttwire.V5, Packet: p}
	e.Src, e.Dst = netip.MustParseAddrPort("192.0.2.1:1000"), netip.MustParseAddrPort("192.0.2.2:1883")
	e.Frame.Header.Type = mqttwire.SUBSCRIBE
	line := form.append(nil, "", e, "")
	assert.Zero(t, testing.AllocsPerRun(100, func() { line = form.append(line[:0], "", e, "") }))
}

func TestJSONTakesNoMemoryForEachPublish(t *testing.T) {
	form := newJSONLines(&showOptions{})
	e := &capture.Event{Kind: capture.WholePacket, Version: mqttwire.V5, ClientID: "c", Sender: mqttwire.FromClient,
		Packet: &packets.Publish{Topic: []byte("a/b"), Payload: []byte(`{"v":1}`)}}
	e.Src, e.Dst = netip.MustParseAddrPort("192.0.2.1:1000"), netip.MustParseAddrPort("192.0.2.2:1883")
	e.Frame.Header = mqttwire.FixedHeader{Type: mqttwire.PUBLISH, Size: 2}
	line := form.append(nil, "", e, "")
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { line = form.append(line[:0], "", e, "") }), 2.0)
}
