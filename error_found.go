package mqttwire

import "strconv"

// appendFound appends the part of an error's line that tells field, byte and what
// was found there, in the form that is read most easily: what a rule counts is
// told in words, and a character, a code or flag bits in hexadecimal.
func (e *Error) appendFound(b []byte) []byte {
	switch e.Rule {
	case RuleNoFilters, RuleNoReasonCodes, RuleOptionsMissing, RuleClientIDMissing,
		RuleWillMissing, RuleUserNameMissing, RulePasswordMissing:
		return e.appendField(append(b, "no "...))
	case RuleTopicEmpty, RuleResponseTopicEmpty, RuleTopicOrAlias:
		return append(e.appendField(b), " is empty"...)
	case RulePropertiesReset:
		return append(e.appendField(b), " were lost when their PropertyBuilder was reset"...)
	}
	if e.Found == NotANumber {
		return e.appendField(b)
	}
	switch e.Rule {
	case RulePacketSize, RuleMaximumPacketSize, RuleRemainingLength:
		return e.appendSize(b)
	case RuleFieldMissing, RulePropertyCut, RuleLeftOver, RuleUserNameUnflagged, RulePasswordUnflagged:
		if e.Field == FieldPropertyID { // of a list that is to be encoded
			return e.appendSize(b)
		}
		return e.appendBytesLeft(b)
	case RuleAnswerCodes:
		return appendCount(b, e.Found, "reason code")
	case RuleStringLength, RuleBinaryLength:
		return strconv.AppendInt(append(e.appendField(b), ", length "...), e.Found, 10)
	case RuleClientIDLength:
		return e.appendCharacters(e.appendField(b))
	case RuleUTF8, RuleNUL, RuleTopicNUL, RuleTopicWildcard, RuleFilterHash, RuleFilterPlus,
		RuleShareNameEmpty, RuleShareForm, RuleResponseTopicWildcard:
		return appendCharacter(append(e.appendField(b), " has "...), e.Found)
	case RuleDiscouraged:
		return appendHex(append(e.appendField(b), " has U+"...), e.Found, 4)
	}
	return e.appendValue(e.appendField(b))
}

// appendField appends the field's name and the byte at which it was looked at.
func (e *Error) appendField(b []byte) []byte {
	b = append(b, e.Field...)
	if e.Offset != NoOffset {
		b = strconv.AppendInt(append(b, " at byte "...), int64(e.Offset), 10)
	}
	return b
}

// appendSize appends the size that is too large, and what it is the size of.
func (e *Error) appendSize(b []byte) []byte {
	packet := e.Rule != RuleRemainingLength && e.Field == FieldRemainingLength
	switch {
	case packet:
		b = append(b, "packet"...)
	case e.Field == FieldPropertyID:
		b = append(b, "property list"...)
	case e.Field == FieldRemainingLength || e.Field == FieldPropertyLength:
		return e.appendValue(e.appendField(b))
	default:
		b = append(b, e.Field...)
	}
	b = appendCount(append(b, " of "...), e.Found, "byte")
	if packet && e.Offset != NoOffset {
		b = e.appendField(append(b, " by the "...))
	}
	return b
}

// appendBytesLeft appends how many bytes are left of the packet, where a field
// needs more or none is to be left.
func (e *Error) appendBytesLeft(b []byte) []byte {
	if e.Rule == RuleFieldMissing && e.Found == 0 {
		return e.appendField(append(b, "no "...))
	}
	b = appendCount(append(e.appendField(b), ", "...), e.Found, "byte")
	if e.Rule == RuleFieldMissing || e.Rule == RulePropertyCut {
		return append(b, " left"...)
	}
	return append(b, " left over"...)
}

// appendCharacters appends how many characters a text has.
func (e *Error) appendCharacters(b []byte) []byte {
	if e.Found == 0 {
		return append(b, " is empty"...)
	}
	return appendCount(append(b, " has "...), e.Found, "character")
}

// appendValue appends the value of the field.
func (e *Error) appendValue(b []byte) []byte {
	const is = " is "
	switch e.Field {
	case FieldReasonCode:
		return append(append(b, is...), e.foundCode()...)
	case FieldFlags, FieldConnectFlags, FieldAcknowledgeFlags, FieldSubscriptionOptions:
		return e.appendFlags(b)
	case FieldPropertyID:
		return appendHex(append(append(b, is...), "0x"...), e.Found, 2)
	case FieldProtocolVersion:
		if e.Found >= 0x80 { // with the bit of a bridge
			return appendHex(append(append(b, is...), "0x"...), e.Found, 2)
		}
	case FieldPacketType:
		return e.appendPacketType(append(b, is...))
	}
	return strconv.AppendInt(append(b, is...), e.Found, 10)
}

// appendFlags appends flag bits or, for a value that is to be encoded and has
// more bits than its flags, that value.
func (e *Error) appendFlags(b []byte) []byte {
	with := ""
	switch e.Rule {
	case RuleWillQoS:
		with = " with will QoS "
	case RuleRequestedQoS:
		with = " with QoS "
	case RuleRetainHandling:
		with = " with retain handling "
	}
	if with != "" && e.Offset == NoOffset {
		return strconv.AppendInt(append(b, with...), e.Found, 10)
	}
	return appendHex(append(b, " are 0x"...), e.Found, 2)
}

// appendPacketType appends the number of a packet type, and its name unless the
// line begins with it or the bytes are no MQTT.
func (e *Error) appendPacketType(b []byte) []byte {
	b = strconv.AppendInt(b, e.Found, 10)
	if e.Found > 0 && e.Found <= int64(AUTH) && e.Rule != RuleNotMQTT && PacketType(e.Found) != e.Type {
		b = append(append(b, ' '), PacketType(e.Found).String()...)
	}
	return b
}

// foundCode returns the code that was found, with its name in packet and version.
// Where the rule is that the version does not have the code, the name is that of
// the versions that do.
func (e *Error) foundCode() string {
	c := ReasonCode(e.Found)
	v := e.Version
	if e.Rule == RuleVersionRefused || e.Rule == RuleNotInVersion {
		v = 0
	}
	return c.withName(c.Name(e.Type, v))
}

// allowed returns what a legal packet has in the place of what was found.
func (e *Error) allowed() string {
	if e.Rule == RulePacketSize && e.Field == FieldPropertyLength {
		return "the property list is within what the receiver takes without the payload"
	}
	return e.Rule.Allowed()
}

// appendCount appends "no byte", "1 byte" or "2 bytes".
func appendCount(b []byte, n int64, what string) []byte {
	switch n {
	case 0:
		return append(append(b, "no "...), what...)
	case 1:
		return append(append(b, "1 "...), what...)
	}
	return append(append(append(strconv.AppendInt(b, n, 10), ' '), what...), 's')
}

// appendCharacter appends a byte of a text, and its character if it can be
// printed: 0x23 '#'.
func appendCharacter(b []byte, c int64) []byte {
	b = appendHex(append(b, "0x"...), c, 2)
	if c >= ' ' && c <= '~' {
		b = append(append(append(b, " '"...), byte(c)), '\'')
	}
	return b
}

// appendHex appends n in hexadecimal, with as many digits at least.
func appendHex(b []byte, n int64, digits int) []byte {
	for ; digits > 1 && n>>(4*(digits-1)) == 0; digits-- {
		b = append(b, '0')
	}
	at := len(b)
	b = strconv.AppendInt(b, n, 16)
	for i, c := range b[at:] {
		if c >= 'a' {
			b[at+i] = c - 'a' + 'A'
		}
	}
	return b
}
