package pcap

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire/capture"
)

// bytesOf are bytes as a layer.
func bytesOf(parts ...string) gopacket.Payload {
	var all gopacket.Payload
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// udpTo is a UDP header to a port.
func udpTo(port layers.UDPPort) *layers.UDP { return &layers.UDP{SrcPort: 50000, DstPort: port} }

// outer4 is a header of IPv4 between other machines.
func outer4(next layers.IPProtocol) *layers.IPv4 {
	h := ip4()
	h.SrcIP, h.DstIP, h.Protocol = []byte{198, 51, 100, 1}, []byte{198, 51, 100, 2}, next
	return h
}

func outer6(next layers.IPProtocol) *layers.IPv6 {
	h := ip6()
	h.SrcIP, h.DstIP, h.NextHeader = netip.MustParseAddr("2001:db8:f::1").AsSlice(), netip.MustParseAddr("2001:db8:f::2").AsSlice(), next
	return h
}

const (
	macs        = "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"
	snap        = "\xAA\xAA\x03\x00\x00\x00"
	ethernetIP4 = macs + "\x08\x00"
	dataFrame   = "\x08\x02\x00\x00" + macs + "\x02\x00\x00\x00\x00\x03\x10\x00" // from the access point
	qosFrame    = "\x88\x01\x00\x00" + macs + "\x02\x00\x00\x00\x00\x03\x10\x00"
)

func TestSegmentIsFoundInTunnelsAndOtherLinkLayers(t *testing.T) {
	v4, v6 := string(serialize(t, ip4(), tcp(), ping)), string(serialize(t, ip6(), tcp(), ping))
	raw, eth := layers.LinkTypeRaw, layers.LinkTypeEthernet
	inIP := func(next layers.IPProtocol, parts ...string) []byte {
		return serialize(t, outer4(next), bytesOf(parts...))
	}
	radiotapOf := func(frame ...string) []byte {
		return bytesOf(append([]string{"\x00\x00\x0C\x00\x04\x80\x00\x00\x02\x00\x18\x00"}, frame...)...)
	}
	for name, test := range map[string]struct {
		link layers.LinkType
		data []byte
		src  netip.AddrPort
	}{
		"IP in IP":                       {raw, inIP(4, v4), client4},
		"6in4":                           {raw, inIP(41, v6), client6},
		"4in6":                           {raw, serialize(t, outer6(4), bytesOf(v4)), client4},
		"GRE":                            {raw, serialize(t, outer4(47), &layers.GRE{Protocol: layers.EthernetTypeIPv4}, bytesOf(v4)), client4},
		"GRE with all fields":            {raw, serialize(t, outer4(47), &layers.GRE{Protocol: layers.EthernetTypeIPv6, ChecksumPresent: true, KeyPresent: true, SeqPresent: true}, bytesOf(v6)), client6},
		"GRE with Ethernet":              {raw, serialize(t, outer4(47), &layers.GRE{Protocol: layers.EthernetTypeTransparentEthernetBridging}, bytesOf(ethernetIP4, v4)), client4},
		"PPTP":                           {raw, inIP(47, "\x30\x81\x88\x0B\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01", "\xFF\x03\x00\x21", v4), client4},
		"ERSPAN, first version":          {raw, inIP(47, "\x00\x00\x88\xBE", ethernetIP4, v4), client4},
		"ERSPAN, second version":         {raw, inIP(47, "\x10\x00\x88\xBE\x00\x00\x00\x01\x10\x00\x00\x00\x00\x00\x00\x00", ethernetIP4, v4), client4},
		"ERSPAN, third version":          {raw, inIP(47, "\x10\x00\x22\xEB\x00\x00\x00\x01\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", ethernetIP4, v4), client4},
		"ERSPAN with a subheader":        {raw, inIP(47, "\x10\x00\x22\xEB\x00\x00\x00\x01\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00", ethernetIP4, v4), client4},
		"VXLAN":                          {raw, serialize(t, outer4(17), udpTo(4789), &layers.VXLAN{ValidIDFlag: true, VNI: 7}, bytesOf(ethernetIP4, v4)), client4},
		"VXLAN on the older port":        {raw, serialize(t, outer6(17), udpTo(8472), &layers.VXLAN{ValidIDFlag: true}, bytesOf(ethernetIP4, v4)), client4},
		"VXLAN in VXLAN":                 {raw, serialize(t, outer4(17), udpTo(4789), &layers.VXLAN{ValidIDFlag: true}, ethernet(layers.EthernetTypeIPv4), outer4(17), udpTo(4789), &layers.VXLAN{ValidIDFlag: true}, bytesOf(ethernetIP4, v4)), client4},
		"GENEVE":                         {raw, serialize(t, outer4(17), udpTo(6081), bytesOf("\x01\x00\x65\x58\x00\x00\x07\x00\x00\x00\x00\x00", ethernetIP4, v4)), client4},
		"GTP":                            {raw, serialize(t, outer4(17), udpTo(2152), bytesOf("\x30\xFF\x00\x2A\x00\x00\x00\x07", v4)), client4},
		"GTP with an extension":          {raw, serialize(t, outer4(17), udpTo(2152), bytesOf("\x34\xFF\x00\x2A\x00\x00\x00\x07\x00\x00\x00\x85\x01\x00\x05\x00", v6)), client6},
		"GTP with two extensions":        {raw, serialize(t, outer4(17), udpTo(2152), bytesOf("\x34\xFF\x00\x2E\x00\x00\x00\x07\x00\x00\x00\x85\x01\x00\x05\x40\x01\x00\x00\x00", v6)), client6},
		"authentication header":          {raw, inIP(51, "\x06\x04\x00\x00\x00\x00\x01\x00\x00\x00\x00\x01", "integrity 12", v4[20:]), netip.MustParseAddrPort("198.51.100.1:40000")},
		"MPLS":                           {eth, serialize(t, ethernet(0x8847), &layers.MPLS{Label: 16, TTL: 64}, &layers.MPLS{Label: 17, StackBottom: true, TTL: 64}, bytesOf(v4)), client4},
		"MPLS, IPv6":                     {eth, serialize(t, ethernet(0x8848), &layers.MPLS{Label: 17, StackBottom: true, TTL: 64}, bytesOf(v6)), client6},
		"MPLS with a pseudowire":         {eth, serialize(t, ethernet(0x8847), &layers.MPLS{Label: 17, StackBottom: true}, bytesOf("\x00\x00\x00\x00", ethernetIP4, v4)), client4},
		"MPLS in IP":                     {raw, inIP(137, "\x00\x01\x11\x40", v4), client4},
		"PPPoE":                          {eth, serialize(t, ethernet(0x8864), bytesOf("\x11\x00\x00\x01\x00\x2C\x00\x21", v4)), client4},
		"PPPoE in a VLAN":                {eth, serialize(t, ethernet(0x8100), &layers.Dot1Q{VLANIdentifier: 7, Type: 0x8864}, bytesOf("\x11\x00\x00\x01\x00\x40\x57", v6)), client6},
		"PPP":                            {layers.LinkTypePPP, bytesOf("\xFF\x03\x00\x21", v4), client4},
		"PPP, compressed":                {layers.LinkTypePPP, bytesOf("\x57", v6), client6},
		"PPP in HDLC":                    {50, bytesOf("\xFF\x03\x00\x57", v6), client6},
		"PPP with the direction":         {204, bytesOf("\x01\xFF\x03\x00\x21", v4), client4},
		"PPP with MPLS":                  {layers.LinkTypePPP, bytesOf("\xFF\x03\x02\x81\x00\x01\x11\x40", v4), client4},
		"PPPoE alone":                    {51, bytesOf("\x11\x00\x00\x01\x00\x2C\x00\x21", v4), client4},
		"Cisco HDLC":                     {layers.LinkTypeC_HDLC, bytesOf("\x0F\x00\x08\x00", v4), client4},
		"Ethernet with logical link":     {eth, bytesOf(macs, "\x00\x32", snap, "\x08\x00", v4), client4},
		"Wi-Fi":                          {layers.LinkTypeIEEE802_11, bytesOf(dataFrame, snap, "\x08\x00", v4, "FCS!"), client4},
		"Wi-Fi with QoS":                 {layers.LinkTypeIEEE802_11, bytesOf(qosFrame, "\x00\x00", snap, "\x86\xDD", v6), client6},
		"Wi-Fi with HT control":          {layers.LinkTypeIEEE802_11, bytesOf("\x88\x82", qosFrame[2:], "\x00\x00HTHT", snap, "\x08\x00", v4), client4},
		"Wi-Fi between access points":    {layers.LinkTypeIEEE802_11, bytesOf("\x08\x03", dataFrame[2:], macs[:6], snap, "\x08\x00", v4), client4},
		"Wi-Fi in one of several frames": {layers.LinkTypeIEEE802_11, bytesOf(qosFrame, "\x80\x00", macs, "\x00\x03", "ABC", "pad", macs, "\x00\x32", snap, "\x08\x00", v4), client4},
		"radiotap":                       {layers.LinkTypeIEEE80211Radio, radiotapOf(dataFrame, snap, "\x08\x00", v4), client4},
		"NFLOG":                          {239, bytesOf("\x02\x00\x00\x01", "\x08\x00\x01\x00\x08\x00\x01\x00", "\x05\x00\x0A\x00\x00\x00\x00\x00", "\x2E\x00\x09\x00", v4), client4},
		"NFLOG of a big-endian machine":  {239, bytesOf("\x0A\x00\x00\x01", "\x00\x08\x00\x01\x08\x00\x01\x00", "\x00\x42\x00\x09", v6), client6},
		"PFLOG":                          {layers.LinkTypePFLog, bytesOf("\x3D\x02", string(make([]byte, 62)), v4), client4},
		"PFLOG, IPv6":                    {layers.LinkTypePFLog, bytesOf("\x3D\x18", string(make([]byte, 62)), v6), client6},
		"exported IP":                    {252, bytesOf("\x00\x0C\x00\x02ip", "\x00\x00\x00\x00", v4), client4},
		"exported Ethernet":              {252, bytesOf("\x00\x0C\x00\x10eth_withoutfcs\x00\x00", "\x00\x00\x00\x00", ethernetIP4, v4), client4},
		"exported payload": {252, bytesOf("\x00\x0C\x00\x04mqtt", "\x00\x14\x00\x04\xC0\x00\x02\x01", "\x00\x15\x00\x04\xC0\x00\x02\x02",
			"\x00\x19\x00\x04\x00\x00\x9C\x40", "\x00\x1A\x00\x04\x00\x00\x07\x5B", "\x00\x00\x00\x00", string(ping)), client4},
	} {
		t.Run(name, func(t *testing.T) {
			s, ok := segmentIn(test.link, test.data)
			require.True(t, ok)
			assert.Equal(t, test.src, s.Src)
			assert.Equal(t, uint16(1883), s.Dst.Port())
			assert.Equal(t, []byte(ping), s.Payload)
			assert.Zero(t, s.Missing)
			for n := range test.data {
				segmentIn(test.link, test.data[:n:n]) // must not panic
			}
		})
	}
}

func TestWhatLeadsToNoTCPIsCountedByWhatItIs(t *testing.T) {
	v4 := string(serialize(t, ip4(), tcp(), ping))
	whole := Records{Total: 1}
	with := func(f func(*Records)) Records {
		r := whole
		f(&r)
		return r
	}
	other := with(func(r *Records) { r.Other = 1 })
	for name, test := range map[string]struct {
		link layers.LinkType
		data []byte
		want Records
	}{
		"TCP":                           {layers.LinkTypeRaw, []byte(v4), with(func(r *Records) { r.TCP = 1 })},
		"UDP":                           {layers.LinkTypeRaw, serialize(t, outer4(17), udpTo(53), ping), other},
		"ESP":                           {layers.LinkTypeRaw, serialize(t, outer4(50), bytesOf(v4)), with(func(r *Records) { r.Encrypted = 1 })},
		"encrypted Wi-Fi":               {layers.LinkTypeIEEE802_11, bytesOf("\x08\x42", dataFrame[2:], snap, "\x08\x00", v4), with(func(r *Records) { r.Encrypted = 1 })},
		"a beacon":                      {layers.LinkTypeIEEE802_11, bytesOf("\x80\x00", dataFrame[2:], snap, "\x08\x00", v4), other},
		"Wi-Fi without data":            {layers.LinkTypeIEEE802_11, bytesOf("\x48\x01", dataFrame[2:], snap, "\x08\x00", v4), other},
		"another link type":             {148, []byte(v4), with(func(r *Records) { r.UnknownLink = 1 })},
		"ARP":                           {layers.LinkTypeEthernet, serialize(t, ethernet(0x0806), make(gopacket.Payload, 28)), other},
		"spanning tree":                 {layers.LinkTypeEthernet, bytesOf(macs, "\x00\x26\x42\x42\x03", string(make([]byte, 40))), other},
		"PPPoE of another version":      {layers.LinkTypeEthernet, serialize(t, ethernet(0x8864), bytesOf("\x21\x00\x00\x01\x00\x2C\x00\x21", v4)), other},
		"link control of PPP":           {layers.LinkTypePPP, bytesOf("\xFF\x03\xC0\x21\x01\x01\x00\x04", v4), other},
		"VXLAN without a network":       {layers.LinkTypeRaw, serialize(t, outer4(17), udpTo(4789), bytesOf("\x00\x00\x00\x00\x00\x00\x07\x00", ethernetIP4, v4)), other},
		"GRE with source routes":        {layers.LinkTypeRaw, serialize(t, outer4(47), bytesOf("\x40\x00\x08\x00\x00\x00\x00\x00", v4)), other},
		"MPLS with something else":      {layers.LinkTypeEthernet, serialize(t, ethernet(0x8847), bytesOf("\x00\x01\x11\x40\x55", v4)), other},
		"exported, of another protocol": {252, bytesOf("\x00\x0C\x00\x03dns", "\x00\x00\x00\x00", v4), other},
		"exported, cut":                 {252, bytesOf("\x00\x0C\x00\x0Fip", "\x00\x00"), other},
		"a header length below 20":      {layers.LinkTypeRaw, append([]byte{0x44}, v4[1:]...), other},
		"a total length below that":     {layers.LinkTypeRaw, append([]byte("\x45\x00\x00\x13"), v4[4:]...), other},
		"a TCP header below 20":         {layers.LinkTypeRaw, append(append([]byte(v4[:32]), 0x40), v4[33:]...), other},
	} {
		d := headerDecoder{add: func(capture.Segment) {}}
		d.decode(&record{link: test.link, data: test.data, wireSize: len(test.data)}, 0)
		assert.Equal(t, test.want, d.counts, name)
	}
}

func TestHeadersAreNotPassedOverWithoutEnd(t *testing.T) {
	b := []byte(serialize(t, ip4(), tcp(), ping))
	for range 2 * maxLayers {
		b = append(bytesOf("\x00\x07\x08\x00"), b...)
		binary.BigEndian.PutUint16(b[2:], 0x8100)
	}
	_, ok := segmentIn(layers.LinkTypeEthernet, append([]byte(macs+"\x81\x00"), b...))
	assert.False(t, ok)
}

func TestSegmentCutInATunnelTellsWhatIsMissing(t *testing.T) {
	whole := serialize(t, outer4(4), bytesOf(string(serialize(t, ip4(), tcp(), bytesOf("0123456789")))))
	s, ok := segmentOf(&record{link: layers.LinkTypeRaw, data: whole[:len(whole)-7], wireSize: len(whole)})
	require.True(t, ok)
	assert.Equal(t, "012", string(s.Payload))
	assert.Equal(t, 7, s.Missing)
}

// TestRecordsOfAnyBytesAreTaken gives any bytes to each link type.
func TestRecordsOfAnyBytesAreTaken(t *testing.T) {
	d := headerDecoder{add: func(s capture.Segment) {
		if s.Missing < 0 {
			t.Fatal("a negative number of bytes is missing")
		}
	}}
	rapid.Check(t, func(rt *rapid.T) {
		for link := range layers.LinkType(len(linkProtocols)) {
			b := rapid.SliceOfN(rapid.Byte(), 0, 80).Draw(rt, "bytes")
			d.decode(&record{link: link, data: b[:len(b):len(b)], wireSize: len(b) + rapid.IntRange(-5, 5).Draw(rt, "more")}, 0)
		}
	})
}

func TestExportedPayloadsAreRememberedInBoundedMemory(t *testing.T) {
	d := headerDecoder{add: func(capture.Segment) {}}
	for i := range 3 * maxExported {
		data := bytesOf("\x00\x0C\x00\x04mqtt", "\x00\x14\x00\x04\x0A", string([]byte{byte(i >> 16), byte(i >> 8), byte(i)}), "\x00\x15\x00\x04\xC0\x00\x02\x02",
			"\x00\x19\x00\x04\x00\x00\x9C\x40", "\x00\x1A\x00\x04\x00\x00\x07\x5B", "\x00\x00\x00\x00", string(ping))
		d.decode(&record{link: linkExportedPDU, data: data, wireSize: len(data)}, 0)
		require.LessOrEqual(t, len(d.exported.next), maxExported)
	}
	assert.Equal(t, 3*maxExported, d.counts.TCP)
}

func TestExportedPayloadsAreConnections(t *testing.T) {
	pdu := func(src, dst byte, srcPort, dstPort string, payload string) []byte {
		return bytesOf("\x00\x0E\x00\x08tcp.port", "\x00\x14\x00\x04\xC0\x00\x02", string([]byte{src}), "\x00\x15\x00\x04\xC0\x00\x02", string([]byte{dst}),
			"\x00\x19\x00\x04\x00\x00", srcPort, "\x00\x1A\x00\x04\x00\x00", dstPort, "\x00\x00\x00\x00", payload)
	}
	client := func(payload string) []byte { return pdu(1, 2, "\x9C\x40", "\x46\x50", payload) }
	server := func(payload string) []byte { return pdu(2, 1, "\x46\x50", "\x9C\x40", payload) }
	file := pcapFile(binary.LittleEndian, magicMicroseconds, linkExportedPDU, 0,
		client(connect5), server(connack5), client(publish5), client(pingreq),
		client(connect311), server("\x20\x02\x00\x00"), client(pingreq))
	events, err := read(t, file, capture.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{
		"1/0 client CONNECT 5.0", "2/0 server CONNACK 5.0", "3/0 client PUBLISH 5.0", "4/0 client PINGREQ 5.0",
		"5/1 client CONNECT 3.1.1", "6/1 server CONNACK 3.1.1", "7/1 client PINGREQ 3.1.1",
	}, tell(events))
}
