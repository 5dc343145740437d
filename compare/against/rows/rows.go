// Package rows has what is measured of the library: packets of every type, as they
// are usual. Like package outcome it is written against the working tree, and
// uses only what the older commit has too.
package rows

import (
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/against/work"
	"github.com/mqttwire/mqttwire/compare/interleaved"
	"github.com/mqttwire/mqttwire/packets"
)

const v31, v311, v5 = mqttwire.V31, mqttwire.V311, mqttwire.V5

// one is a packet with what is special about it.
type one struct {
	v      mqttwire.Version
	name   string
	packet mqttwire.Packet
}

func (o *one) title() string {
	return strings.TrimSpace(o.packet.Type().String() + " " + o.v.String() + " " + o.name)
}

// wire is the packet encoded.
func (o *one) wire() []byte {
	b, err := o.packet.Append(nil, o.v)
	must(err)
	return b
}

// must stops the program: no row is refused but those that are to be.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// All are the rows, group by group.
func All() []work.Row {
	list := rowsOf(work.Decode, usual(), decodeOne)
	list = append(append(list, rowsOf(work.Encode, usual(), encodeOne)...), headers()...)
	list = append(list, rowsOf(work.DecodeOther, otherTexts(), decodeOne)...)
	list = append(list, rowsOf(work.EncodeOther, otherTexts(), encodeOne)...)
	list = append(list, rowsOf(work.Tolerant, of5(), func(o *one) interleaved.Loop { return tolerant(o.wire(), o.v) })...)
	list = append(list, refusals()...)
	return append(list, rowsOf(work.ByHand, byHand(), func(o *one) interleaved.Loop { return decode(o.packet, o.wire(), 0, o.v) })...)
}

func rowsOf(group string, all []one, loop func(*one) interleaved.Loop) (list []work.Row) {
	for i := range all {
		list = append(list, work.Row{Group: group, Name: all[i].title(), Run: loop(&all[i])})
	}
	return list
}

func decodeOne(o *one) interleaved.Loop { return decode(o.packet, o.wire(), anySize, o.v) }
func encodeOne(o *one) interleaved.Loop { return encode(o.packet, cut(o.wire(), anySize), o.v) }

// headers encode what is not a whole packet, or was not decoded before.
func headers() []work.Row {
	plain, rich := publish(1, 64), publish(1, 64)
	rich.Properties = eightProperties()
	dst := make([]byte, 0, 512)
	header := func(p *packets.Publish) func(int) uint64 {
		return func(n int) (sum uint64) {
			for range n {
				b, err := p.AppendHeader(dst, v5)
				must(err)
				sum += uint64(len(b))
			}
			return sum
		}
	}
	whole := func(n int) (sum uint64) {
		for range n {
			b, err := rich.Append(dst, v5)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
	return []work.Row{
		{Group: work.Encode, Name: "PUBLISH 5.0 qos1, header", Run: header(plain)},
		{Group: work.Encode, Name: "PUBLISH 5.0 qos1, 8 properties, header", Run: header(rich)},
		{Group: work.Encode, Name: "PUBLISH 5.0 qos1, 8 properties, as set", Run: whole},
	}
}

// refusals are decoded, and refused.
func refusals() []work.Row {
	refuse := func(name string, p mqttwire.Packet, f mqttwire.Frame) work.Row {
		return work.Row{Group: work.Refuse, Name: p.Type().String() + " 5.0 " + name, Run: func(n int) (sum uint64) {
			for range n {
				if err := p.Decode(f, v5); err != nil {
					sum++
				}
			}
			return sum
		}}
	}
	broken := func(p mqttwire.Packet, change func(body []byte)) mqttwire.Frame {
		f := cut((&one{v5, "", p}).wire(), anySize)
		change(f.Body)
		return f
	}
	rich := publish(1, 64)
	rich.Properties = eightProperties()
	suback := &packets.Suback{PacketID: 10, ReasonCodes: codes(10)}
	return []work.Row{
		refuse("topic", new(packets.Publish), broken(publish(1, 64), func(b []byte) { b[9] = '#' })),
		refuse("identifier", new(packets.Puback), broken(&packets.Puback{PacketID: 10}, func(b []byte) { b[1] = 0 })),
		refuse("properties", new(packets.Publish), broken(rich, func(b []byte) { b[2+len(topic)+2+2] = 2 })), // no boolean
		refuse("codes", new(packets.Suback), broken(suback, func(b []byte) { b[8] = 0x7F })),
	}
}
