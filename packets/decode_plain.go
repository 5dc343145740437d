package packets

import "github.com/mqttwire/mqttwire"

// Decode goes one of two ways, as Append does. A packet that is legal at first
// sight is read straight on, by index and slice; that is the way of nearly every
// packet that ever arrives. Whatever is not sure there is left to decodeFrame,
// which reads the packet anew by a Cursor, names what is wrong and may still
// accept. What both can read they read alike: TestTheShortWaysDecode… compare
// them.
//
// The evidence: a Cursor costs some 5 ns to begin with and a call, with looks at
// its state before and after, for each field. Straight on, a SUBSCRIBE of ten
// filters takes 0.7 times as long, a SUBACK 0.6, a PUBACK with a property 0.9.
// The four packets that have a list begin alike, but each by itself: a function
// for that costs a SUBACK a tenth and an UNSUBACK a fifth.

// shortFrame reports whether f is a frame of type t with under 128 bytes of body,
// and plain. It is written so that it is inlined.
func shortFrame(f mqttwire.Frame, t mqttwire.PacketType, v mqttwire.Version) bool {
	n := len(f.Body)
	return n < 1<<7 && f.Header == (mqttwire.FixedHeader{Type: t, Flags: t.Flags(), Size: 2, RemainingLength: uint32(n)}) && v.Known()
}

// plainFrame reports whether f is a frame of type t with the flags that belong to
// it, and its remaining length as plainLength wants it.
func plainFrame(f mqttwire.Frame, t mqttwire.PacketType, v mqttwire.Version) bool {
	return f.Header.Type == t && f.Header.Flags == t.Flags() && plainLength(f) && v.Known()
}

// plainLength reports whether the remaining length is that of the body, and in
// its shortest form.
func plainLength(f mqttwire.Frame) bool {
	n := len(f.Body)
	return int(f.Header.RemainingLength) == n &&
		(n < 1<<7 && f.Header.Size == 2 || int(f.Header.Size) == 1+mqttwire.SizeVarint(f.Header.RemainingLength))
}

// plainID returns the packet identifier at the start of b; 0 if there is none.
func plainID(b []byte) uint16 {
	if len(b) < 2 {
		return 0
	}
	return uint16(b[1]) | uint16(b[0])<<8
}

// plainProperties reads the property list at the start of b, which is there in
// 5.0 only, and returns what follows it, or nil if something is not plain. It is
// written so that it is inlined; b is not nil.
func plainProperties(p *mqttwire.Properties, b []byte, owner mqttwire.PropertyOwner, v mqttwire.Version) (rest []byte) {
	if v == mqttwire.V5 {
		return plainProperties5(p, b, owner)
	}
	*p = mqttwire.Properties{}
	return b
}

func plainProperties5(p *mqttwire.Properties, b []byte, owner mqttwire.PropertyOwner) (rest []byte) {
	if len(b) > 0 && b[0] == 0 {
		*p = mqttwire.Properties{}
		return b[1:]
	}
	rest, err := p.Consume(b, owner)
	if err != nil {
		return nil
	}
	return rest
}

// plainCodeAndProperties reads the reason code at the start of b, which is not
// empty, and the property list of a packet of type t in 5.0, which may be left
// out.
func plainCodeAndProperties(p *mqttwire.Properties, b []byte, t mqttwire.PacketType) (code mqttwire.ReasonCode, ok bool) {
	code = mqttwire.ReasonCode(b[0])
	if !plainCode(code, t, mqttwire.V5) {
		return 0, false
	}
	if len(b) == 1 {
		*p = mqttwire.Properties{}
		return code, true
	}
	return code, plainTail(p, b[1:], mqttwire.PropertyOwner(t))
}

// plainTail reads the property list that a packet of 5.0 ends with.
func plainTail(p *mqttwire.Properties, b []byte, owner mqttwire.PropertyOwner) bool {
	rest, err := p.Consume(b, owner)
	return err == nil && len(rest) == 0
}

// plainField cuts the string or binary data at the start of b from what follows.
func plainField(b []byte) (s, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	n := 2 + (int(b[0])<<8 | int(b[1]))
	if n > len(b) {
		return nil, nil, false
	}
	return b[2:n:n], b[n:], true
}

// plainString is plainField for a UTF-8 string.
func plainString(b []byte, v mqttwire.Version) (s, rest []byte, ok bool) {
	s, rest, ok = plainField(b)
	return s, rest, ok && (mqttwire.PlainString(s) || mqttwire.CheckString(s, v) == nil)
}

// plainFilter is plainField for a topic filter that is not a shared one.
func plainFilter(b []byte, v mqttwire.Version) (s, rest []byte, ok bool) {
	s, rest, ok = plainField(b)
	return s, rest, ok && (mqttwire.PlainTopicFilter(s) || !mqttwire.IsSharedFilter(s) && mqttwire.CheckTopicFilter(s, v) == nil)
}

// plainReasonCodes makes dst, if it has room, the reason codes in b, and reports
// whether there is at least one and all are legal. Codes up to most are; only the
// others are looked up.
func plainReasonCodes(dst *[]mqttwire.ReasonCode, b []byte, most mqttwire.ReasonCode, t mqttwire.PacketType, v mqttwire.Version) bool {
	if len(b) == 0 || cap(*dst) < len(b) {
		return false
	}
	list := (*dst)[:len(b)]
	for i, c := range b {
		code := mqttwire.ReasonCode(c)
		if code > most && !code.AllowedIn(t, v, 0) {
			return false
		}
		list[i] = code
	}
	*dst = list
	return true
}
