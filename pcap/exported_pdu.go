package pcap

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"github.com/mqttwire/mqttwire/capture"
)

// The tags of an exported PDU that matter here, by wsutil/exported_pdu_tlvs.h of
// Wireshark. Each has a length of two bytes.
const (
	pduEnd       = 0
	pduDissector = 12
	pduTable     = 14
	pduIPv4Src   = 20
	pduIPv4Dst   = 21
	pduIPv6Src   = 22
	pduIPv6Dst   = 23
	pduSrcPort   = 25
	pduDstPort   = 26
)

// maxExported is of how many directions it is known how many bytes came.
const maxExported = 1 << 14

// exportedPDUs puts what Wireshark has exported back into TCP: it has the payload, and
// no sequence numbers.
type exportedPDUs struct {
	next map[[2]netip.AddrPort]uint32
	base uint32 // where a direction begins
}

// exportedPDU passes over the tags of an exported PDU; done says that all of it is
// taken.
func (d *headerDecoder) exportedPDU(l *layer) (done bool) {
	var src, dst netip.Addr
	var ports [2]uint16
	dissector, table := "", ""
	b := l.data
	for {
		if len(b) < 4 {
			d.counts.Other++
			return true
		}
		tag, size := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if b = b[4:]; tag == pduEnd {
			break
		}
		if size > len(b) {
			d.counts.Other++
			return true
		}
		switch value := b[:size]; {
		case tag == pduDissector:
			dissector = strings.TrimRight(string(value), "\x00")
		case tag == pduTable:
			table = strings.TrimRight(string(value), "\x00")
		case tag == pduIPv4Src || tag == pduIPv6Src:
			src, _ = netip.AddrFromSlice(value)
		case tag == pduIPv4Dst || tag == pduIPv6Dst:
			dst, _ = netip.AddrFromSlice(value)
		case (tag == pduSrcPort || tag == pduDstPort) && size == 4:
			ports[tag-pduSrcPort] = uint16(binary.BigEndian.Uint32(value))
		}
		b = b[size:]
	}
	l.data = b
	switch {
	case dissector == "mqtt" || table == "tcp.port":
		s := capture.Segment{Record: l.record, File: l.file, Time: l.time, Payload: l.data, Missing: l.missing}
		if src.IsValid() && dst.IsValid() {
			s.Src, s.Dst = netip.AddrPortFrom(src, ports[0]), netip.AddrPortFrom(dst, ports[1])
		}
		d.counts.TCP++
		d.exported.add(s, d.add)
		return true
	case dissector == "ip" || dissector == "ipv6":
		l.next = protoIP
	case strings.HasPrefix(dissector, "eth"):
		l.next = protoEthernet
	default:
		l.next = protoOther
	}
	return false
}

// add adds a PDU. One with a CONNECT begins a connection.
func (e *exportedPDUs) add(s capture.Segment, add func(capture.Segment)) {
	if !s.Src.IsValid() {
		add(s)
		return
	}
	const connect, farApart = 0x10, 1 << 28
	if len(e.next) >= maxExported || e.next == nil {
		e.next = make(map[[2]netip.AddrPort]uint32)
		e.base += farApart
	}
	direction := [2]netip.AddrPort{s.Src, s.Dst}
	seq, ok := e.next[direction]
	if !ok {
		seq = e.base
	}
	if first(s.Payload) == connect {
		syn := s
		syn.SYN, syn.Seq, syn.Payload, syn.Missing = true, seq-1, nil, 0
		add(syn)
	}
	s.Seq = seq
	e.next[direction] = seq + uint32(len(s.Payload)+s.Missing)
	add(s)
}
