package packets

import "github.com/mqttwire/mqttwire"

// Connect is CONNECT, a client's request for a connection. Section 3.1.
//
// The packet tells its own version. Decode takes as v the one version to accept,
// or 0 for any; another one gives an error of class ErrUnsupportedVersion.
// Append takes as v the version to write, or 0 for that of the field Version; if
// both are given they must be the same.
type Connect struct {
	// Version is the protocol version the client asks for. Section 3.1.2.2.
	Version mqttwire.Version

	// Bridge is bit 7 of the protocol level, with which mosquitto's bridges ask
	// a 3.1 or 3.1.1 server for No Local and Retain As Published. It is in no
	// standard; 5.0 has no such bit.
	Bridge bool

	// CleanStart asks for a new session; before 5.0 it is called Clean Session
	// and also ends the session with the connection. Section 3.1.2.4.
	CleanStart bool

	// KeepAlive is the longest time between two packets of the client, in
	// seconds; 0 for no limit. Section 3.1.2.10.
	KeepAlive uint16

	// ClientID is the client identifier: in 5.0 0 to 65535 bytes of UTF-8; in
	// 3.1.1 the same, but empty with CleanStart only; in 3.1 1 to 23 characters.
	// Section 3.1.3.1.
	ClientID []byte

	// Will is the message to publish when the connection is lost, or nil.
	// Decode reuses the Will that is there. Section 3.1.2.5.
	Will *Will

	// UserName is a UTF-8 string of 0 to 65535 bytes; nil if there is none.
	// Section 3.1.3.5.
	UserName []byte

	// Password is 0 to 65535 bytes; nil if there is none. Before 5.0 it goes
	// with a user name only. Section 3.1.3.6.
	Password []byte

	// Properties of the connection. 5.0 only: other versions leave them out.
	// Section 3.1.2.11.
	Properties mqttwire.Properties
}

// Will is the will of a CONNECT. Sections 3.1.2.5 and 3.1.3.
type Will struct {
	Topic      []byte              // topic name of 1 to 65535 bytes
	Payload    []byte              // 0 to 65535 bytes
	Properties mqttwire.Properties // 5.0 only: other versions leave them out
	QoS        mqttwire.QoS
	Retain     bool
}

// The bits of the connect flags. Section 3.1.2.3.
const (
	connectReserved   = 0x01
	connectCleanStart = 0x02
	connectWill       = 0x04
	connectWillQoS    = 0x18
	connectWillRetain = 0x20
	connectPassword   = 0x40
	connectUserName   = 0x80

	willQoSShift = 3
)

// bridgeBit is the bit of the protocol level that makes Connect.Bridge.
const bridgeBit = 0x80

// protocolName is the protocol name of a version. [MQTT-3.1.2-1]
func protocolName(v mqttwire.Version) string {
	if v == mqttwire.V31 {
		return "MQIsdp"
	}
	return "MQTT"
}

// Type returns CONNECT.
func (p *Connect) Type() mqttwire.PacketType { return mqttwire.CONNECT }

// Decode resets the packet and reads it from f. v is the version to accept, or 0
// for any. The packet's byte slices alias f.Body; use Clone to keep them.
func (p *Connect) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if p.decodePlain(f, v) {
		return nil
	}
	return p.decodeFrame(f, v, nil)
}

func (p *Connect) decodeFrame(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	will := p.Will
	*p = Connect{}
	var c mqttwire.Cursor
	c.Reset(f, mqttwire.CONNECT, v, tolerance)
	p.decode(&c, v, will)
	if err := c.Err(); err != nil {
		*p = Connect{}
		return err
	}
	return nil
}

func (p *Connect) decode(c *mqttwire.Cursor, accept mqttwire.Version, will *Will) {
	p.decodeVersion(c, accept)
	at := c.Offset()
	flags := c.Byte(mqttwire.FieldConnectFlags)
	for rule := connectFlagsFault(flags, p.Version, 0); rule != 0; rule = connectFlagsFault(flags, p.Version, rule) {
		c.FailAt(rule, mqttwire.FieldConnectFlags, at, int64(flags))
	}
	p.CleanStart = flags&connectCleanStart != 0
	p.KeepAlive = c.Uint16(mqttwire.FieldKeepAlive)
	c.Properties(mqttwire.PropertyOwner(mqttwire.CONNECT), &p.Properties)
	if authDataAlone(&p.Properties) {
		data, _ := p.Properties.Offset(mqttwire.AuthenticationData)
		at = c.Offset() - len(p.Properties.Bytes()) + data
		c.FailAt(mqttwire.RuleAuthDataAlone, fieldAuthData, at, mqttwire.NotANumber)
	}
	p.decodeClientID(c)
	if flags&connectWill != 0 {
		if will == nil {
			will = new(Will)
		}
		p.Will = will
		p.Will.decode(c, flags)
	}
	p.decodeCredentials(c, flags)
	endConnect(c, flags)
}

// decodeVersion reads protocol name and level, which decide how the rest is
// read.
func (p *Connect) decodeVersion(c *mqttwire.Cursor, accept mqttwire.Version) {
	switch { // nearly all are one of these, which so take a quarter of the time
	case (accept == 0 || accept == mqttwire.V311) && c.Take("\x00\x04MQTT\x04"):
		p.Version = mqttwire.V311
	case (accept == 0 || accept == mqttwire.V5) && c.Take("\x00\x04MQTT\x05"):
		p.Version = mqttwire.V5
	case (accept == 0 || accept == mqttwire.V31) && c.Take("\x00\x06MQIsdp\x03"):
		p.Version = mqttwire.V31
	default:
		p.decodeOtherVersion(c, accept)
		return
	}
	c.SetVersion(p.Version)
}

// decodeOtherVersion is decodeVersion for any name and level.
func (p *Connect) decodeOtherVersion(c *mqttwire.Cursor, accept mqttwire.Version) {
	at := c.Offset()
	name := c.String(mqttwire.FieldProtocolName)
	if string(name) != "MQTT" && string(name) != "MQIsdp" { // [MQTT-3.1.2-1]
		c.FailAt(mqttwire.RuleProtocolName, mqttwire.FieldProtocolName, at, mqttwire.NotANumber)
	}
	at = c.Offset()
	level := c.Byte(mqttwire.FieldProtocolVersion)
	p.Bridge = level&bridgeBit != 0
	p.Version = mqttwire.Version(level &^ bridgeBit)
	known := p.Version.Known() && string(name) == protocolName(p.Version) && !(p.Bridge && p.Version == mqttwire.V5)
	if !known || accept != 0 && accept != p.Version { // [MQTT-3.1.2-2]
		c.FailAt(mqttwire.RuleProtocolVersion, mqttwire.FieldProtocolVersion, at, int64(level))
		return
	}
	c.SetVersion(p.Version)
}

// connectFlagsFault returns the first rule after the given one, or of all if
// that is 0, that the connect flags break, or 0. In 3.1 bit 0 is unused, and so
// are will QoS and will retain without a will.
func connectFlagsFault(flags byte, v mqttwire.Version, after mqttwire.Rule) mqttwire.Rule {
	will := flags&connectWill != 0
	switch {
	case flags&connectReserved != 0 && v != mqttwire.V31 && after < mqttwire.RuleConnectReserved: // [MQTT-3.1.2-3]
		return mqttwire.RuleConnectReserved
	case will && flags&connectWillQoS == connectWillQoS && after < mqttwire.RuleWillQoS: // [MQTT-3.1.2-12]
		return mqttwire.RuleWillQoS
	case !will && flags&connectWillQoS != 0 && v != mqttwire.V31 && after < mqttwire.RuleWillQoSAlone: // [MQTT-3.1.2-11]
		return mqttwire.RuleWillQoSAlone
	case !will && flags&connectWillRetain != 0 && v != mqttwire.V31 && after < mqttwire.RuleWillRetainAlone: // [MQTT-3.1.2-13]
		return mqttwire.RuleWillRetainAlone
	case flags&connectPassword != 0 && flags&connectUserName == 0 && v != mqttwire.V5 && after < mqttwire.RulePasswordAlone: // 3.1.1: [MQTT-3.1.2-22]
		return mqttwire.RulePasswordAlone
	}
	return 0
}

// authDataAlone reports whether there is authentication data without a method.
// U-3.1.2.11.10-1
func authDataAlone(p *mqttwire.Properties) bool {
	return p.Has(mqttwire.AuthenticationData) && !p.Has(mqttwire.AuthenticationMethod)
}

func (p *Connect) decodeClientID(c *mqttwire.Cursor) {
	if c.Len() == 0 { // [MQTT-3.1.3-3]
		c.Fail(mqttwire.RuleClientIDMissing, mqttwire.FieldClientID, 0)
	}
	at := c.Offset()
	p.ClientID = c.String(mqttwire.FieldClientID)
	if n, bad := clientIDFault(p.ClientID, p.CleanStart, p.Version); bad {
		c.FailAt(mqttwire.RuleClientIDLength, mqttwire.FieldClientID, at, int64(n))
	}
}

// clientIDFault reports whether the version forbids a client identifier of that
// length, and the length. 3.1 counts characters, not bytes.
func clientIDFault(id []byte, clean bool, v mqttwire.Version) (n int, bad bool) {
	switch v {
	case mqttwire.V31: // section 3.1
		for _, b := range id {
			if b&0xC0 != 0x80 { // not a continuation byte
				n++
			}
		}
		return n, n < 1 || n > 23
	case mqttwire.V311: // [MQTT-3.1.3-7] [MQTT-3.1.3-8]
		return len(id), len(id) == 0 && !clean
	}
	return len(id), false
}

// decode reads the will's fields. [MQTT-3.1.2-9] [MQTT-3.1.3-1]
func (w *Will) decode(c *mqttwire.Cursor, flags byte) {
	*w = Will{}
	w.QoS = mqttwire.QoS(flags & connectWillQoS >> willQoSShift)
	w.Retain = flags&connectWillRetain != 0
	if c.Len() == 0 {
		c.Fail(mqttwire.RuleWillMissing, mqttwire.FieldWillTopic, 0)
	}
	c.Properties(mqttwire.WillProperties, &w.Properties)
	if c.Len() == 0 {
		c.Fail(mqttwire.RuleWillMissing, mqttwire.FieldWillTopic, 0)
	}
	w.Topic = c.TopicName(mqttwire.FieldWillTopic)
	if c.Len() == 0 {
		c.Fail(mqttwire.RuleWillMissing, mqttwire.FieldWillPayload, 0)
	}
	w.Payload = c.Binary(mqttwire.FieldWillPayload)
}

// decodeCredentials reads user name and password. In 3.1 the remaining length
// goes before the flags: a flagged field may be missing where the packet ends.
func (p *Connect) decodeCredentials(c *mqttwire.Cursor, flags byte) {
	may := p.Version == mqttwire.V31
	if flags&connectUserName != 0 && !(may && c.Len() == 0) {
		if c.Len() == 0 { // [MQTT-3.1.2-17]
			c.Fail(mqttwire.RuleUserNameMissing, mqttwire.FieldUserName, 0)
		}
		p.UserName = c.String(mqttwire.FieldUserName)
	}
	if flags&connectPassword != 0 && !(may && c.Len() == 0) {
		if c.Len() == 0 { // [MQTT-3.1.2-19]
			c.Fail(mqttwire.RulePasswordMissing, mqttwire.FieldPassword, 0)
		}
		p.Password = c.Binary(mqttwire.FieldPassword)
	}
}

// endConnect checks that nothing follows. Bytes that do are, most likely, a
// field whose flag is not set; 3.1 is no exception, although it has servers
// disregard the value of such a field.
func endConnect(c *mqttwire.Cursor, flags byte) {
	switch {
	case c.Len() == 0:
	case flags&connectUserName == 0 && flags&connectPassword == 0: // [MQTT-3.1.2-16]
		c.Fail(mqttwire.RuleUserNameUnflagged, mqttwire.FieldUserName, int64(c.Len()))
	case flags&connectPassword == 0: // [MQTT-3.1.2-18]
		c.Fail(mqttwire.RulePasswordUnflagged, mqttwire.FieldPassword, int64(c.Len()))
	default:
		c.End()
	}
}

// version returns the version to write: v, or that of the packet if v is 0.
func (p *Connect) version(v mqttwire.Version) mqttwire.Version {
	if v == 0 {
		return p.Version
	}
	return v
}

// Size returns the number of bytes that Append adds for version v.
func (p *Connect) Size(v mqttwire.Version) int { return packetSize(p.bodySize(p.version(v))) }

func (p *Connect) bodySize(v mqttwire.Version) uint64 {
	n := uint64(2+len(protocolName(v))) + 1 + 1 + 2 + propertiesSize(&p.Properties, v) + stringSize(p.ClientID)
	if p.Will != nil {
		n += propertiesSize(&p.Will.Properties, v) + stringSize(p.Will.Topic) + stringSize(p.Will.Payload)
	}
	if p.UserName != nil {
		n += stringSize(p.UserName)
	}
	if p.Password != nil {
		n += stringSize(p.Password)
	}
	return n
}

// flags returns the connect flags. Section 3.1.2.3.
func (p *Connect) flags() byte {
	var b byte
	if p.CleanStart {
		b |= connectCleanStart
	}
	if w := p.Will; w != nil {
		b |= connectWill | byte(w.QoS)<<willQoSShift&connectWillQoS
		if w.Retain {
			b |= connectWillRetain
		}
	}
	if p.UserName != nil {
		b |= connectUserName
	}
	if p.Password != nil {
		b |= connectPassword
	}
	return b
}

// Append appends the packet, encoded for version v or, if v is 0, for the
// packet's own, to dst, behind which there must be nothing that the packet
// aliases. On error it returns dst as it was.
func (p *Connect) Append(dst []byte, v mqttwire.Version) ([]byte, error) {
	v = p.version(v)
	if !p.plain(v) {
		return p.appendExact(dst, v)
	}
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(mqttwire.CONNECT), v)
	if !ok {
		return p.appendExact(dst, v)
	}
	n := p.bodySize(v)
	b := appendHeader(dst, byte(mqttwire.CONNECT)<<4, n, n)
	if v == mqttwire.V31 {
		b = append(b, "\x00\x06MQIsdp"...)
	} else {
		b = append(b, "\x00\x04MQTT"...)
	}
	b = append(b, byte(v), p.flags(), byte(p.KeepAlive>>8), byte(p.KeepAlive))
	b = appendPlainList(b, list, v)
	b = appendPrefixed(b, p.ClientID)
	if p.Will != nil {
		if b, ok = p.Will.appendPlain(b, v); !ok {
			return p.appendExact(dst, v)
		}
	}
	if p.UserName != nil {
		b = appendPrefixed(b, p.UserName)
	}
	if p.Password != nil {
		b = appendPrefixed(b, p.Password)
	}
	return b, nil
}

// plain reports whether all but the will and the properties' own rules is plain.
func (p *Connect) plain(v mqttwire.Version) bool {
	switch {
	case p.Version != 0 && p.Version != v, p.Bridge, connectFlagsFault(p.flags(), v, 0) != 0,
		v == mqttwire.V5 && !p.Properties.Empty() && authDataAlone(&p.Properties):
		return false
	}
	if _, bad := clientIDFault(p.ClientID, p.CleanStart, v); bad {
		return false
	}
	return mqttwire.PlainString(p.ClientID) && mqttwire.PlainString(p.UserName) && len(p.Password) <= maxBinary
}

// maxBinary is the length of the longest binary data. Section 1.5.6.
const maxBinary = 65535

// appendPlain appends the will's fields, if they are plain.
func (w *Will) appendPlain(dst []byte, v mqttwire.Version) ([]byte, bool) {
	list, ok := plainList(&w.Properties, mqttwire.WillProperties, v)
	if !ok || !w.QoS.Valid() || !mqttwire.PlainTopicName(w.Topic) || len(w.Payload) > maxBinary {
		return dst, false
	}
	dst = appendPlainList(dst, list, v)
	return appendPrefixed(appendPrefixed(dst, w.Topic), w.Payload), true
}

func (p *Connect) appendExact(dst []byte, v mqttwire.Version) ([]byte, error) {
	a := mqttwire.NewAppender(dst, mqttwire.CONNECT, v)
	p.check(&a, v)
	a.FixedHeader(0, p.bodySize(v))
	a.String(mqttwire.FieldProtocolName, []byte(protocolName(v)))
	level := byte(v)
	if p.Bridge {
		level |= bridgeBit
	}
	a.Byte(level)
	a.Byte(p.flags())
	a.Uint16(p.KeepAlive)
	a.Properties(mqttwire.PropertyOwner(mqttwire.CONNECT), &p.Properties)
	a.String(mqttwire.FieldClientID, p.ClientID)
	if p.Will != nil {
		a.Properties(mqttwire.WillProperties, &p.Will.Properties)
		a.TopicName(mqttwire.FieldWillTopic, p.Will.Topic)
		a.Binary(mqttwire.FieldWillPayload, p.Will.Payload)
	}
	if p.UserName != nil {
		a.String(mqttwire.FieldUserName, p.UserName)
	}
	if p.Password != nil {
		a.Binary(mqttwire.FieldPassword, p.Password)
	}
	return a.Done()
}

// check checks what no single field shows.
func (p *Connect) check(a *mqttwire.Appender, v mqttwire.Version) {
	if p.Version != 0 && p.Version != v {
		a.Fail(mqttwire.RuleConnectVersion, mqttwire.FieldProtocolVersion, int64(p.Version))
	}
	if p.Bridge && v == mqttwire.V5 {
		a.Fail(mqttwire.RuleNotInVersion, mqttwire.FieldProtocolVersion, int64(v)|bridgeBit)
	}
	if p.Will != nil && !p.Will.QoS.Valid() {
		a.Fail(mqttwire.RuleWillQoS, mqttwire.FieldConnectFlags, int64(p.Will.QoS))
	}
	if rule := connectFlagsFault(p.flags(), v, 0); rule != 0 {
		a.Fail(rule, mqttwire.FieldConnectFlags, int64(p.flags()))
	}
	if v == mqttwire.V5 && authDataAlone(&p.Properties) {
		a.Fail(mqttwire.RuleAuthDataAlone, fieldAuthData, mqttwire.NotANumber)
	}
	if n, bad := clientIDFault(p.ClientID, p.CleanStart, v); bad {
		a.Fail(mqttwire.RuleClientIDLength, mqttwire.FieldClientID, int64(n))
	}
}

// Clone returns a copy that shares no memory with p.
func (p *Connect) Clone() *Connect {
	q, will, m := newConnectClone(p)
	*q = *p
	q.ClientID, q.UserName, q.Password = m.bytes(p.ClientID), m.bytes(p.UserName), m.bytes(p.Password)
	q.Properties = m.properties(p.Properties)
	if w := p.Will; w != nil {
		*will = *w
		will.Topic, will.Payload = m.bytes(w.Topic), m.bytes(w.Payload)
		will.Properties = m.properties(w.Properties)
	}
	q.Will = will
	return q
}

// newConnectClone is newClone for p, and for its will if there is one.
func newConnectClone(p *Connect) (*Connect, *Will, memory) {
	if p.Will == nil {
		q, m := newClone[Connect](p.Pinned())
		return q, nil, m
	}
	b, m := newClone[struct {
		connect Connect
		will    Will
	}](p.Pinned())
	return &b.connect, &b.will, m
}

// Pinned returns how many bytes of the frame p keeps alive: see the function
// Pinned.
func (p *Connect) Pinned() int {
	n := len(p.ClientID) + len(p.UserName) + len(p.Password) + len(p.Properties.Bytes())
	if w := p.Will; w != nil {
		n += len(w.Topic) + len(w.Payload) + len(w.Properties.Bytes())
	}
	return n
}

// String returns the packet in one line, without user name and password.
func (p Connect) String() string {
	t := newText(mqttwire.CONNECT)
	t.word("version", p.Version.String())
	t.flag("bridge", p.Bridge)
	t.bytes("client_id", p.ClientID)
	t.flag("clean_start", p.CleanStart)
	t.number("keep_alive", uint64(p.KeepAlive))
	if w := p.Will; w != nil {
		t.bytes("will_topic", w.Topic)
		t.number("will_qos", uint64(w.QoS))
		t.flag("will_retain", w.Retain)
		t.length("will_payload", w.Payload)
		t.properties("will_properties", w.Properties)
	}
	if p.UserName != nil {
		t.length("user_name", p.UserName)
	}
	if p.Password != nil {
		t.length("password", p.Password)
	}
	t.properties("properties", p.Properties)
	return t.String()
}
