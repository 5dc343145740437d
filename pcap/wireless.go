package pcap

import "encoding/binary"

// radiotap passes over what the radio says of a frame, whose length it tells.
func radiotap(b []byte) (protocol, []byte) {
	if len(b) < 4 || b[0] != 0 {
		return protoOther, nil
	}
	size := int(binary.LittleEndian.Uint16(b[2:]))
	if size < 8 || size > len(b) {
		return protoOther, nil
	}
	return protoWireless, b[size:]
}

// What the frame control field of IEEE 802.11 says of a frame, section 9.2.4.1.
const (
	wirelessTypeMask  = 0x0C
	wirelessData      = 0x08
	wirelessNoData    = 0x40
	wirelessQoS       = 0x80
	wirelessToDS      = 0x01
	wirelessFromDS    = 0x02
	wirelessProtected = 0x40
	wirelessOrder     = 0x80

	wirelessAggregate = 0x80 // in the QoS control field
)

// wireless passes over the header of a data frame of IEEE 802.11; aggregate says that
// several frames stand behind it.
func wireless(b []byte) (next protocol, rest []byte, aggregate bool) {
	if len(b) < 24 || b[0]&wirelessTypeMask != wirelessData || b[0]&wirelessNoData != 0 {
		return protoOther, nil, false
	}
	if b[1]&wirelessProtected != 0 {
		return protoEncrypted, nil, false
	}
	size := 24
	if b[1]&(wirelessToDS|wirelessFromDS) == wirelessToDS|wirelessFromDS {
		size += 6 // a fourth address
	}
	if b[0]&wirelessQoS != 0 {
		if len(b) < size+2 {
			return protoOther, nil, false
		}
		aggregate = b[size]&wirelessAggregate != 0
		if size += 2; b[1]&wirelessOrder != 0 {
			size += 4 // HT control
		}
	}
	if len(b) < size {
		return protoOther, nil, false
	}
	return protoLLC, b[size:], aggregate
}

// aggregated splits frames that were sent as one: each has two addresses, a length and
// padding to a multiple of 4. IEEE 802.11 section 9.3.2.2.
func aggregated(b []byte, take func(frame []byte)) {
	const header = 14
	for len(b) > header {
		size := int(binary.BigEndian.Uint16(b[12:]))
		end := min(header+size, len(b))
		take(b[header:end])
		b = b[min((header+size+3)&^3, len(b)):]
	}
}
