package pcap

import (
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Link types that gopacket has no constant for. Raw IP was 12 on most systems
// and 14 on OpenBSD before 101 was assigned to it.
const (
	linkRawOld     layers.LinkType = 12
	linkRawOpenBSD layers.LinkType = 14
)

// ethernetTypeQinQOld is the type that stacked VLAN tags had before 802.1ad.
const ethernetTypeQinQOld layers.EthernetType = 0x9100

// The address families of NULL and LOOP: IPv4 is 2 everywhere, IPv6 has a
// number of its own on each system.
const (
	familyIPv4        = 2
	familyIPv6Linux   = 10
	familyIPv6BSD     = 24
	familyIPv6FreeBSD = 28
	familyIPv6Darwin  = 30
)

// headerDecoder finds the TCP segment in a record. It keeps gopacket's layers
// to use them again for each record.
type headerDecoder struct {
	ethernet layers.Ethernet
	vlan     layers.Dot1Q
	loopback layers.Loopback
	sll      layers.LinuxSLL
	sll2     layers.LinuxSLL2
	ip4      layers.IPv4
	ip6      layers.IPv6
	skipper  layers.IPv6ExtensionSkipper
	fragment layers.IPv6Fragment
	tcp      layers.TCP
}

var noFeedback = gopacket.NilDecodeFeedback

// ipPacket returns the IP packet that a record carries, with whatever padding
// follows it; ok is false if it carries something else.
func (d *headerDecoder) ipPacket(link layers.LinkType, data []byte) (ip []byte, ok bool) {
	switch link {
	case layers.LinkTypeEthernet:
		if d.ethernet.DecodeFromBytes(data, noFeedback) != nil {
			return nil, false
		}
		return d.ofEthernetType(d.ethernet.EthernetType, d.ethernet.Payload)
	case layers.LinkTypeNull, layers.LinkTypeLoop:
		if d.loopback.DecodeFromBytes(data, noFeedback) != nil {
			return nil, false
		}
		return d.loopback.Payload, isIPFamily(d.loopback.Family)
	case layers.LinkTypeRaw, linkRawOld, linkRawOpenBSD, layers.LinkTypeIPv4, layers.LinkTypeIPv6:
		return data, true
	case layers.LinkTypeLinuxSLL:
		if d.sll.DecodeFromBytes(data, noFeedback) != nil {
			return nil, false
		}
		return d.ofEthernetType(d.sll.EthernetType, d.sll.Payload)
	case layers.LinkTypeLinuxSLL2:
		if d.sll2.DecodeFromBytes(data, noFeedback) != nil {
			return nil, false
		}
		return d.ofEthernetType(d.sll2.ProtocolType, d.sll2.Payload)
	}
	return nil, false
}

// knownLink reports whether records of a link type can be read at all.
func knownLink(link layers.LinkType) bool {
	switch link {
	case layers.LinkTypeEthernet, layers.LinkTypeNull, layers.LinkTypeLoop,
		layers.LinkTypeRaw, linkRawOld, linkRawOpenBSD, layers.LinkTypeIPv4, layers.LinkTypeIPv6,
		layers.LinkTypeLinuxSLL, layers.LinkTypeLinuxSLL2:
		return true
	}
	return false
}

// ofEthernetType takes off any number of VLAN tags.
func (d *headerDecoder) ofEthernetType(t layers.EthernetType, payload []byte) (ip []byte, ok bool) {
	for {
		switch t {
		case layers.EthernetTypeIPv4, layers.EthernetTypeIPv6:
			return payload, true
		case layers.EthernetTypeDot1Q, layers.EthernetTypeQinQ, ethernetTypeQinQOld:
			if d.vlan.DecodeFromBytes(payload, noFeedback) != nil {
				return nil, false
			}
			t, payload = d.vlan.Type, d.vlan.Payload
		default:
			return nil, false
		}
	}
}

func isIPFamily(f layers.ProtocolFamily) bool {
	switch f {
	case familyIPv4, familyIPv6Linux, familyIPv6BSD, familyIPv6FreeBSD, familyIPv6Darwin:
		return true
	}
	return false
}
