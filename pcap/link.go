package pcap

import (
	"encoding/binary"

	"github.com/gopacket/gopacket/layers"
)

// Link types that gopacket has no constant for, or another number. Raw IP was 12 on
// most systems and 14 on OpenBSD before 101 was assigned to it.
const (
	linkRawOld      layers.LinkType = 12
	linkRawOpenBSD  layers.LinkType = 14
	linkPPPEthernet layers.LinkType = 51
	linkPPPWithDir  layers.LinkType = 204
	linkNFLOG       layers.LinkType = 239
	linkExportedPDU layers.LinkType = 252
)

// linkProtocols are the link types that are read, with what their records begin with;
// those that are not have 0.
var linkProtocols = [...]protocol{
	layers.LinkTypeEthernet:       protoEthernet,
	layers.LinkTypeNull:           protoLoopback,
	layers.LinkTypeLoop:           protoLoopback,
	layers.LinkTypeRaw:            protoIP,
	linkRawOld:                    protoIP,
	linkRawOpenBSD:                protoIP,
	layers.LinkTypeIPv4:           protoIP,
	layers.LinkTypeIPv6:           protoIP,
	layers.LinkTypeLinuxSLL:       protoSLL,
	layers.LinkTypeLinuxSLL2:      protoSLL2,
	layers.LinkTypePPP:            protoPPP,
	layers.LinkTypePPP_HDLC:       protoPPP,
	linkPPPEthernet:               protoPPPoE,
	linkPPPWithDir:                protoPPPWithDir,
	layers.LinkTypeC_HDLC:         protoCiscoHDLC,
	layers.LinkTypeIEEE802_11:     protoWireless,
	layers.LinkTypeIEEE80211Radio: protoRadiotap,
	layers.LinkTypePFLog:          protoPFLog,
	linkNFLOG:                     protoNFLOG,
	linkExportedPDU:               protoExportedPDU,
}

// knownLink reports whether records of a link type can be read at all.
func knownLink(link layers.LinkType) bool {
	return protocolOf(link) != 0
}

func protocolOf(link layers.LinkType) protocol {
	if int(link) >= len(linkProtocols) {
		return 0
	}
	return linkProtocols[link]
}

// The address families of NULL and LOOP, and of other systems' own: IPv4 is 2
// everywhere, IPv6 has a number of its own on each system.
const (
	familyIPv4        = 2
	familyIPv6Linux   = 10
	familyIPv6BSD     = 24
	familyIPv6FreeBSD = 28
	familyIPv6Darwin  = 30
)

// ofFamily is what packets of an address family are.
func ofFamily(family uint32) protocol {
	switch family {
	case familyIPv4, familyIPv6Linux, familyIPv6BSD, familyIPv6FreeBSD, familyIPv6Darwin:
		return protoIP
	}
	return protoOther
}

// ethernetFrame passes over the two addresses of a frame.
func ethernetFrame(b []byte) (protocol, []byte) {
	if len(b) < 14 {
		return protoOther, nil
	}
	return ofEtherType(binary.BigEndian.Uint16(b[12:]), b[14:])
}

// ofEtherType tells what an EtherType says; below 1536 it is a length, and the frame of
// the older kind, with a header of logical link control.
func ofEtherType(t uint16, b []byte) (protocol, []byte) {
	if t < 0x600 {
		return protoLLC, b
	}
	return protocol(t), b
}

// llc passes over a header of logical link control, IEEE 802.2, if it is that of an
// EtherType: RFC 1042.
func llc(b []byte) (protocol, []byte) {
	if len(b) < 8 || b[0] != 0xAA || b[1] != 0xAA || b[2] != 3 {
		return protoOther, nil
	}
	return ofEtherType(binary.BigEndian.Uint16(b[6:]), b[8:])
}

// vlan passes over a tag: IEEE 802.1Q.
func vlan(b []byte) (protocol, []byte) {
	if len(b) < 4 {
		return protoOther, nil
	}
	return ofEtherType(binary.BigEndian.Uint16(b[2:]), b[4:])
}

// loopback passes over the address family, which is in the byte order of the machine
// that recorded; families are small.
func loopback(b []byte) (protocol, []byte) {
	if len(b) < 4 {
		return protoOther, nil
	}
	family := binary.LittleEndian.Uint32(b)
	if family > 0xFFFF {
		family = binary.BigEndian.Uint32(b)
	}
	return ofFamily(family), b[4:]
}

// cooked passes over the header of a Linux cooked capture, of which the EtherType
// stands at a place of its own in each version.
func cooked(b []byte, at, size int) (protocol, []byte) {
	if len(b) < size {
		return protoOther, nil
	}
	return ofEtherType(binary.BigEndian.Uint16(b[at:]), b[size:])
}

// ciscoHDLC passes over address and control.
func ciscoHDLC(b []byte) (protocol, []byte) {
	if len(b) < 4 {
		return protoOther, nil
	}
	return ofEtherType(binary.BigEndian.Uint16(b[2:]), b[4:])
}

// The protocols of PPP that carry IP.
const (
	pppIPv4 = 0x0021
	pppIPv6 = 0x0057
	pppMPLS = 0x0281
)

// ppp passes over address and control, which may be left out, and the protocol, of
// which the first byte may be: RFC 1661 section 6.5 and 6.6.
func ppp(b []byte) (protocol, []byte) {
	if len(b) >= 2 && b[0] == 0xFF && b[1] == 3 {
		b = b[2:]
	}
	if len(b) < 2 {
		return protoOther, nil
	}
	number, size := uint16(b[0]), 1
	if b[0]&1 == 0 {
		number, size = binary.BigEndian.Uint16(b), 2
	}
	switch number {
	case pppIPv4, pppIPv6:
		return protoIP, b[size:]
	case pppMPLS:
		return protoMPLS, b[size:]
	}
	return protoOther, nil
}

// pppoe passes over the header of a session: RFC 2516 section 4.
func pppoe(b []byte) (protocol, []byte) {
	const versionAndType = 0x11
	if len(b) < 6 || b[0] != versionAndType || b[1] != 0 {
		return protoOther, nil
	}
	return protoPPP, b[6:]
}

// mpls passes over the stack of labels: RFC 3032. What is below tells by its first
// bits: IP, or the control word of a pseudowire (RFC 4385), which mostly carries
// Ethernet.
func mpls(b []byte) (protocol, []byte) {
	const bottom = 1
	for len(b) > 4 {
		last := b[2]&bottom != 0
		if b = b[4:]; !last {
			continue
		}
		switch b[0] >> 4 {
		case 4, 6:
			return protoIP, b
		case 0:
			return protoEthernet, b[min(4, len(b)):]
		}
		break
	}
	return protoOther, nil
}

// pfLog passes over what OpenBSD's packet filter says of a packet; the header is padded
// to a multiple of 4.
func pfLog(b []byte) (protocol, []byte) {
	if len(b) < 2 {
		return protoOther, nil
	}
	size := (int(b[0]) + 3) &^ 3
	if size < 4 || size > len(b) {
		return protoOther, nil
	}
	return ofFamily(uint32(b[1])), b[size:]
}

// nflog finds the packet among what Linux's packet filter says of it: attributes, whose
// lengths and types are in the byte order of the machine that recorded.
func nflog(b []byte) (protocol, []byte) {
	const payload, header = 9, 4
	if len(b) < header {
		return protoOther, nil
	}
	family := uint32(b[0])
	for b = b[header:]; len(b) >= 4; {
		size, kind := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
		if size < 4 || int(size) > len(b) && kind != payload {
			size, kind = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		}
		switch {
		case size < 4:
			return protoOther, nil
		case kind == payload: // which may be cut by the snap length
			return ofFamily(family), b[4:min(int(size), len(b))]
		}
		b = b[min((int(size)+3)&^3, len(b)):]
	}
	return protoOther, nil
}
