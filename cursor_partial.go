package mqttwire

// ResetPartial is Reset for a packet that is not there whole: f.Body has the
// first bytes of its body, of the number that f.Header says. With it the
// variable header of a PUBLISH can be decoded before the payload is there.
//
// The part has to reach as far as the decoder reads or, if a length passes the
// end of the packet, up to that length; then every error is that of the whole
// packet. A field that the packet has but the part has not is taken as missing.
func (c *Cursor) ResetPartial(f Frame, t PacketType, v Version, tolerance *Tolerance) {
	h := f.Header
	beyond := int(h.RemainingLength) - len(f.Body)
	if beyond <= 0 {
		c.Reset(f, t, v, tolerance)
		return
	}
	f.Header.RemainingLength, f.Header.Size = uint32(len(f.Body)), 0
	c.Reset(f, t, v, tolerance)
	c.base, c.beyond = h.size(), beyond
	if v == V5 && c.base != 1+SizeVarint(h.RemainingLength) { // [MQTT-1.5.5-1]
		c.FailAt(RuleVarintMinimal, FieldRemainingLength, c.base-1, int64(h.RemainingLength))
	}
}
