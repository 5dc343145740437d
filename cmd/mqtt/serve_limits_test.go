package main

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// connected returns a connected client of the broker at a URL, packet by packet.
func connected(t *testing.T, url string) *packets.Stream {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "mqtt://"))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, conn.Close()) })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	c := packets.NewStream(conn, packets.ConnectionOptions{Side: mqttwire.FromClient})
	require.NoError(t, c.Send(&packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), CleanStart: true}))
	_, err = c.Receive()
	require.NoError(t, err)
	return c
}

// granted returns how many of n subscriptions to filters of a length are granted, from a
// number on.
func granted(t *testing.T, c *packets.Stream, first, n, length int) (count int) {
	t.Helper()
	p := &packets.Subscribe{PacketID: 1}
	for i := range n {
		filter := fmt.Appendf(nil, "%0*d", length, first+i)
		p.Subscriptions = append(p.Subscriptions, packets.Subscription{Filter: filter})
	}
	require.NoError(t, c.Send(p))
	answer, err := c.Receive()
	require.NoError(t, err)
	for _, code := range answer.(*packets.Suback).ReasonCodes {
		if !code.IsError() {
			count++
		}
	}
	return count
}

func TestAClientHasAsManySubscriptionsAsTheFlagSays(t *testing.T) {
	for _, limit := range []int{1, 1000, 4000} {
		c := connected(t, serve(t, "--max-subscriptions", fmt.Sprint(limit)).url("mqtt"))
		for first := 0; first < limit; first += 500 {
			n := min(500, limit-first)
			require.Equal(t, n, granted(t, c, first, n, usualFilter), "of %d, from %d", limit, first)
		}
		assert.Zero(t, granted(t, c, limit, 1, usualFilter))
	}
	few := connected(t, serve(t, "--max-subscriptions", "2").url("mqtt"))
	assert.Equal(t, 2, granted(t, few, 0, 2, 60_000), "a few may be long")
}

func TestALimitOfZeroIsNone(t *testing.T) {
	s := serve(t, "--max-subscriptions", "0", "--max-queued", "0", "--max-queued-bytes", "0")
	c := connected(t, s.url("mqtt"))
	for first := 0; first < 3000; first += 500 {
		require.Equal(t, 500, granted(t, c, first, 500, 300))
	}
	const messages = 2500
	status, p := s.client(nil, "sub", "-t", "a", "-q", "1", "-i", "me", "-c", "-E")
	require.Equal(t, statusDone, status, p.errs.String())
	lines := strings.Repeat(strings.Repeat("x", 999)+"\n", messages)
	status = (&process{in: lines}).run(t.Context(), "pub", "-t", "a", "-q", "1", "-l", "-L", s.url("mqtt"))
	require.Equal(t, statusDone, status)
	status, p = s.client(nil, "sub", "-t", "a", "-q", "1", "-i", "me", "-c", "-C", fmt.Sprint(messages), "-W", "60")
	assert.Equal(t, statusDone, status, p.errs.String())
	assert.Len(t, p.out.String(), len(lines))
}
