//go:build !race

// Allocations are counted without the race detector, which allocates too.

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

func TestTextTakesNoMoreMemoryForPacketsThatSayMore(t *testing.T) {
	d := newDumper(options{color: "never"}, nil, nil, nil)
	allocs := func(filters int) float64 {
		p := &packets.Subscribe{PacketID: 1}
		for range filters {
			p.Subscriptions = append(p.Subscriptions, packets.Subscription{Filter: []byte("a/+/ü")})
			p.Properties.AddUser([]byte("name"), []byte("\xFF"))
		}
		e := capture.Event{Kind: capture.WholePacket, Version: mqttwire.V5, Packet: p}
		e.Frame.Header.Type = mqttwire.SUBSCRIBE
		return testing.AllocsPerRun(100, func() { d.build("", e) })
	}
	assert.Equal(t, allocs(1), allocs(1000))
}
