package main

import (
	"bytes"
	"io"

	"github.com/soypat/natiu-mqtt"

	"github.com/mqttwire/mqttwire"
)

var natiuCodec = codec{
	name:   nameNatiu,
	module: "github.com/soypat/natiu-mqtt",
	calls: "`DecodeHeader` and `DecoderNoAlloc.DecodeXxx` from a reused `bytes.Reader`, for packets that only `Rx` decodes `Rx.ReadNextPacket`; " +
		"`Tx.WriteXxx`; for streams the same, straight from the source, since reads may not be short; payloads are read into a buffer that is reused",
	lacks:  "3.1.1 only. Checks flags and the lengths of acknowledgements; no text, identifiers or most values.",
	decode: natiuDecode,
	encode: natiuEncode,
	stream: natiuStream,
}

// natiuReader decodes packets from a reader.
type natiuReader struct {
	src     io.Reader
	rx      mqtt.Rx
	decoder mqtt.DecoderNoAlloc
	payload []byte
	last    natiuPacket
	sum     uint64 // of the packet that a callback of rx was given
}

// natiuPacket is the last packet that was read, of the type that header tells.
type natiuPacket struct {
	header      mqtt.Header
	connect     mqtt.VariablesConnect
	connack     mqtt.VariablesConnack
	publish     mqtt.VariablesPublish
	subscribe   mqtt.VariablesSubscribe
	suback      mqtt.VariablesSuback
	unsubscribe mqtt.VariablesUnsubscribe
	id          uint16
}

// readCloser is a reader with a Close for Rx.
type readCloser struct{ io.Reader }

func (readCloser) Close() error { return nil }

func newNatiuReader(src io.Reader) *natiuReader {
	r := &natiuReader{src: src, decoder: mqtt.DecoderNoAlloc{UserBuffer: make([]byte, 0xFFFF)}, payload: make([]byte, 64<<10)}
	r.rx.SetRxTransport(readCloser{src})
	r.rx.RxCallbacks.OnConnack = func(_ *mqtt.Rx, v mqtt.VariablesConnack) error {
		r.last.connack = v
		r.sum = connackSum(v.SessionPresent(), byte(v.ReturnCode), 0)
		return nil
	}
	r.rx.RxCallbacks.OnSuback = func(_ *mqtt.Rx, v mqtt.VariablesSuback) error {
		r.last.suback = v
		var entries uint64
		for i, c := range v.ReturnCodes {
			entries += entrySum(i, uint64(c))
		}
		r.sum = listSum(v.PacketIdentifier, entries, 0)
		return nil
	}
	r.rx.RxCallbacks.OnOther = func(_ *mqtt.Rx, id uint16) error {
		r.last.id = id
		r.sum = ackSum(id, 0, 0)
		return nil
	}
	return r
}

// read decodes a packet of type t, which the caller has seen.
func (r *natiuReader) read(t mqtt.PacketType) uint64 {
	switch t {
	case mqtt.PacketPublish, mqtt.PacketConnect, mqtt.PacketSubscribe, mqtt.PacketUnsubscribe:
		return r.readVariables()
	}
	taken(r.rx.ReadNextPacket())
	r.last.header = r.rx.LastReceivedHeader
	if t == mqtt.PacketPingreq || t == mqtt.PacketPingresp {
		return emptySum
	}
	return r.sum
}

// readVariables decodes a packet whose variables need a decoder.
func (r *natiuReader) readVariables() uint64 {
	h, _, err := mqtt.DecodeHeader(r.src)
	must(err)
	r.last.header = h
	switch h.Type() {
	case mqtt.PacketPublish:
		return r.readPublish(h)
	case mqtt.PacketConnect:
		v, _, err := r.decoder.DecodeConnect(r.src)
		must(err)
		r.last.connect = v
		return natiuConnect(&v)
	case mqtt.PacketSubscribe:
		v, _, err := r.decoder.DecodeSubscribe(r.src, h.RemainingLength)
		must(err)
		r.last.subscribe = v
		var entries uint64
		for i := range v.TopicFilters {
			entries += subscriptionSum(i, textSum(v.TopicFilters[i].TopicFilter), byte(v.TopicFilters[i].QoS), false, false, 0)
		}
		return listSum(v.PacketIdentifier, entries, 0)
	}
	v, _, err := r.decoder.DecodeUnsubscribe(r.src, h.RemainingLength)
	must(err)
	r.last.unsubscribe = v
	var entries uint64
	for i, topic := range v.Topics {
		entries += entrySum(i, textSum(topic))
	}
	return listSum(v.PacketIdentifier, entries, 0)
}

func (r *natiuReader) readPublish(h mqtt.Header) uint64 {
	flags := h.Flags()
	v, size, err := r.decoder.DecodePublish(r.src, flags.QoS())
	must(err)
	r.last.publish = v
	payload := r.payload[:int(h.RemainingLength)-size]
	_, err = io.ReadFull(r.src, payload)
	must(err)
	return publishSum(textSum(v.TopicName), textSum(payload), v.PacketIdentifier, byte(flags.QoS()), flags.Dup(), flags.Retain(), 0)
}

func natiuConnect(v *mqtt.VariablesConnect) uint64 {
	var will uint64
	if v.WillFlag() {
		will = willSum(textSum(v.WillTopic), textSum(v.WillMessage), byte(v.WillQoS), v.WillRetain, 0)
	}
	return connectSum(v.ProtocolLevel, v.CleanSession, v.KeepAlive, textSum(v.ClientID), textSum(v.Username), textSum(v.Password), will, 0)
}

func natiuDecode(w *workload) loop {
	if w.v == v5 {
		return nil
	}
	b, src := w.wire, new(bytes.Reader)
	r := newNatiuReader(src)
	return func(n int) (sum uint64) {
		for range n {
			src.Reset(b)
			sum += r.read(mqtt.PacketType(b[0] >> 4))
		}
		return sum
	}
}

// write encodes p, of type t, whose payload is the given one.
func (p *natiuPacket) write(tx *mqtt.Tx, t mqtt.PacketType, payload []byte) error {
	switch t {
	case mqtt.PacketConnect:
		return tx.WriteConnect(&p.connect)
	case mqtt.PacketConnack:
		return tx.WriteConnack(p.connack)
	case mqtt.PacketPublish:
		return tx.WritePublishPayload(p.header, p.publish, payload)
	case mqtt.PacketSubscribe:
		return tx.WriteSubscribe(p.subscribe)
	case mqtt.PacketSuback:
		return tx.WriteSuback(p.suback)
	case mqtt.PacketUnsubscribe:
		return tx.WriteUnsubscribe(p.unsubscribe)
	case mqtt.PacketPingreq, mqtt.PacketPingresp, mqtt.PacketDisconnect:
		return tx.WriteSimple(t)
	}
	return tx.WriteIdentified(t, p.id)
}

func natiuEncode(w *workload) (loop, func() []byte) {
	if w.v == v5 {
		return nil, nil
	}
	r, t := newNatiuReader(bytes.NewReader(w.wire)), mqtt.PacketType(w.kind())
	r.read(t)
	p := &r.last
	payload := r.payload[:max(0, int(p.header.RemainingLength)-p.publish.Size(p.header.Flags().QoS()))]
	out, tx := new(writer), new(mqtt.Tx)
	tx.SetTxTransport(out)
	return func(n int) uint64 {
		out.n = 0
		for range n {
			must(p.write(tx, t, payload))
		}
		return out.n
	}, func() []byte { return out.kept(func() { must(p.write(tx, t, payload)) }) }
}

func natiuStream(src *source, v mqttwire.Version) loop {
	if v == v5 {
		return nil
	}
	r := newNatiuReader(src)
	return func(n int) (sum uint64) {
		for range n {
			sum += r.read(mqtt.PacketType(src.peek() >> 4))
		}
		return sum
	}
}
