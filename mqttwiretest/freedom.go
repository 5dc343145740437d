package mqttwiretest

import (
	"bytes"
	"unicode/utf8"

	"github.com/mqttwire/mqttwire"
)

// expectation is the verdict that a case demands of a codec and, where the
// standard leaves the receiver free, why it does.
func expectation(c *Case) (e Expectation, freedom string) {
	freedom = freedomOf(c)
	switch {
	case freedom != "":
		return MayEither, freedom
	case c.Outcome == Accept:
		return MustAccept, ""
	}
	return MustRefuse, ""
}

// freedomOf says why a receiver may accept a packet as well as refuse it; "" if
// it may not.
func freedomOf(c *Case) string {
	switch {
	case c.Outcome == Optional && c.Rule == 0:
		return "the case says so"
	case c.Outcome == Optional:
		return c.Rule.Allowed()
	case c.Outcome == Reject && c.Version == mqttwire.V31:
		return freedomToAccept(c)
	case c.Outcome == Accept && c.Version != mqttwire.V5:
		return freedomToRefuse(c)
	}
	return ""
}

// freedomToAccept is about broken rules on which MQTT 3.1 does not say that a
// receiver closes the connection.
func freedomToAccept(c *Case) string {
	switch c.Rule {
	case mqttwire.RuleUTF8:
		return "3.1 does not say what to do with text that is not UTF-8 (section 2.5)"
	case mqttwire.RuleUserNameUnflagged, mqttwire.RulePasswordUnflagged:
		return "3.1 has servers disregard a user name or password without its flag (section 3.1)"
	case mqttwire.RuleLeftOver:
		if len(c.Bytes) > 0 && mqttwire.PacketType(c.Bytes[0]>>4) == mqttwire.CONNECT {
			return "3.1 does not say that CONNECT ends with the fields it knows"
		}
	}
	return ""
}

// freedomToRefuse is about forms that 3.1 and 3.1.1 neither name nor forbid.
func freedomToRefuse(c *Case) string {
	f, _, err := mqttwire.CutFrame(c.Bytes, 0)
	if err != nil {
		return ""
	}
	if int(f.Header.Size) != 1+mqttwire.SizeVarint(f.Header.RemainingLength) {
		return "before 5.0 nothing says that the remaining length has the fewest bytes"
	}
	if c.Version != mqttwire.V31 {
		return ""
	}
	if reason := freedomToRefuse31(f); reason != "" {
		return reason
	}
	if a, ok := dissect(c.Bytes, c.Version); ok && a.hasOddText() {
		return "3.1 names Java's modified UTF-8, and does not demand it (section 2.5)"
	}
	return ""
}

// freedomToRefuse31 is about forms that 3.1 neither names nor forbids, as far as
// frame and packet type show them.
func freedomToRefuse31(f mqttwire.Frame) string {
	const qosBits, qos1 = 0x06, 0x02
	switch f.Header.Type {
	case mqttwire.PUBREL, mqttwire.SUBSCRIBE, mqttwire.UNSUBSCRIBE:
		if f.Header.Flags&qosBits != qos1 {
			return "3.1 has PUBREL, SUBSCRIBE and UNSUBSCRIBE sent with QoS 1, and does not say what to do with another"
		}
	}
	switch f.Header.Type {
	case mqttwire.SUBSCRIBE, mqttwire.SUBACK, mqttwire.UNSUBSCRIBE:
		if len(f.Body) == 2 {
			return "3.1 does not say that there is at least one entry"
		}
	}
	return ""
}

// hasOddText reports whether a string in the packet is not UTF-8 as 3.1.1 and
// 5.0 demand it.
func (a *anatomy) hasOddText() bool {
	for _, p := range a.parts {
		text := a.body[p.start:p.end]
		if p.kind.isText() && (!utf8.Valid(text[2:]) || bytes.IndexByte(text[2:], 0) >= 0) {
			return true
		}
	}
	return false
}
