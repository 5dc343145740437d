package outcome

import (
	"math/rand/v2"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/against/record"
	"github.com/mqttwire/mqttwire/compare/against/texts"
	"github.com/mqttwire/mqttwire/packets"
)

// Encode notes what comes of a packet with fields that are drawn, legal or not, in
// each version, and reports whether one of them takes it.
func (s *Side) Encode(r *record.Record, d *rand.Rand) (legal bool) {
	defer s.caught(r)
	r.In("all", "drawn")
	p := drawn{d}.packet()
	notePacket(r, p)
	s.use(r, p, mqttwire.V31+mqttwire.Version(d.IntN(3)), d.Uint64())
	notePacket(r, p) // which nothing of that has changed
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		_, err := p.Append(s.buf[:0], v)
		legal = legal || err == nil
	}
	return legal
}

// drawn draws the fields of packets, so that about half of them are legal.
type drawn struct{ *rand.Rand }

func (d drawn) rarely() bool    { return d.IntN(12) == 0 }
func (d drawn) sometimes() bool { return d.IntN(3) == 0 }

func (d drawn) packet() mqttwire.Packet {
	switch mqttwire.PacketType(1 + d.IntN(15)) {
	case mqttwire.CONNECT:
		return d.connect()
	case mqttwire.CONNACK:
		return &packets.Connack{SessionPresent: d.sometimes(), ReasonCode: d.code(), Properties: d.properties(mqttwire.PropertyOwner(mqttwire.CONNACK))}
	case mqttwire.PUBLISH:
		return &packets.Publish{Topic: d.text("a/b"), Payload: d.text("payload"), Properties: d.properties(mqttwire.PropertyOwner(mqttwire.PUBLISH)), PacketID: d.id(),
			QoS: d.qos(), Dup: d.sometimes(), Retain: d.sometimes()}
	case mqttwire.PUBACK:
		return &packets.Puback{PacketID: d.id(), ReasonCode: d.code(), Properties: d.properties(mqttwire.PropertyOwner(mqttwire.PUBACK))}
	case mqttwire.PUBREC:
		return &packets.Pubrec{PacketID: d.id(), ReasonCode: d.code(), Properties: d.properties(mqttwire.PropertyOwner(mqttwire.PUBREC))}
	case mqttwire.PUBREL:
		return &packets.Pubrel{PacketID: d.id(), ReasonCode: d.code(), Properties: d.properties(mqttwire.PropertyOwner(mqttwire.PUBREL)), Dup: d.rarely()}
	case mqttwire.PUBCOMP:
		return &packets.Pubcomp{PacketID: d.id(), ReasonCode: d.code(), Properties: d.properties(mqttwire.PropertyOwner(mqttwire.PUBCOMP))}
	case mqttwire.DISCONNECT:
		return &packets.Disconnect{ReasonCode: d.code(), Properties: d.properties(mqttwire.PropertyOwner(mqttwire.DISCONNECT))}
	case mqttwire.AUTH:
		return &packets.Auth{ReasonCode: d.code(), Properties: d.properties(mqttwire.PropertyOwner(mqttwire.AUTH))}
	case mqttwire.PINGREQ:
		return &packets.Pingreq{}
	case mqttwire.PINGRESP:
		return &packets.Pingresp{}
	}
	return d.list()
}

func (d drawn) list() mqttwire.Packet {
	switch d.IntN(4) {
	case 0:
		p := &packets.Subscribe{PacketID: d.id(), Properties: d.properties(mqttwire.PropertyOwner(mqttwire.SUBSCRIBE)), Dup: d.rarely()}
		for range d.IntN(4) {
			p.Subscriptions = append(p.Subscriptions, packets.Subscription{Filter: d.text("a/+/#"), QoS: d.qos(), NoLocal: d.rarely(),
				RetainAsPublished: d.rarely(), RetainHandling: uint8(max(0, d.IntN(16)-12))})
		}
		return p
	case 1:
		p := &packets.Unsubscribe{PacketID: d.id(), Properties: d.properties(mqttwire.PropertyOwner(mqttwire.UNSUBSCRIBE)), Dup: d.rarely()}
		for range d.IntN(4) {
			p.Filters = append(p.Filters, d.text("a/+/#"))
		}
		return p
	case 2:
		return &packets.Suback{PacketID: d.id(), ReasonCodes: d.codes(), Properties: d.properties(mqttwire.PropertyOwner(mqttwire.SUBACK))}
	}
	return &packets.Unsuback{PacketID: d.id(), ReasonCodes: d.codes(), Properties: d.properties(mqttwire.PropertyOwner(mqttwire.UNSUBACK))}
}

func (d drawn) connect() *packets.Connect {
	p := &packets.Connect{Version: mqttwire.V31 + mqttwire.Version(d.IntN(3)), Bridge: d.rarely(), CleanStart: !d.rarely(), KeepAlive: uint16(d.Uint32()),
		ClientID: d.text("sensor-17"), Properties: d.properties(mqttwire.PropertyOwner(mqttwire.CONNECT))}
	if d.rarely() {
		p.Version = mqttwire.Version(d.IntN(256))
	}
	if d.sometimes() {
		p.UserName = d.text("user")
	}
	if d.sometimes() {
		p.Password = d.text("secret")
	}
	if d.sometimes() {
		p.Will = &packets.Will{Topic: d.text("a/b"), Payload: d.text("gone"), Properties: d.properties(mqttwire.WillProperties),
			QoS: d.qos(), Retain: d.sometimes()}
	}
	return p
}

// text returns the usual text of a field or, one time in three, any.
func (d drawn) text(usual string) []byte {
	switch {
	case d.IntN(400) == 0:
		return make([]byte, 65534+d.IntN(4))
	case d.IntN(40) == 0:
		return nil
	case d.sometimes():
		return []byte(texts.All[d.IntN(len(texts.All))])
	}
	return []byte(usual)
}

func (d drawn) id() uint16 {
	if d.rarely() {
		return 0
	}
	return uint16(1 + d.IntN(65535))
}

func (d drawn) qos() mqttwire.QoS {
	if d.rarely() {
		return mqttwire.QoS(d.IntN(256))
	}
	return mqttwire.QoS(d.IntN(3))
}

// code returns success most times, else any code.
func (d drawn) code() mqttwire.ReasonCode {
	switch {
	case d.IntN(2) == 0:
		return 0
	case d.sometimes():
		return mqttwire.ReasonCode(d.IntN(256))
	}
	codes := [...]mqttwire.ReasonCode{0x01, 0x02, 0x04, 0x10, 0x11, 0x18, 0x19, 0x80, 0x87, 0x8E, 0x91, 0x92, 0x97, 0x9D}
	return codes[d.IntN(len(codes))]
}

func (d drawn) codes() (list []mqttwire.ReasonCode) {
	for range d.IntN(4) {
		list = append(list, d.code())
	}
	return list
}
