package pcap

import (
	"encoding/binary"
	"net/netip"

	"github.com/gopacket/gopacket/layers"

	"github.com/mqttwire/mqttwire/capture"
)

// segmentOf returns the TCP segment in a record; ok is false if there is none.
// The payload ends where the IP header says, so that padding of the link layer
// is never taken for payload.
func (d *headerDecoder) segmentOf(r record) (s capture.Segment, ok bool) {
	ip, ok := d.ipPacket(r.link, r.data)
	if !ok || len(ip) == 0 {
		return s, false
	}
	// An IP packet that was cut by the snap length is longer on the wire by as
	// much as the record is.
	onWire := len(ip) + max(r.wireSize-len(r.data), 0)
	s.Record, s.Time = r.number, r.time
	switch ip[0] >> 4 {
	case 4:
		return d.ofIPv4(s, ip, onWire)
	case 6:
		return d.ofIPv6(s, ip, onWire)
	}
	return s, false
}

func (d *headerDecoder) ofIPv4(s capture.Segment, ip []byte, onWire int) (capture.Segment, bool) {
	// A later fragment has no TCP header, whatever its first bytes look like.
	if d.ip4.DecodeFromBytes(ip, noFeedback) != nil || d.ip4.Protocol != layers.IPProtocolTCP || d.ip4.FragOffset != 0 {
		return s, false
	}
	size := int(binary.BigEndian.Uint16(ip[2:]))
	if size == 0 {
		// The sending machine's network card fills in the length of the pieces
		// it cuts (TSO); the record has 0.
		size = onWire
	}
	src, _ := netip.AddrFromSlice(d.ip4.SrcIP)
	dst, _ := netip.AddrFromSlice(d.ip4.DstIP)
	return d.ofTCP(s, src, dst, d.ip4.Payload, size-len(d.ip4.Contents))
}

func (d *headerDecoder) ofIPv6(s capture.Segment, ip []byte, onWire int) (capture.Segment, bool) {
	err := d.ip6.DecodeFromBytes(ip, noFeedback)
	if len(ip) < 40 || err != nil && (d.ip6.Length != 0 || d.ip6.HopByHop != nil) {
		return s, false
	}
	payload, next := d.ip6.Payload, d.ip6.NextHeader
	if d.ip6.HopByHop != nil {
		next = d.ip6.HopByHop.NextHeader
	}
	size := int(d.ip6.Length)
	if size == 0 {
		size = onWire - 40 // TSO, or a jumbogram
	}
	// What the extension headers take is not TCP's.
	before := min(size, len(ip)-40)
	payload, next, ok := d.skipExtensions(payload, next)
	if !ok || next != layers.IPProtocolTCP {
		return s, false
	}
	src, _ := netip.AddrFromSlice(d.ip6.SrcIP)
	dst, _ := netip.AddrFromSlice(d.ip6.DstIP)
	return d.ofTCP(s, src, dst, payload, size-(before-len(payload)))
}

// skipExtensions takes off the extension headers before the TCP header.
func (d *headerDecoder) skipExtensions(payload []byte, next layers.IPProtocol) ([]byte, layers.IPProtocol, bool) {
	for {
		switch next {
		case layers.IPProtocolIPv6HopByHop, layers.IPProtocolIPv6Routing, layers.IPProtocolIPv6Destination:
			if d.skipper.DecodeFromBytes(payload, noFeedback) != nil {
				return nil, 0, false
			}
			payload, next = d.skipper.Payload, d.skipper.NextHeader
		case layers.IPProtocolIPv6Fragment:
			if d.fragment.DecodeFromBytes(payload, noFeedback) != nil || d.fragment.FragmentOffset != 0 {
				return nil, 0, false
			}
			payload, next = d.fragment.Payload, d.fragment.NextHeader
		default:
			return payload, next, true
		}
	}
}

// ofTCP reads the TCP header; size is that of the segment on the wire, header
// included.
func (d *headerDecoder) ofTCP(s capture.Segment, src, dst netip.Addr, data []byte, size int) (capture.Segment, bool) {
	err := d.tcp.DecodeFromBytes(data, noFeedback)
	header := int(d.tcp.DataOffset) * 4
	// A header whose options are cut or malformed still tells all that counts.
	if len(data) < 20 || header < 20 || err != nil && header <= len(data) && len(d.tcp.Contents) == 0 {
		return s, false
	}
	s.Src = netip.AddrPortFrom(src, uint16(d.tcp.SrcPort))
	s.Dst = netip.AddrPortFrom(dst, uint16(d.tcp.DstPort))
	s.Seq, s.Ack = d.tcp.Seq, d.tcp.Ack
	s.SYN, s.ACK, s.FIN, s.RST = d.tcp.SYN, d.tcp.ACK, d.tcp.FIN, d.tcp.RST
	s.Payload = data[min(header, len(data)):]
	s.Missing = max(size-header-len(s.Payload), 0)
	return s, true
}
