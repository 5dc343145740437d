package pcap

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/mqttwire/mqttwire/capture"
)

// protocol says what some bytes begin with: an EtherType, or one of the others below,
// of which those of IP have their number behind protoIPNumbers.
type protocol uint32

const (
	protoOther protocol = 1<<16 + iota // nothing that leads to TCP
	protoEncrypted
	protoIP // version 4 or 6, as its first bits say
	protoEthernet
	protoLLC
	protoLoopback
	protoSLL
	protoSLL2
	protoPPP
	protoPPPoE
	protoPPPWithDir
	protoCiscoHDLC
	protoWireless
	protoRadiotap
	protoPFLog
	protoNFLOG
	protoExportedPDU
	protoMPLS

	protoIPNumbers protocol = 1 << 17
)

// The EtherTypes that lead on.
const (
	protoIPv4         protocol = 0x0800
	protoIPv6         protocol = 0x86DD
	protoVLAN         protocol = 0x8100
	protoVLANStacked  protocol = 0x88A8
	protoVLANOld      protocol = 0x9100 // of stacked tags before 802.1ad; some begin with 92 or 93
	protoVLANOld2     protocol = 0x9200
	protoMPLSUnicast  protocol = 0x8847
	protoMPLSMany     protocol = 0x8848
	protoPPPoESession protocol = 0x8864
	protoPPPInGRE     protocol = 0x880B
	protoBridged      protocol = 0x6558
	protoERSPAN2      protocol = 0x88BE
	protoERSPAN3      protocol = 0x22EB
)

// The protocols of IP that lead on.
const (
	protoHopByHop       = protoIPNumbers + 0
	protoIPv4InIP       = protoIPNumbers + 4
	protoTCP            = protoIPNumbers + 6
	protoUDP            = protoIPNumbers + 17
	protoIPv6InIP       = protoIPNumbers + 41
	protoRouting        = protoIPNumbers + 43
	protoFragment       = protoIPNumbers + 44
	protoGRE            = protoIPNumbers + 47
	protoESP            = protoIPNumbers + 50
	protoAuthentication = protoIPNumbers + 51
	protoDestination    = protoIPNumbers + 60
	protoMobility       = protoIPNumbers + 135
	protoMPLSInIP       = protoIPNumbers + 137
)

func protoOfIP(number byte) protocol { return protoIPNumbers + protocol(number) }

// maxLayers is how many headers stand one behind the other at most. Tunnels in tunnels
// have a dozen; without a bound a record could be all headers.
const maxLayers = 32

// headerDecoder finds the TCP segments in records.
type headerDecoder struct {
	add       func(capture.Segment)
	fragments fragments
	exported  exportedPDUs
	counts    Records
}

// Records counts the records of captures by what is in them.
type Records struct {
	// Total is how many records were read, TCP how many of them gave a segment of TCP.
	// A record with a fragment of an IP packet counts as such, and the one that
	// completes it as TCP.
	Total, TCP int

	// Fragments is how many have a fragment that another has to complete, and
	// Incomplete how many IP packets were never completed.
	Fragments, Incomplete int

	// Encrypted is how many are encrypted below TCP, as by IPsec or Wi-Fi.
	Encrypted int

	// Other is how many have no TCP, and UnknownLink how many are of a link type that
	// cannot be read.
	Other, UnknownLink int
}

// layer is what is left of a record behind the headers that were passed over.
type layer struct {
	next     protocol
	data     []byte
	missing  int // bytes that were on the wire behind data, and are not in the record
	src, dst netip.Addr
	record   int // where all that is from
	file     int
	time     time.Time
	partial  bool // it is the first part of something that is not complete
}

// decode looks for the TCP segment in a record, and adds it.
func (d *headerDecoder) decode(r *record, file int) {
	d.counts.Total++
	next := protocolOf(r.link)
	if next == 0 {
		d.counts.UnknownLink++
		return
	}
	d.descend(&layer{
		next: next, data: r.data, missing: max(r.wireSize-len(r.data), 0),
		record: r.number, file: file, time: r.time,
	})
}

// descend passes over headers until there is TCP, or nothing that leads to it.
func (d *headerDecoder) descend(l *layer) {
	for range maxLayers {
		switch l.next {
		case protoTCP:
			d.tcp(l)
			return
		case protoWireless:
			if d.wireless(l) {
				return
			}
		case protoExportedPDU:
			if d.exportedPDU(l) {
				return
			}
		case protoFragment:
			if d.fragment(l) {
				return
			}
		case protoIP, protoIPv4, protoIPv6, protoIPv4InIP, protoIPv6InIP:
			if d.ip(l) {
				return
			}
		case protoEncrypted, protoESP:
			d.counts.Encrypted++
			return
		default:
			if l.next, l.data = pass(l.next, l.data); l.next == protoOther {
				d.counts.Other++
				return
			}
		}
	}
	d.counts.Other++
}

// pass passes over one header.
func pass(next protocol, b []byte) (protocol, []byte) {
	switch next {
	case protoEthernet, protoBridged:
		return ethernetFrame(b)
	case protoLLC:
		return llc(b)
	case protoVLAN, protoVLANStacked, protoVLANOld, protoVLANOld2:
		return vlan(b)
	case protoLoopback:
		return loopback(b)
	case protoSLL:
		return cooked(b, 14, 16)
	case protoSLL2:
		return cooked(b, 0, 20)
	case protoPPP, protoPPPInGRE:
		return ppp(b)
	case protoPPPWithDir:
		return protoPPP, b[min(1, len(b)):]
	case protoPPPoE, protoPPPoESession:
		return pppoe(b)
	case protoCiscoHDLC:
		return ciscoHDLC(b)
	case protoRadiotap:
		return radiotap(b)
	case protoPFLog:
		return pfLog(b)
	case protoNFLOG:
		return nflog(b)
	case protoMPLS, protoMPLSUnicast, protoMPLSMany, protoMPLSInIP:
		return mpls(b)
	}
	return passOnIP(next, b)
}

// passOnIP passes over a header that stands behind one of IP.
func passOnIP(next protocol, b []byte) (protocol, []byte) {
	switch next {
	case protoUDP:
		return udp(b)
	case protoGRE:
		return gre(b)
	case protoERSPAN2:
		return erspan(b, 8)
	case protoERSPAN3:
		return erspan(b, 12)
	case protoAuthentication:
		return authentication(b)
	case protoHopByHop, protoRouting, protoDestination, protoMobility:
		return extension(b)
	}
	return protoOther, nil
}

// wireless passes over the header of a frame of Wi-Fi, or takes all frames that it
// carries; done says that nothing is left.
func (d *headerDecoder) wireless(l *layer) (done bool) {
	next, rest, aggregate := wireless(l.data)
	if !aggregate {
		l.next, l.data = next, rest
		return false
	}
	aggregated(rest, func(frame []byte) {
		inner := *l
		inner.next, inner.data, inner.missing = protoLLC, frame, 0
		d.descend(&inner)
	})
	return true
}

// ip passes over a header of IP; done says that the packet waits for more of it, or is
// none. What is behind the packet is padding of the link layer: it ends where its header
// says, unless that has 0, as the sending machine's network card fills in the length of
// the pieces that it cuts (TSO).
func (d *headerDecoder) ip(l *layer) (done bool) {
	switch version := first(l.data) >> 4; {
	case version == 4 && len(l.data) >= 20:
		return d.ip4(l)
	case version == 6 && len(l.data) >= 40:
		d.ip6(l)
		return false
	}
	d.counts.Other++
	return true
}

func first(b []byte) byte {
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

// ip4 passes over a header of IPv4: RFC 791 section 3.1.
func (d *headerDecoder) ip4(l *layer) (done bool) {
	b := l.data
	header, size := 4*int(b[0]&15), int(binary.BigEndian.Uint16(b[2:]))
	if header < 20 || header > len(b) || size != 0 && size < header {
		d.counts.Other++
		return true
	}
	l.src, l.dst = netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
	l.next = protoOfIP(b[9])
	l.end(header, size)
	const more, offset = 0x2000, 0x1FFF
	place := binary.BigEndian.Uint16(b[6:])
	if place&(more|offset) == 0 {
		return false
	}
	id := uint32(binary.BigEndian.Uint16(b[4:]))
	return d.join(l, id, 8*int(place&offset), place&more != 0)
}

// ip6 passes over a header of IPv6: RFC 8200 section 3.
func (d *headerDecoder) ip6(l *layer) {
	const header = 40
	b := l.data
	l.src, l.dst = netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
	l.next = protoOfIP(b[6])
	size := int(binary.BigEndian.Uint16(b[4:]))
	if size != 0 {
		size += header
	}
	l.end(header, size)
}

// end takes the header of an IP packet off, and what is behind its end.
func (l *layer) end(header, size int) {
	if size != 0 {
		l.missing = max(size-len(l.data), 0)
		l.data = l.data[:min(size, len(l.data))]
	}
	l.data = l.data[header:]
}

// fragment passes over a fragment header of IPv6: RFC 8200 section 4.5.
func (d *headerDecoder) fragment(l *layer) (done bool) {
	b := l.data
	if len(b) < 8 {
		d.counts.Other++
		return true
	}
	l.next, l.data = protoOfIP(b[0]), b[8:]
	const more, offset = 1, 0xFFF8
	place := binary.BigEndian.Uint16(b[2:])
	if place&(more|offset) == 0 {
		return false
	}
	return d.join(l, binary.BigEndian.Uint32(b[4:]), int(place&offset), place&more != 0)
}

// tcp reads a header of TCP, RFC 9293 section 3.1. Whatever its options say does not
// count.
func (d *headerDecoder) tcp(l *layer) {
	b := l.data
	if len(b) < 20 || b[12]>>4 < 5 {
		d.counts.Other++
		return
	}
	const fin, syn, rst, ack = 0x01, 0x02, 0x04, 0x10
	header, flags := 4*int(b[12]>>4), b[13]
	payload := b[min(header, len(b)):]
	d.counts.TCP++
	d.add(capture.Segment{
		Record: l.record, File: l.file, Time: l.time,
		Src: netip.AddrPortFrom(l.src, binary.BigEndian.Uint16(b)), Dst: netip.AddrPortFrom(l.dst, binary.BigEndian.Uint16(b[2:])),
		Seq: binary.BigEndian.Uint32(b[4:]), Ack: binary.BigEndian.Uint32(b[8:]),
		SYN: flags&syn != 0, ACK: flags&ack != 0, FIN: flags&fin != 0, RST: flags&rst != 0,
		Payload: payload, Missing: max(len(b)+l.missing-header-len(payload), 0),
	})
}
