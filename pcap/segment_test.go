package pcap

import (
	"net"
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/capture"
)

var (
	mac     = net.HardwareAddr{2, 0, 0, 0, 0, 1}
	client4 = netip.MustParseAddrPort("192.0.2.1:40000")
	server4 = netip.MustParseAddrPort("192.0.2.2:1883")
	client6 = netip.MustParseAddrPort("[2001:db8::1]:40000")
	server6 = netip.MustParseAddrPort("[2001:db8::2]:1883")
)

// serialize puts layers together; lengths are filled in, checksums are not, as
// on a machine whose network card does that.
func serialize(t testing.TB, stack ...gopacket.SerializableLayer) []byte {
	t.Helper()
	b := gopacket.NewSerializeBuffer()
	require.NoError(t, gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true}, stack...))
	return b.Bytes()
}

func ip4() *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: net.IP(client4.Addr().AsSlice()), DstIP: net.IP(server4.Addr().AsSlice())}
}

func ip6() *layers.IPv6 {
	return &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: layers.IPProtocolTCP, SrcIP: net.IP(client6.Addr().AsSlice()), DstIP: net.IP(server6.Addr().AsSlice())}
}

func tcp() *layers.TCP {
	return &layers.TCP{SrcPort: 40000, DstPort: 1883, Seq: 1000, ACK: true, PSH: true}
}

func ethernet(t layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: mac, DstMAC: mac, EthernetType: t}
}

var ping = gopacket.Payload{0xC0, 0x00}

// segmentIn finds the segment in a record that is whole.
func segmentIn(link layers.LinkType, b []byte) (capture.Segment, bool) {
	return segmentOf(&record{link: link, data: b, wireSize: len(b)})
}

// segmentOf finds the only segment in a record.
func segmentOf(r *record) (s capture.Segment, ok bool) {
	d := headerDecoder{add: func(found capture.Segment) { s, ok = found, true }}
	d.decode(r, 0)
	return s, ok
}

func TestSegmentIsFoundInEveryLinkLayer(t *testing.T) {
	v4 := serialize(t, ip4(), tcp(), ping)
	v6 := serialize(t, ip6(), tcp(), ping)
	family := func(b ...byte) gopacket.SerializableLayer { return gopacket.Payload(b) }
	sll := func(proto uint16) gopacket.SerializableLayer {
		return gopacket.Payload{0, 0, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, byte(proto >> 8), byte(proto)}
	}
	sll2 := func(proto uint16) gopacket.SerializableLayer {
		return gopacket.Payload{byte(proto >> 8), byte(proto), 0, 0, 0, 0, 0, 1, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0}
	}
	tag := func(next layers.EthernetType) *layers.Dot1Q { return &layers.Dot1Q{VLANIdentifier: 7, Type: next} }
	for name, test := range map[string]struct {
		link layers.LinkType
		data []byte
		src  netip.AddrPort
	}{
		"Ethernet, IPv4":        {layers.LinkTypeEthernet, serialize(t, ethernet(layers.EthernetTypeIPv4), gopacket.Payload(v4)), client4},
		"Ethernet, IPv6":        {layers.LinkTypeEthernet, serialize(t, ethernet(layers.EthernetTypeIPv6), gopacket.Payload(v6)), client6},
		"VLAN":                  {layers.LinkTypeEthernet, serialize(t, ethernet(layers.EthernetTypeDot1Q), tag(layers.EthernetTypeIPv4), gopacket.Payload(v4)), client4},
		"802.1ad over 802.1Q":   {layers.LinkTypeEthernet, serialize(t, ethernet(layers.EthernetTypeQinQ), tag(layers.EthernetTypeDot1Q), tag(layers.EthernetTypeIPv6), gopacket.Payload(v6)), client6},
		"old stacked VLAN":      {layers.LinkTypeEthernet, serialize(t, ethernet(0x9100), tag(layers.EthernetTypeIPv4), gopacket.Payload(v4)), client4},
		"NULL, little-endian":   {layers.LinkTypeNull, serialize(t, family(2, 0, 0, 0), gopacket.Payload(v4)), client4},
		"NULL, big-endian":      {layers.LinkTypeNull, serialize(t, family(0, 0, 0, 2), gopacket.Payload(v4)), client4},
		"NULL, IPv6 of Linux":   {layers.LinkTypeNull, serialize(t, family(10, 0, 0, 0), gopacket.Payload(v6)), client6},
		"NULL, IPv6 of NetBSD":  {layers.LinkTypeNull, serialize(t, family(24, 0, 0, 0), gopacket.Payload(v6)), client6},
		"NULL, IPv6 of FreeBSD": {layers.LinkTypeNull, serialize(t, family(28, 0, 0, 0), gopacket.Payload(v6)), client6},
		"NULL, IPv6 of macOS":   {layers.LinkTypeNull, serialize(t, family(0, 0, 0, 30), gopacket.Payload(v6)), client6},
		"LOOP":                  {layers.LinkTypeLoop, serialize(t, family(0, 0, 0, 24), gopacket.Payload(v6)), client6},
		"RAW 101":               {layers.LinkTypeRaw, v4, client4},
		"RAW 12":                {12, v6, client6},
		"RAW 14":                {14, v4, client4},
		"IPv4 228":              {layers.LinkTypeIPv4, v4, client4},
		"IPv6 229":              {layers.LinkTypeIPv6, v6, client6},
		"SLL":                   {layers.LinkTypeLinuxSLL, serialize(t, sll(0x0800), gopacket.Payload(v4)), client4},
		"SLL, IPv6 in a VLAN":   {layers.LinkTypeLinuxSLL, serialize(t, sll(0x8100), tag(layers.EthernetTypeIPv6), gopacket.Payload(v6)), client6},
		"SLL2":                  {layers.LinkTypeLinuxSLL2, serialize(t, sll2(0x86DD), gopacket.Payload(v6)), client6},
	} {
		t.Run(name, func(t *testing.T) {
			s, ok := segmentIn(test.link, test.data)
			require.True(t, ok)
			assert.True(t, knownLink(test.link))
			assert.Equal(t, test.src, s.Src)
			assert.Equal(t, uint16(1883), s.Dst.Port())
			assert.Equal(t, []byte(ping), s.Payload, "padding of the link layer is no payload")
			assert.Zero(t, s.Missing)
			assert.Equal(t, uint32(1000), s.Seq)

			for n := range test.data {
				segmentIn(test.link, test.data[:n]) // must not panic
			}
		})
	}
}

func TestSegmentIsFoundBehindHeaderExtensions(t *testing.T) {
	options := ip4()
	options.Options = []layers.IPv4Option{{OptionType: 7, OptionLength: 7, OptionData: make([]byte, 5)}}
	tcpOptions := tcp()
	tcpOptions.Options = []layers.TCPOption{{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: make([]byte, 8)}}
	hopByHop := ip6()
	hopByHop.NextHeader = layers.IPProtocolIPv6HopByHop
	routed := ip6()
	routed.NextHeader = layers.IPProtocolIPv6Routing
	whole := ip6()
	whole.NextHeader = layers.IPProtocolIPv6Fragment
	extension := func(next layers.IPProtocol) gopacket.Payload {
		return gopacket.Payload{byte(next), 0, 1, 4, 0, 0, 0, 0}
	}
	for name, b := range map[string][]byte{
		"IPv4 options":                 serialize(t, options, tcp(), ping),
		"TCP options":                  serialize(t, ip4(), tcpOptions, ping),
		"hop-by-hop options":           serialize(t, hopByHop, extension(layers.IPProtocolTCP), tcp(), ping),
		"hop-by-hop, then destination": serialize(t, hopByHop, extension(layers.IPProtocolIPv6Destination), extension(layers.IPProtocolTCP), tcp(), ping),
		"routing":                      serialize(t, routed, extension(layers.IPProtocolTCP), tcp(), ping),
		"the only fragment":            serialize(t, whole, &layers.IPv6Fragment{NextHeader: layers.IPProtocolTCP}, tcp(), ping),
	} {
		t.Run(name, func(t *testing.T) {
			s, ok := segmentIn(layers.LinkTypeRaw, b)
			require.True(t, ok)
			assert.Equal(t, []byte(ping), s.Payload)
			assert.Zero(t, s.Missing)
		})
	}
}

func TestSegmentThatIsNone(t *testing.T) {
	later := ip4()
	later.FragOffset = 1
	later6 := ip6()
	later6.NextHeader = layers.IPProtocolIPv6Fragment
	udp := ip4()
	udp.Protocol = layers.IPProtocolUDP
	for name, test := range map[string]struct {
		link layers.LinkType
		data []byte
	}{
		"a later fragment":         {layers.LinkTypeRaw, serialize(t, later, tcp(), ping)},
		"a later fragment of IPv6": {layers.LinkTypeRaw, serialize(t, later6, &layers.IPv6Fragment{NextHeader: layers.IPProtocolTCP, FragmentOffset: 1}, tcp(), ping)},
		"UDP":                      {layers.LinkTypeRaw, serialize(t, udp, &layers.UDP{SrcPort: 1, DstPort: 2}, ping)},
		"ARP":                      {layers.LinkTypeEthernet, serialize(t, ethernet(layers.EthernetTypeARP), make(gopacket.Payload, 28))},
		"nothing":                  {layers.LinkTypeRaw, nil},
		"neither IPv4 nor IPv6":    {layers.LinkTypeRaw, make([]byte, 60)},
		"family of another kind":   {layers.LinkTypeNull, append([]byte{7, 0, 0, 0}, serialize(t, ip4(), tcp(), ping)...)},
		"an unknown link type":     {148, serialize(t, ip4(), tcp(), ping)},
	} {
		t.Run(name, func(t *testing.T) {
			_, ok := segmentIn(test.link, test.data)
			assert.False(t, ok)
		})
	}
}

func TestSegmentCutByTheSnapLengthTellsWhatIsMissing(t *testing.T) {
	payload := gopacket.Payload("0123456789")
	for name, whole := range map[string][]byte{
		"IPv4": serialize(t, ip4(), tcp(), payload),
		"IPv6": serialize(t, ip6(), tcp(), payload),
	} {
		t.Run(name, func(t *testing.T) {
			s, ok := segmentOf(&record{link: layers.LinkTypeRaw, data: whole[:len(whole)-7], wireSize: len(whole)})
			require.True(t, ok)
			assert.Equal(t, "012", string(s.Payload))
			assert.Equal(t, 7, s.Missing)
		})
	}
}

func TestSegmentWithoutIPLengthTakesTheRecords(t *testing.T) {
	v4, v6 := serialize(t, ip4(), tcp(), ping), serialize(t, ip6(), tcp(), ping)
	v4[2], v4[3] = 0, 0
	v6[4], v6[5] = 0, 0
	for name, b := range map[string][]byte{"IPv4": v4, "IPv6": v6} {
		t.Run(name, func(t *testing.T) {
			s, ok := segmentIn(layers.LinkTypeRaw, b)
			require.True(t, ok)
			assert.Equal(t, []byte(ping), s.Payload)
			s, ok = segmentOf(&record{link: layers.LinkTypeRaw, data: b, wireSize: len(b) + 5})
			require.True(t, ok)
			assert.Equal(t, 5, s.Missing)
		})
	}
}

func TestATCPHeaderThatIsCutTellsWhatIsMissingOfThePayload(t *testing.T) {
	options := tcp()
	options.Options = []layers.TCPOption{{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: make([]byte, 8)}}
	whole := serialize(t, ip4(), options, gopacket.Payload("0123456789"))
	s, ok := segmentOf(&record{link: layers.LinkTypeRaw, data: whole[:20+24], wireSize: len(whole)})
	require.True(t, ok)
	assert.Empty(t, s.Payload)
	assert.Equal(t, 10, s.Missing, "the rest of the header is no payload")
}
