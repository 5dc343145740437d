package fuzz

import (
	"slices"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

// FuzzLinkClient is a client whose server has accepted it, and then sends any bytes in
// any chunks, while a script makes requests, acknowledges, lets time pass in both
// directions, and connects again. What is written decodes strictly, what is kept stays
// within the bounds, each request ends once, a connection that ends says why, and a
// journal makes the same session.
func FuzzLinkClient(f *testing.F) { fuzzLink(f, mqttwire.FromClient) }

// FuzzLinkServer is FuzzLinkClient with a server, of which a client sends any bytes.
func FuzzLinkServer(f *testing.F) { fuzzLink(f, mqttwire.FromServer) }

// The bits of the number that the side of a connection is made from, above the version.
const (
	linkHold = 4 << iota
	linkLimits
	linkJournal
	linkMethod
	linkSmallOutput
	linkQoS0
	linkDropOldest
	linkTiny
)

func fuzzLink(f *testing.F, side mqttwire.Sender) {
	peer := mqttwire.FromClient
	if side == mqttwire.FromClient {
		peer = mqttwire.FromServer
	}
	streams, err := corpus.LoadStreams()
	if err != nil {
		f.Fatal(err)
	}
	busy := []byte{1, 200, 2, 9, 3, 20, 0, 40, 8, 255, 1, 1, 0, 255, 8, 255, 5, 1, 9, 3, 0, 255, 8, 90, 13, 0, 0, 255, 8, 255}
	for i, s := range streams {
		sent := s.Sent(peer)
		if _, rest, err := mqttwire.CutFrame(sent, 0); err == nil && len(rest) <= 1024 {
			setup := uint16(s.Version) - uint16(mqttwire.V31)
			f.Add(setup|uint16(i)<<2, rest, busy)
			f.Add(setup|linkJournal|linkHold, rest, []byte{0, 1})
		}
	}
	for _, c := range corpusCases(f) {
		if len(c.Bytes) <= 256 && (c.Sender == peer || c.Sender == 0) {
			f.Add(uint16(c.Version)-uint16(mqttwire.V31)|linkHold, slices.Concat(c.Bytes, c.Bytes), busy)
		}
	}
	f.Fuzz(func(t *testing.T, setup uint16, stream, script []byte) {
		d := newLinkDriver(t, side, setup, stream)
		d.open()
		script = script[:min(len(script), 512)]
		for ; len(script) >= 2; script = script[2:] {
			d.act(script[0], script[1])
			d.check()
		}
		d.finish()
	})
}
