package fuzz

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/packets"
)

// conversation is one direction of a connection, and what the other side says.
type conversation struct {
	from     mqttwire.Sender
	version  mqttwire.Version
	answer   mqttwire.Packet // of the other side: before (CONNECT), or after the first packet (CONNACK)
	optional bool
}

// The bits of the number that a conversation is made from.
const (
	fromServer = 1 << iota
	withLimits
	withMethod
	withoutProblems
	withOptional
	isV31
	isV311
)

// newConversation makes a conversation of the bits of setup.
func newConversation(setup uint8) conversation {
	c := conversation{from: mqttwire.FromClient, version: mqttwire.V5, optional: setup&withOptional != 0}
	switch {
	case setup&isV31 != 0:
		c.version = mqttwire.V31
	case setup&isV311 != 0:
		c.version = mqttwire.V311
	}
	var list mqttwire.Properties
	if setup&withLimits != 0 {
		list.SetMaximumPacketSize(64)
		list.SetTopicAliasMaximum(3)
	}
	if setup&withMethod != 0 {
		list.SetAuthenticationMethod([]byte("m"))
	}
	if setup&fromServer != 0 {
		c.from = mqttwire.FromServer
		if setup&withoutProblems != 0 {
			list.SetRequestProblemInformation(false)
		}
		c.answer = &packets.Connect{Version: c.version, CleanStart: true, ClientID: []byte("c"), Properties: list}
		return c
	}
	if setup&withoutProblems != 0 {
		list.SetMaximumQoS(1)
		list.SetRetainAvailable(false)
		list.SetWildcardSubscriptionAvailable(false)
		list.SetSharedSubscriptionAvailable(false)
		list.SetSubscriptionIdentifierAvailable(false)
	}
	c.answer = &packets.Connack{Properties: list}
	return c
}

func (c conversation) decoder(t *mqttwire.Tolerance) *packets.Decoder {
	d := packets.NewDecoder(packets.Options{From: c.from, Version: c.version, Tolerance: t, Optional: c.optional})
	if c.from == mqttwire.FromServer {
		d.Observe(c.answer)
	}
	return d
}

func (c conversation) encoder() *packets.Encoder {
	e := packets.NewEncoder(packets.Options{From: c.from, Version: c.version, Optional: c.optional})
	if c.from == mqttwire.FromServer {
		e.Observe(c.answer)
	}
	return e
}

// run calls next until it fails, and returns the packets in text and the error.
// The client's first packet is answered.
func (c conversation) run(d *packets.Decoder, next func() (mqttwire.Packet, error), each func(mqttwire.Packet)) (texts []string, err error) {
	for {
		p, err := next()
		if err != nil {
			return texts, err
		}
		texts = append(texts, fmt.Sprint(p))
		if each != nil {
			each(p)
		}
		if c.from == mqttwire.FromClient && len(texts) == 1 {
			d.Observe(c.answer)
		}
	}
}

// streamLimits are those of the fuzzed streams.
var streamLimits = mqttwire.Limits{PacketSize: 4096, FirstPacketSize: 1024}

// FuzzDecoder decodes any bytes as one direction of a connection: pulled in any
// chunks, pushed in any chunks, and at once it gives the same packets and the
// same error, however often it is asked. What is accepted the Encoder accepts, what
// is refused can be answered, and a decoder that reports all finds a fault where
// the strict one does, and only there.
func FuzzDecoder(f *testing.F) {
	addConversations(f)
	f.Fuzz(func(t *testing.T, setup uint8, stream, chunks []byte) {
		c := newConversation(setup)
		e := c.encoder()
		pulled := c.decoder(nil)
		r := mqttwire.NewReader(&chunkReader{stream, chunks, 0}, streamLimits)
		texts, err := c.run(pulled, func() (mqttwire.Packet, error) { return pulled.Next(r) }, func(p mqttwire.Packet) {
			c.requireEncodable(t, e, p)
		})
		_, again := pulled.Next(r)
		if again != err {
			t.Fatalf("%v, and then %v", err, again)
		}
		requireAnswer(t, c, err)
		pushTexts, pushErr := c.push(stream, chunks)
		if !slices.Equal(texts, pushTexts) || !sameError(err, pushErr) {
			t.Fatalf("pulled: %q %v\npushed: %q %v", texts, err, pushTexts, pushErr)
		}
		c.requireSameFaults(t, stream, texts, err)
	})
}

func addConversations(f *testing.F) {
	connect := map[mqttwire.Version]string{
		mqttwire.V31:  "\x10\x0f\x00\x06MQIsdp\x03\x02\x00\x3c\x00\x01c",
		mqttwire.V311: "\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c",
		mqttwire.V5:   "\x10\x0e\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01c",
	}
	setups := map[mqttwire.Version]uint8{mqttwire.V31: isV31, mqttwire.V311: isV311}
	for _, c := range corpusCases(f) {
		if len(c.Bytes) > 256 {
			continue
		}
		f.Add(setups[c.Version], append([]byte(connect[c.Version]), c.Bytes...), []byte{1})
		connack := "\x20\x02\x00\x00"
		if c.Version == mqttwire.V5 {
			connack = "\x20\x03\x00\x00\x00"
		}
		f.Add(setups[c.Version]|fromServer|withLimits, append([]byte(connack), c.Bytes...), []byte{7})
	}
	streams, err := corpus.LoadStreams()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range streams {
		if client := s.Sent(mqttwire.FromClient); len(client) <= 1024 {
			f.Add(setups[s.Version], client, []byte{3})
			f.Add(setups[s.Version]|withLimits|withMethod|withoutProblems, client, []byte{3})
		}
		if server := s.Sent(mqttwire.FromServer); len(server) <= 1024 {
			f.Add(setups[s.Version]|fromServer, server, []byte{3})
			f.Add(setups[s.Version]|fromServer|withLimits|withMethod|withoutProblems, server, []byte{3})
		}
	}
	f.Add(uint8(0), []byte("GET /mqtt HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"), []byte{3})
	f.Add(uint8(0), []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), []byte{1})
}

// push feeds the stream in chunks.
func (c conversation) push(stream, chunks []byte) ([]string, error) {
	d := c.decoder(nil)
	feeder := mqttwire.NewFeeder(streamLimits)
	src := &chunkReader{stream, chunks, 0}
	buf := make([]byte, 256)
	return c.run(d, func() (mqttwire.Packet, error) {
		for {
			p, err := d.Next(feeder)
			if err != mqttwire.ErrIncomplete {
				return p, err
			}
			n, err := src.Read(buf)
			if err == io.EOF {
				feeder.End()
				continue
			}
			feeder.Feed(buf[:n])
		}
	}, nil)
}

// sameError reports whether two errors say the same.
func sameError(a, b error) bool {
	var x, y *mqttwire.Error
	if errors.As(a, &x) && errors.As(b, &y) {
		return *x == *y
	}
	return a == b
}

// requireEncodable checks that the encoder takes what the decoder took.
func (c conversation) requireEncodable(t *testing.T, e *packets.Encoder, p mqttwire.Packet) {
	t.Helper()
	if _, err := e.Append(nil, p); err != nil {
		t.Fatalf("%s was decoded, but: %v", p, err)
	}
	if c.from == mqttwire.FromClient && p.Type() == mqttwire.CONNECT {
		e.Observe(c.answer)
	}
}

// requireAnswer checks that the answer to an error is a packet that the peer
// takes.
func requireAnswer(t *testing.T, c conversation, err error) {
	t.Helper()
	for _, a := range []packets.Answer{packets.Reply(err), packets.ReplyWithReason(err)} {
		if a.Packet == nil {
			continue
		}
		b, err := a.Packet.Append(nil, a.Version)
		if err != nil {
			t.Fatalf("the answer %s is refused: %v", a.Packet, err)
		}
		frame, _, err := mqttwire.CutFrame(b, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := packets.Decode(frame, a.Version); err != nil {
			t.Fatalf("the answer %s is not legal: %v", a.Packet, err)
		}
	}
}

// requireSameFaults decodes the stream again and reports all: it accepts at least
// as many packets, and its first finding, or else its error, is the strict one's
// error.
func (c conversation) requireSameFaults(t *testing.T, stream []byte, texts []string, strict error) {
	t.Helper()
	all := &mqttwire.Tolerance{Allow: mqttwire.ReportAll}
	d := c.decoder(all)
	r := mqttwire.NewReader(&chunkReader{stream, []byte{255}, 0}, streamLimits)
	got, err := c.run(d, func() (mqttwire.Packet, error) { return d.Next(r) }, nil)
	if len(got) < len(texts) || !slices.Equal(got[:len(texts)], texts) {
		t.Fatalf("strict: %q\nreport all: %q", texts, got)
	}
	if len(all.Findings) > 0 {
		err = all.Findings[0]
	}
	if !sameError(strict, err) {
		t.Fatalf("strict: %v\nreport all: %v", strict, err)
	}
}
