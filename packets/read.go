package packets

import "github.com/mqttwire/mqttwire"

// Each packet is read by one function, its method decode, for every use. The
// Judge it is given hears of broken rules: Decode gives none, and if decode says
// no, once more one that tells which rule it was; with a Tolerance the Judge may
// let it go on. What is plain is read where it stands, by the functions below,
// which are inlined; what is not gets its own closer look, by the functions of
// wire. The four packets that have a list begin alike, but each by itself.
//
// With a Judge nothing is plain: it reads each field itself, or is told of it by
// wire.Saw, as AppendFields asks where they stand.

// plainFrame reports whether f is a frame of type t with under 128 bytes of body,
// and plain. One that was never on a wire has no size of its own, and is as good.
// It does not ask whether v has packets of type t: a type that not all versions
// have asks that first, as AUTH does.
func plainFrame(f mqttwire.Frame, t mqttwire.PacketType, v mqttwire.Version) bool {
	n, h := len(f.Body), f.Header
	h.Size |= 2
	return n < 1<<7 && h == (mqttwire.FixedHeader{Type: t, Flags: t.Flags(), Size: 2, RemainingLength: uint32(n)}) && v.Known()
}

// plainLength reports whether the remaining length is that of the body, and in
// its shortest form.
func plainLength(f mqttwire.Frame) bool {
	n := len(f.Body)
	return int(f.Header.RemainingLength) == n &&
		(f.Header.Size == 2 && n < 1<<7 || f.Header.Size == 0 || int(f.Header.Size) == 1+mqttwire.SizeVarint(f.Header.RemainingLength))
}

// plainID returns the packet identifier at the start of b; 0 if there is none.
func plainID(b []byte) uint16 {
	if len(b) < 2 {
		return 0
	}
	return uint16(b[1]) | uint16(b[0])<<8
}

// fieldEnd returns where the string or binary data at the start of b ends; 0 if b
// ends first.
func fieldEnd(b []byte) int {
	if len(b) >= 2 {
		if n := 2 + (int(b[0])<<8 | int(b[1])); n <= len(b) {
			return n
		}
	}
	return 0
}

// readProperties makes p the list of owner that stands at the start of b, and
// returns what follows it, or nil if the packet was refused; before 5.0 there is
// none.
func readProperties(p *mqttwire.Properties, b []byte, owner mqttwire.PropertyOwner, v mqttwire.Version, j *mqttwire.Judge) (rest []byte) {
	if v == mqttwire.V5 {
		return wire.Properties(j, p, b, owner)
	}
	*p = mqttwire.Properties{}
	return b
}

// entries returns how many strings, each with some more bytes behind it, are in
// b, as far as their lengths tell: so a list can be made at once, of a size that
// the bytes that have arrived vouch for.
func entries(b []byte, more int) (n int) {
	for len(b) >= 2 {
		size := 2 + (int(b[0])<<8 | int(b[1])) + more
		if size > len(b) {
			break
		}
		b = b[size:]
		n++
	}
	return n
}

// decodeCodes makes dst the reason codes in b, of which those up to most are
// legal; only the others are looked up.
func decodeCodes(dst *[]mqttwire.ReasonCode, b []byte, most mqttwire.ReasonCode, t mqttwire.PacketType, v mqttwire.Version, j *mqttwire.Judge) bool {
	if cap(*dst) < len(b) {
		// Each code is a byte that has arrived: a length that is declared takes no memory.
		*dst = append((*dst)[:0], make([]mqttwire.ReasonCode, len(b))...)
	}
	list := (*dst)[:len(b)]
	*dst = list
	if j != nil {
		sawCodes(b, j)
	}
	for i, c := range b {
		code := mqttwire.ReasonCode(c)
		if code > most && !code.AllowedIn(t, v, 0) {
			return judgeCodes(list, b, i, t, v, j)
		}
		list[i] = code
	}
	return true
}

// sawCodes tells the Judge of the reason codes in b.
func sawCodes(b []byte, j *mqttwire.Judge) {
	for i := range b {
		wire.Saw(j, mqttwire.FieldReasonCode, b[i:], 0, 1)
	}
}

// judgeCodes is decodeCodes from the code at i on, which is not legal.
func judgeCodes(list []mqttwire.ReasonCode, b []byte, i int, t mqttwire.PacketType, v mqttwire.Version, j *mqttwire.Judge) bool {
	for ; i < len(b); i++ {
		list[i] = mqttwire.ReasonCode(b[i])
		if !list[i].AllowedIn(t, v, 0) && !wire.Pass(j, mqttwire.RuleReasonCode, mqttwire.FieldReasonCode, b[i:], int64(b[i])) {
			return false
		}
	}
	return true
}
