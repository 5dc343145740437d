package main

import (
	"fmt"
	"slices"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// manySubscribers are the most that a row of a fan-out has.
const manySubscribers = 10_000

// fanOutRows write one PUBLISH to many subscribers: for each a header with its
// own packet identifier, next to the payload, which all share: of the packet, and of
// the message that was prepared once. An operation is one subscriber.
func fanOutRows() []row {
	var rows []row
	rich := publish(1, 64)
	rich.Properties = eightProperties()
	for _, c := range []struct {
		name string
		v    mqttwire.Version
		p    *packets.Publish
	}{
		{"v3.1.1/qos0", v311, publish(0, 64)},
		{"v3.1.1/qos1", v311, publish(1, 64)},
		{"v5.0/qos1/props=0", v5, publish(1, 64)},
		{"v5.0/qos1/props=8", v5, rich},
	} {
		for _, subscribers := range []int{1, 100, manySubscribers} {
			r := row{kind: kindFanOut, name: fmt.Sprintf("%s/subscribers=%d", c.name, subscribers), v: c.v, packet: mqttwire.PUBLISH,
				operations: subscribers, bytes: float64(c.p.Size(c.v) - len(c.p.Payload))}
			r.add(nameMqttwire, fanOutHeaders(*c.p, c.v, subscribers))
			r.add(namePrepared, fanOutPrepared(c.p, c.v, subscribers))
			r.add(nameMemcpy, fanOutCopies(*c.p, c.v, subscribers))
			rows = append(rows, r)
		}
	}
	return rows
}

// outbox is what is to be written: parts in the order of the wire, as
// net.Buffers take them.
type outbox struct {
	headers []byte
	parts   [][]byte
}

func newOutbox(header, subscribers int) *outbox {
	return &outbox{make([]byte, 0, (header+16)*subscribers), make([][]byte, 0, 2*subscribers)}
}

// send adds the header that is appended to headers from start on, and a payload.
func (o *outbox) send(headers []byte, start int, payload []byte) {
	o.headers = headers
	o.parts = append(o.parts, headers[start:len(headers):len(headers)], payload)
}

func fanOutHeaders(p packets.Publish, v mqttwire.Version, subscribers int) loop {
	out := newOutbox(p.Size(v)-len(p.Payload), subscribers)
	return func(n int) (sum uint64) {
		for range n {
			out.headers, out.parts = out.headers[:0], out.parts[:0]
			for i := range subscribers {
				p.PacketID = uint16(i + 1)
				start := len(out.headers)
				b, err := p.AppendHeader(out.headers, v)
				must(err)
				out.send(b, start, p.Payload)
			}
			sum += uint64(len(out.headers))
		}
		return sum
	}
}

// fanOutPrepared sends a message that is prepared, with the subscription identifiers
// that the packet has.
func fanOutPrepared(p *packets.Publish, v mqttwire.Version, subscribers int) loop {
	prepared, err := packets.Prepare(p, p.Topic)
	must(err)
	d := packets.Delivery{QoS: p.QoS, SubscriptionIDs: slices.Collect(p.Properties.SubscriptionIDs())}
	out := newOutbox(p.Size(v)-len(p.Payload), subscribers)
	return func(n int) (sum uint64) {
		for range n {
			out.headers, out.parts = out.headers[:0], out.parts[:0]
			for i := range subscribers {
				d.PacketID = uint16(i + 1)
				start := len(out.headers)
				b, err := prepared.AppendHeader(out.headers, v, &d)
				must(err)
				out.send(b, start, prepared.Payload())
			}
			sum += uint64(len(out.headers))
		}
		return sum
	}
}

// fanOutCopies copies a header that is ready, as it is.
func fanOutCopies(p packets.Publish, v mqttwire.Version, subscribers int) loop {
	header, err := p.AppendHeader(nil, v)
	must(err)
	out := newOutbox(len(header), subscribers)
	return func(n int) (sum uint64) {
		for range n {
			out.headers, out.parts = out.headers[:0], out.parts[:0]
			for range subscribers {
				out.send(append(out.headers, header...), len(out.headers), p.Payload)
			}
			sum += uint64(len(out.headers))
		}
		return sum
	}
}
