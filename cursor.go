package mqttwire

// Cursor walks over the fields of one packet, from the first byte after the
// fixed header. It is sticky: after the first broken rule every read returns
// zero, and Err says what was wrong, so that a decoder is a straight line with
// one check at its end. It never reads outside the frame.
//
// A rule that a Tolerance lets pass does not count as broken: the
// reads go on with what is there, whatever it is.
//
// It is what the packets are decoded with; those who cut their own packets from
// frames may use it too.
type Cursor struct {
	body    []byte // pos <= len(body); after a broken rule pos == len(body)
	pos     int
	base    int // the size of the fixed header, which is the offset of body[0]
	typ     PacketType
	flags   uint8
	version Version
	beyond  int // bytes of the packet that follow body: see ResetPartial
	err     *Error

	tolerance *Tolerance // nil: every broken rule counts
}

// NewCursor returns a Cursor over f, which is to be a packet of type t in
// version v. The cursor starts as failed if v is not known, if f is of another
// type or one that v does not have, if its remaining length does not fit its
// body or is written too long, or if its flags are not those of t. For CONNECT,
// which tells its own version, v may be 0; see Connect.
func NewCursor(f Frame, t PacketType, v Version) Cursor {
	var c Cursor
	c.Reset(f, t, v, nil)
	return c
}

// Reset makes c what NewCursor returns, and in its place: a copy of a Cursor
// costs as much as decoding a small packet. What the tolerance lets pass does not
// count as broken; nil is the strict way.
func (c *Cursor) Reset(f Frame, t PacketType, v Version, tolerance *Tolerance) {
	c.body, c.pos, c.base = f.Body, 0, f.Header.size()
	c.typ, c.flags, c.version = t, f.Header.Flags, v
	c.beyond, c.err, c.tolerance = 0, nil, tolerance
	n := len(f.Body)
	if n >= 1<<7 || f.Header != (FixedHeader{t, t.Flags(), 2, uint32(n)}) || !v.Known() || t == AUTH {
		c.checkFrame(f.Header)
	}
}

// checkFrame checks the fixed header h, of which Reset has seen no more than that
// it is not of the commonest form.
func (c *Cursor) checkFrame(h FixedHeader) {
	if !h.plain(c.typ, len(c.body)) || !c.typ.Known(c.version) {
		c.frameFault(h)
	}
}

// frameFault says what is wrong with the fixed header h. MQTT 3.1 calls the
// flags of most packets unused and leaves them to be ignored (section 2.1);
// whether a CONNECT is of 3.1, only SetVersion will tell.
func (c *Cursor) frameFault(h FixedHeader) {
	connect := c.typ == CONNECT && c.version == 0
	switch {
	case h.Type != c.typ:
		c.FailAt(RuleFrameType, FieldPacketType, 0, int64(h.Type))
	case !c.version.Known() && !connect:
		c.FailAt(RuleVersion, FieldVersion, 0, int64(c.version))
	case !c.typ.Known(c.version) && !connect:
		c.FailAt(RulePacketType, FieldPacketType, 0, int64(h.Type)) // AUTH before 5.0
	case int64(h.RemainingLength) != int64(len(c.body)):
		c.FailAt(RuleFrameLength, FieldRemainingLength, 1, int64(h.RemainingLength))
	default:
		c.headerFault()
	}
}

// headerFault checks what the version demands of the fixed header.
func (c *Cursor) headerFault() {
	n := uint32(len(c.body))
	if c.version == V5 && c.base != 1+SizeVarint(n) { // [MQTT-1.5.5-1]
		c.FailAt(RuleVarintMinimal, FieldRemainingLength, c.base-1, int64(n))
	}
	if c.version >= V311 && c.typ != PUBLISH && c.flags != c.typ.Flags() { // [MQTT-2.1.3-1]
		c.FailAt(RuleFlags, FieldFlags, 0, int64(c.flags))
	}
}

// SetVersion tells the cursor the version that a CONNECT has told, and checks
// what that version demands of the fixed header.
func (c *Cursor) SetVersion(v Version) {
	if c.version != v { // else Reset has checked it
		c.version = v
		c.headerFault()
	}
}

// Version returns the version whose rules hold.
func (c *Cursor) Version() Version { return c.version }

// Flags returns the flag bits of the packet's first byte.
func (c *Cursor) Flags() uint8 { return c.flags }

// Offset returns the position in the packet, counted from the first byte of the
// fixed header.
func (c *Cursor) Offset() int { return c.base + c.pos }

// Len returns how many bytes are left; 0 after a broken rule.
func (c *Cursor) Len() int { return len(c.body) - c.pos }

// Err returns nil or the first rule that was broken, as an *Error.
func (c *Cursor) Err() error {
	if c.err == nil {
		return nil // not a nil *Error in an interface
	}
	return c.err
}

// Fail says that the packet breaks a rule at the present position.
func (c *Cursor) Fail(rule Rule, field Field, found int64) {
	c.FailAt(rule, field, c.Offset(), found)
}

// FailAt says that the packet breaks a rule at the given offset, counted from
// the first byte of the fixed header. Only the first call counts, and those
// before it that the Tolerance lets pass.
func (c *Cursor) FailAt(rule Rule, field Field, offset int, found int64) {
	if c.err == nil {
		c.judge(NewError(rule, c.typ, c.version, field, offset, found))
	}
}

// judge stops the cursor, unless the violation is let pass.
func (c *Cursor) judge(err *Error) {
	if !c.tolerance.Judge(err) {
		c.err = err
		c.pos = len(c.body)
	}
}

// Byte reads one byte. It is written so that it is inlined.
func (c *Cursor) Byte(field Field) (b byte) {
	if c.pos < len(c.body) {
		b = c.body[c.pos]
		c.pos++
	} else {
		c.missing(field)
	}
	return
}

// Uint16 reads a two byte integer, which is big-endian. U-1.5.2-1
func (c *Cursor) Uint16(field Field) (n uint16) {
	if rest := c.body[c.pos:]; len(rest) > 1 {
		n = uint16At(rest)
		c.pos += 2
	} else {
		c.missing(field)
	}
	return
}

// missing says that the packet ends before the field does. U-2.1.4-2
//
//go:noinline
func (c *Cursor) missing(field Field) { c.Fail(RuleFieldMissing, field, int64(c.Len())) }

// PacketID reads a packet identifier, which is not 0. [MQTT-2.2.1-3]
func (c *Cursor) PacketID() uint16 {
	if rest := c.body[c.pos:]; len(rest) >= 2 && rest[0]|rest[1] != 0 {
		c.pos += 2
		return uint16At(rest)
	}
	at := c.Offset()
	id := c.Uint16(FieldPacketID)
	if id == 0 {
		c.FailAt(RulePacketIDZero, FieldPacketID, at, 0)
	}
	return id
}

// ReasonCode reads a code that packets of this type and version may carry.
func (c *Cursor) ReasonCode() ReasonCode {
	at := c.Offset()
	code := ReasonCode(c.Byte(FieldReasonCode))
	if !code.AllowedIn(c.typ, c.version, 0) {
		c.FailAt(RuleReasonCode, FieldReasonCode, at, int64(code)) // [MQTT-3.2.2-8] and its like
	}
	return code
}

// Entries returns how many strings, each with some more bytes behind it, are in
// what is left of the packet, as far as their lengths tell: so a list can be made
// at once, of a size that the bytes that have arrived vouch for.
func (c *Cursor) Entries(more int) (n int) {
	for rest := c.body[c.pos:]; len(rest) >= 2; n++ {
		size := 2 + int(uint16At(rest)) + more
		if size > len(rest) {
			break
		}
		rest = rest[size:]
	}
	return n
}

// ReasonCodes reads all that is left of the packet as codes that packets of this
// type and version may carry, and appends them to dst.
func (c *Cursor) ReasonCodes(dst []ReasonCode) []ReasonCode {
	rest := c.body[c.pos:]
	at := len(dst)
	dst = append(dst, make([]ReasonCode, len(rest))...) // a code is a byte that has arrived
	for i, b := range rest {
		code := ReasonCode(b)
		plain := c.version == V5 && eitherSide[code].has(c.typ) || c.version != V5 && c.typ == SUBACK && code <= ReasonGrantedQoS2
		switch {
		case plain: // to call ReasonCode takes twice as long
			c.pos++
		default:
			if code = c.ReasonCode(); c.err != nil {
				return dst[:at+i]
			}
		}
		dst[at+i] = code
	}
	return dst
}

// Take takes the next bytes if they are want, and reports whether they are.
func (c *Cursor) Take(want string) bool {
	end := c.pos + len(want)
	if end > len(c.body) || string(c.body[c.pos:end]) != want {
		return false
	}
	c.pos = end
	return true
}

// Binary reads binary data of 0 to 65535 bytes. It aliases the frame, and is
// nil only after a broken rule. Section 1.5.6.
func (c *Cursor) Binary(field Field) []byte { return c.prefixed(field, RuleBinaryLength) }

// prefixed reads two bytes of length and so many bytes; rule is what a length
// that passes the packet's end breaks.
func (c *Cursor) prefixed(field Field, rule Rule) []byte {
	if c.Len() < 2 {
		c.missing(field)
		return nil
	}
	start := c.pos + 2
	end := start + int(uint16At(c.body[c.pos:]))
	if end > len(c.body) {
		c.tooLong(rule, field, end-start) // U-1.5.4-1 U-1.5.6-1
		return nil
	}
	c.pos = end
	return c.body[start:end:end]
}

// tooLong says that a length passes the end of the packet, and how many bytes
// there are.
func (c *Cursor) tooLong(rule Rule, field Field, n int) {
	left := c.Len() - 2 + c.beyond
	c.Fail(rule, field, int64(n))
	c.err.Max = int64(left)
}

// String reads a UTF-8 encoded string of 0 to 65535 bytes. It aliases the
// frame, and is nil only after a broken rule. Section 1.5.4.
func (c *Cursor) String(field Field) []byte {
	// This is prefixed, and of textFault what nearly all strings pass: to call
	// neither saves a third of the time.
	if rest := c.body[c.pos:]; len(rest) >= 2 {
		n := 2 + int(uint16At(rest))
		if n <= len(rest) && plainText(rest[2:n]) {
			c.pos += n
			return rest[2:n:n]
		}
	}
	return c.exactText(field, anyText)
}

// TopicName reads a topic name of 1 to 65535 bytes. Section 4.7.
func (c *Cursor) TopicName(field Field) []byte {
	if rest := c.body[c.pos:]; len(rest) >= 2 {
		n := 2 + int(uint16At(rest))
		if n <= len(rest) && n > 2 && plainTopic(rest[2:n]) {
			c.pos += n
			return rest[2:n:n]
		}
	}
	return c.exactText(field, nameText)
}

// TopicNameOrEmpty reads a topic name of 0 to 65535 bytes, for PUBLISH, where a
// topic alias may stand for an empty one. Section 3.3.2.1.
func (c *Cursor) TopicNameOrEmpty(field Field) []byte {
	if rest := c.body[c.pos:]; len(rest) >= 2 && rest[0] == 0 && rest[1] == 0 {
		c.pos += 2
		return rest[2:2:2]
	}
	return c.TopicName(field)
}

// TopicFilter reads a topic filter of 1 to 65535 bytes, which in 5.0 may be a
// shared one. Sections 4.7 and 4.8.2.
func (c *Cursor) TopicFilter(field Field) []byte {
	if rest := c.body[c.pos:]; len(rest) >= 2 {
		n := 2 + int(uint16At(rest))
		if n <= len(rest) && n > 2 && plainFilter(rest[2:n]) {
			c.pos += n
			return rest[2:n:n]
		}
	}
	return c.exactText(field, filterText)
}

// exactText reads a string of any kind.
func (c *Cursor) exactText(field Field, kind textKind) []byte {
	s := c.prefixed(field, RuleStringLength)
	if rule, _ := kind.fault(s, c.version); rule != 0 {
		return c.badText(field, s, kind)
	}
	return s
}

// badText says which rules s breaks, a string that ends at the present position,
// and returns it if that is let pass.
func (c *Cursor) badText(field Field, s []byte, kind textKind) []byte {
	start := c.Offset() - len(s)
	textFaults(s, kind, c.version, func(rule Rule, at int) bool {
		found := int64(NotANumber)
		switch {
		case at < len(s):
			found = int64(s[at])
		case len(s) == 0:
			at, found = -2, 0 // an empty string is seen by its length
		}
		c.FailAt(rule, field, start+at, found)
		return c.err == nil
	})
	if c.err != nil {
		return nil
	}
	return s
}

// Properties makes p the properties of owner, whose length and list stand here.
// Before 5.0 there are none, and p is the empty list. It aliases the frame. It
// is written in its place, since a copy of a Properties takes longer than to
// check a property. Section 2.2.2.
func (c *Cursor) Properties(owner PropertyOwner, p *Properties) {
	*p = Properties{}
	if c.version != V5 || c.err != nil {
		return
	}
	n, ok := c.propertyLength(owner)
	if !ok || n == 0 {
		return
	}
	end := c.pos + n
	list := c.body[c.pos:end:end]
	if p.view(list, owner) != nil {
		if *p = c.badProperties(list, owner); c.err != nil {
			*p = Properties{}
			return
		}
	}
	c.pos = end
}

// badProperties says which rules the list breaks that starts at the present
// position, and returns a view of it for the case that all are let pass.
func (c *Cursor) badProperties(list []byte, owner PropertyOwner) Properties {
	base := c.Offset()
	return doubtfulProperties(list, owner, func(bad *propertyFault) bool {
		c.judge(bad.error(owner, base))
		return c.err == nil
	})
}

// propertyLength reads the length of a property list, which must fit into what
// is left of the packet.
func (c *Cursor) propertyLength(owner PropertyOwner) (int, bool) {
	field := FieldPropertyLength
	if owner == WillProperties {
		field = FieldWillPropertyLength
	}
	rest := c.body[c.pos:]
	n, size := scanVarint(rest)
	switch {
	case len(rest) == 0: // [MQTT-2.2.2-1]
		c.Fail(RulePropertyLengthMissing, field, NotANumber)
		return 0, false
	case size == varintIncomplete: // U-1.5.5-2
		c.Fail(RuleVarintCut, field, NotANumber)
		return 0, false
	case size == varintTooLong: // U-1.5.5-1
		c.FailAt(RuleVarintLength, field, c.Offset()+MaxVarintSize-1, NotANumber)
		return 0, false
	}
	if size != SizeVarint(n) { // [MQTT-1.5.5-1]
		c.FailAt(RuleVarintMinimal, field, c.Offset()+size-1, int64(n))
	}
	if int(n) > len(rest)-size { // U-2.2.2.1-1
		c.Fail(RulePropertyLength, field, int64(n))
	}
	if c.err != nil {
		return 0, false
	}
	c.pos += size
	return int(n), true
}

// Rest reads all that is left of the packet. It aliases the frame, and is nil
// only after a broken rule.
func (c *Cursor) Rest() []byte {
	if c.err != nil {
		return nil
	}
	rest := c.body[c.pos:len(c.body):len(c.body)]
	c.pos = len(c.body)
	return rest
}

// End says that the packet has no further fields, so that bytes left over are
// an error. U-2.1.4-2
func (c *Cursor) End() {
	if c.pos < len(c.body) {
		c.leftOver()
	}
}

func (c *Cursor) leftOver() {
	c.Fail(RuleLeftOver, FieldPacketEnd, int64(c.Len()))
	c.pos = len(c.body)
}
