package capture

import "github.com/mqttwire/mqttwire"

// Two kinds of packets are none by the standard, and still tell where they end.

// cutUntyped cuts a packet of type 0, which is forbidden: section 2.1.2. Its length
// is as plain as that of others.
func cutUntyped(b []byte) (f mqttwire.Frame, rest []byte, err error) {
	h, err := untypedHeader(b)
	if err != nil {
		return f, b, err
	}
	n := h.PacketSize()
	if len(b) < n {
		return f, b, mqttwire.ErrIncomplete
	}
	return mqttwire.Frame{Header: h, Body: b[h.Size:n:n]}, b[n:], nil
}

// untypedHeader reads the fixed header of a packet of type 0, as that of another.
func untypedHeader(b []byte) (mqttwire.FixedHeader, error) {
	var start [1 + mqttwire.MaxVarintSize]byte
	n := copy(start[:], b)
	start[0] |= byte(mqttwire.PINGREQ) << 4
	h, _, err := mqttwire.ConsumeFixedHeader(start[:n])
	if e, ok := err.(*mqttwire.Error); ok {
		e.Type = 0
	}
	h.Type = 0
	return h, err
}

// unencoded returns the size of the CONNECT that b begins with if its remaining
// length is a plain byte of 128 or more, as devices write that do not know its
// encoding; else 0. The protocol name stands where only such a length leaves it.
func unencoded(b []byte) int {
	const bits7 = 0x80
	if len(b) < 2 || b[0]>>4 != byte(mqttwire.CONNECT) || b[1] < bits7 {
		return 0
	}
	for _, name := range [...]string{"\x00\x04MQTT", "\x00\x06MQIsdp"} {
		if len(b) >= 2+len(name) && string(b[2:2+len(name)]) == name {
			return 2 + int(b[1])
		}
	}
	return 0
}

// cutUnencoded cuts a CONNECT whose remaining length is not encoded; ok is false if
// b begins with none.
func cutUnencoded(b []byte) (f mqttwire.Frame, rest []byte, err error, ok bool) {
	n := unencoded(b)
	switch {
	case n == 0:
		return f, b, nil, false
	case len(b) < n:
		return f, b, mqttwire.ErrIncomplete, true
	}
	h, _, _ := mqttwire.ConsumeFixedHeader(b) // as the standard reads it: that length is the fault
	return mqttwire.Frame{Header: h, Body: b[2:n:n]}, b[n:], nil, true
}

// frameSize is mqttwire.FrameSize, for these two kinds too.
func frameSize(b []byte, first bool) (n int, err error) {
	if b[0]>>4 != 0 {
		if n = unencoded(b); first && n > 0 {
			return n, nil
		}
		return mqttwire.FrameSize(b)
	}
	h, err := untypedHeader(b)
	if err == mqttwire.ErrIncomplete {
		return max(len(b)+1, 2), err
	}
	return h.PacketSize(), err
}
