//go:build unix

package main

import (
	"bytes"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// peerFor runs the peer until the test ends, and returns its address.
func peerFor(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		servePeer(listener)
		close(ended)
	}()
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		<-ended
	})
	return listener.Addr().String()
}

func TestAFeederPublishesAllAndWaitsForTheirAcknowledgements(t *testing.T) {
	addr := peerFor(t)
	for qos := range byte(3) {
		require.NoError(t, feed(addr, "a/b", qos, 1000))
	}
	assert.Error(t, feed("127.0.0.1:1", "a/b", 0, 1))
}

func TestAnIdleClientOfEachKindIsMeasured(t *testing.T) {
	addr := peerFor(t)
	for _, c := range contenders {
		r, err := c.idle(t.Context(), addr, 20)
		require.NoError(t, err, c.name)
		assert.Positive(t, r.bytes, c.name)
		assert.GreaterOrEqual(t, r.goroutines, 1.0, c.name)
	}
}

func TestEachClientDoesTheWorkOfEachRow(t *testing.T) {
	results, err := compare(t.Context(), server{addr: peerFor(t)}, rows(1), 2)
	require.NoError(t, err)
	for _, r := range results {
		for i, runs := range r.runs {
			require.Len(t, runs, 2, contenders[i].name)
			assert.Positive(t, r.median(i, figures.rate), r.what)
		}
	}
	text := document(results, make([]idleResult, len(contenders)), results, 2)
	assert.Equal(t, 12, bytes.Count(text, []byte("messages/s |")))
	assert.Equal(t, 2, bytes.Count(text, []byte("\n## ")))
}

func TestARatioIsToTheBestOfTheOthersInItsRound(t *testing.T) {
	r := result{runs: [][]figures{{{perSecond: 6, cpu: 1}}, {{perSecond: 60, cpu: 9}}, {{perSecond: 2, cpu: 5}}, {{perSecond: 3, cpu: 4}}}}
	assert.Equal(t, []float64{2}, r.ratios(0, figures.rate, true))
	assert.Equal(t, []float64{0.25}, r.ratios(0, figures.processor, false))
}

func TestThePeerAnswersAndKeepsToItsWindow(t *testing.T) {
	var out bytes.Buffer
	p := &peer{to: &out}
	for _, c := range []struct {
		first byte
		body  string
		want  string
	}{
		{0x10, "\x00\x04MQTT\x04", "\x20\x02\x00\x00"},
		{0x10, "\x00\x04MQTT\x05", "\x20\x03\x00\x00\x00"},
		{0x32, "\x00\x01a\x01\x02", "\x40\x02\x01\x02"},
		{0x34, "\x00\x01a\x01\x02", "\x50\x02\x01\x02"},
		{0x62, "\x01\x02", "\x70\x02\x01\x02"},
		{0x50, "\x01\x02", "\x62\x02\x01\x02"},
		{0xC0, "", "\xd0\x00"},
	} {
		p.out = p.out[:0]
		require.NoError(t, p.answer(c.first, []byte(c.body)))
		assert.Equal(t, c.want, string(p.out))
	}
	p.v5, p.out = false, nil
	require.NoError(t, p.answer(0x82, []byte("\x00\x01\x00\x0csource/1/150\x01")))
	require.NoError(t, p.flush())
	assert.Equal(t, 50, p.left, "the window is full")
	for range 150 {
		require.NoError(t, p.answer(0x40, []byte{0, 1}))
	}
	require.NoError(t, p.flush())
	assert.Equal(t, []int{0, window}, []int{p.left, p.room})
	assert.Equal(t, 5+150*len(p.message), out.Len())
}
