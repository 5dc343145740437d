package pcap

import "encoding/binary"

// The ports of UDP on which packets are carried in packets. 8472 was Linux's for VXLAN
// before there was one.
const (
	portVXLAN      = 4789
	portVXLANLinux = 8472
	portGENEVE     = 6081
	portGTP        = 2152
)

// udp looks for a tunnel.
func udp(b []byte) (protocol, []byte) {
	if len(b) < 8 {
		return protoOther, nil
	}
	switch binary.BigEndian.Uint16(b[2:]) {
	case portVXLAN, portVXLANLinux:
		return vxlan(b[8:])
	case portGENEVE:
		return geneve(b[8:])
	case portGTP:
		return gtp(b[8:])
	}
	return protoOther, nil
}

// vxlan passes over the header of RFC 7348 section 5.
func vxlan(b []byte) (protocol, []byte) {
	const hasNetwork = 0x08
	if len(b) < 8 || b[0]&hasNetwork == 0 {
		return protoOther, nil
	}
	return protoEthernet, b[8:]
}

// geneve passes over the header of RFC 8926 section 3.4.
func geneve(b []byte) (protocol, []byte) {
	if len(b) < 8 || b[0]>>6 != 0 {
		return protoOther, nil
	}
	size := 8 + 4*int(b[0]&0x3F)
	if size > len(b) {
		return protoOther, nil
	}
	return ofEtherType(binary.BigEndian.Uint16(b[2:]), b[size:])
}

// gtp passes over the header of the user plane of mobile networks: 3GPP TS 29.281
// section 5.
func gtp(b []byte) (protocol, []byte) {
	const version1, optional, extended, userData = 0x30, 0x07, 0x04, 0xFF
	if len(b) < 8 || b[0]&0xF0 != version1 || b[1] != userData {
		return protoOther, nil
	}
	if b[0]&optional == 0 {
		return protoIP, b[8:]
	}
	if len(b) < 12 {
		return protoOther, nil
	}
	more := b[0]&extended != 0 && b[11] != 0
	for b = b[12:]; more; {
		if len(b) == 0 || b[0] == 0 || len(b) < 4*int(b[0]) {
			return protoOther, nil
		}
		size := 4 * int(b[0])
		more, b = b[size-1] != 0, b[size:]
	}
	return protoIP, b
}

// gre passes over the header of RFC 2784, 2890 and, for PPTP, 2637.
func gre(b []byte) (protocol, []byte) {
	const checksum, routing, key, sequence, ack = 0x80, 0x40, 0x20, 0x10, 0x80
	if len(b) < 4 || b[0]&routing != 0 {
		return protoOther, nil
	}
	version, size := b[1]&7, 4
	for _, flag := range [...]byte{checksum, key, sequence} {
		if b[0]&flag != 0 {
			size += 4
		}
	}
	if version == 1 && b[1]&ack != 0 {
		size += 4
	}
	if version > 1 || size > len(b) {
		return protoOther, nil
	}
	t := binary.BigEndian.Uint16(b[2:])
	if t == uint16(protoERSPAN2) && b[0]&sequence == 0 {
		return protoEthernet, b[size:] // the first version, which has no header of its own
	}
	return ofEtherType(t, b[size:])
}

// erspan passes over the header with which switches mirror frames.
func erspan(b []byte, size int) (protocol, []byte) {
	const more = 1 // in the third version, of a subheader of eight bytes
	if len(b) < size {
		return protoOther, nil
	}
	if size == 12 && b[11]&more != 0 {
		size += 8
	}
	return protoEthernet, b[min(size, len(b)):]
}

// authentication passes over an authentication header: RFC 4302 section 2.
func authentication(b []byte) (protocol, []byte) {
	if len(b) < 12 {
		return protoOther, nil
	}
	size := 4 * (int(b[1]) + 2)
	if size < 12 || size > len(b) {
		return protoOther, nil
	}
	return protoOfIP(b[0]), b[size:]
}

// extension passes over an extension header of IPv6: RFC 8200 section 4.
func extension(b []byte) (protocol, []byte) {
	if len(b) < 8 {
		return protoOther, nil
	}
	size := 8 * (int(b[1]) + 1)
	if size > len(b) {
		return protoOther, nil
	}
	return protoOfIP(b[0]), b[size:]
}
