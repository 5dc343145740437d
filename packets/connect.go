package packets

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/text"
)

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

	// UserName is a UTF-8 string of 0 to 65535 bytes; nil if there is none. One
	// that is empty but not nil, as []byte("") is, is sent as a user name of 0
	// bytes: who takes it from a setting that may be empty leaves it nil then.
	// Section 3.1.3.5.
	UserName []byte

	// Password is 0 to 65535 bytes; nil if there is none, and sent if it is empty
	// but not nil, as with UserName. Before 5.0 it goes with a user name only.
	// Section 3.1.3.6.
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

func (p *Connect) properties() *mqttwire.Properties { return &p.Properties }

func (p *Connect) clone() mqttwire.Packet { return p.Clone() }

func (*Connect) listIn(f mqttwire.Frame, v mqttwire.Version) listPlace {
	var will Will
	p := Connect{Will: &will} // for decode to use, or to drop
	if !p.decode(f, v, nil) {
		return listPlace{}
	}
	place := listPlace{at: p.places().list, legal: true, version: p.Version}
	// Read once more, as what is part of p would take the will off the stack.
	readProperties(&place.list, f.Body[place.at:], mqttwire.PropertyOwner(mqttwire.CONNECT), p.Version, nil)
	return place
}

func (*Connect) listFault(_ mqttwire.Frame, list mqttwire.Properties) (mqttwire.Rule, mqttwire.Field, int64) {
	if authDataAlone(&list) {
		return mqttwire.RuleAuthDataAlone, fieldAuthData, mqttwire.NotANumber
	}
	return 0, "", 0
}

func (*Connect) packetID() *uint16 { return nil }

func (*Connect) reasonCode() *mqttwire.ReasonCode { return nil }

// Decode resets the packet and reads it from f. v is the version to accept, or 0
// for any. The packet's byte slices alias f.Body; use Clone to keep them.
func (p *Connect) Decode(f mqttwire.Frame, v mqttwire.Version) error {
	if p.decode(f, v, nil) {
		return nil
	}
	return p.judged(f, v, nil)
}

func (p *Connect) reset(_ int) { *p = Connect{} }

func (p *Connect) judged(f mqttwire.Frame, v mqttwire.Version, tolerance *mqttwire.Tolerance) error {
	j := wire.Judge(f, mqttwire.CONNECT, v, tolerance)
	if !p.decode(f, v, &j) {
		p.reset(len(f.Body))
		return wire.Err(&j)
	}
	return nil
}

func (p *Connect) decode(f mqttwire.Frame, accept mqttwire.Version, j *mqttwire.Judge) bool {
	b := p.decodeVersion(f, accept, j)
	if b == nil {
		return false
	}
	v := p.Version
	if len(b) < 3 {
		return missingFlags(b, v, j)
	}
	flags := b[0]
	wire.Saw(j, mqttwire.FieldConnectFlags, b, 0, 1)
	wire.Saw(j, mqttwire.FieldKeepAlive, b[1:], 0, 2)
	if plainConnectFlags[flags]>>v&1 == 0 && !judgeFlags(b, v, j) {
		return false
	}
	p.CleanStart, p.KeepAlive = flags&connectCleanStart != 0, uint16(b[2])|uint16(b[1])<<8
	if b = readProperties(&p.Properties, b[3:], mqttwire.PropertyOwner(mqttwire.CONNECT), v, j); b == nil {
		return false
	}
	if v == mqttwire.V5 && authDataAlone(&p.Properties) {
		data, _ := p.Properties.Offset(mqttwire.AuthenticationData)
		left := len(b) + len(p.Properties.Bytes()) - data
		if !wire.Pass(j, mqttwire.RuleAuthDataAlone, fieldAuthData, f.Body[len(f.Body)-left:], mqttwire.NotANumber) {
			return false
		}
	}
	if b = p.decodeClientID(b, j); b == nil {
		return false
	}
	if flags&connectWill == 0 {
		p.Will = nil
	} else {
		if p.Will == nil {
			p.Will = new(Will)
		}
		if b = p.Will.decode(b, flags, v, j); b == nil {
			return false
		}
	}
	return p.decodeCredentials(b, flags, j)
}

// judgeFlags judges the connect flags that b begins with.
func judgeFlags(b []byte, v mqttwire.Version, j *mqttwire.Judge) bool {
	for rule := connectFlagsFault(b[0], v, 0); rule != 0; rule = connectFlagsFault(b[0], v, rule) {
		if !wire.Pass(j, rule, mqttwire.FieldConnectFlags, b, int64(b[0])) {
			return false
		}
	}
	return true
}

// missingFlags says which of connect flags and keep alive is not there.
func missingFlags(b []byte, v mqttwire.Version, j *mqttwire.Judge) bool {
	if len(b) == 0 {
		return wire.Missing(j, b, mqttwire.FieldConnectFlags)
	}
	wire.Saw(j, mqttwire.FieldConnectFlags, b, 0, 1)
	if !judgeFlags(b, v, j) {
		return false
	}
	return wire.Missing(j, b[1:], mqttwire.FieldKeepAlive)
}

// decodeVersion reads protocol name and level, which decide how the rest is read,
// and returns that.
func (p *Connect) decodeVersion(f mqttwire.Frame, accept mqttwire.Version, j *mqttwire.Judge) (rest []byte) {
	b, level := f.Body, 0
	switch { // nearly all
	case j != nil:
		return p.decodeOtherVersion(f, accept, j)
	case len(b) >= 7 && string(b[:6]) == "\x00\x04MQTT" && (b[6] == byte(mqttwire.V311) || b[6] == byte(mqttwire.V5)):
		level = 6
	case len(b) >= 9 && string(b[:8]) == "\x00\x06MQIsdp" && b[8] == byte(mqttwire.V31):
		level = 8
	default:
		return p.decodeOtherVersion(f, accept, j)
	}
	v := mqttwire.Version(b[level])
	if accept != 0 && accept != v || !plainFrame(f, mqttwire.CONNECT, v) {
		return p.decodeOtherVersion(f, accept, j)
	}
	p.Version, p.Bridge = v, false
	return b[level+1:]
}

// decodeOtherVersion is decodeVersion for any name and level.
func (p *Connect) decodeOtherVersion(f mqttwire.Frame, accept mqttwire.Version, j *mqttwire.Judge) (rest []byte) {
	if !wire.ConnectFrame(j, f, accept) {
		return nil
	}
	b := f.Body
	name, rest := wire.String(j, b, mqttwire.FieldProtocolName, accept)
	if rest == nil {
		return nil
	}
	if !isProtocolName(name) && // [MQTT-3.1.2-1]
		!wire.Pass(j, mqttwire.RuleProtocolName, mqttwire.FieldProtocolName, b, mqttwire.NotANumber) {
		return nil
	}
	if len(rest) == 0 {
		wire.Missing(j, rest, mqttwire.FieldProtocolVersion)
		return nil
	}
	level, known := rest[0], false
	wire.Saw(j, mqttwire.FieldProtocolVersion, rest, 0, 1)
	p.Version, p.Bridge, known = versionAsked(name, level)
	if !known || accept != 0 && accept != p.Version { // [MQTT-3.1.2-2]
		wire.Pass(j, mqttwire.RuleProtocolVersion, mqttwire.FieldProtocolVersion, rest, int64(level))
		return nil
	}
	wire.SetVersion(j, p.Version)
	if accept == 0 && !wire.Frame(j, f, mqttwire.CONNECT, p.Version) {
		return nil
	}
	return rest[1:]
}

// isProtocolName reports whether a protocol name is that of any version.
func isProtocolName(name []byte) bool { return string(name) == "MQTT" || string(name) == "MQIsdp" }

// versionAsked returns the version that protocol name and level ask for, whether
// the level has the bridge bit, and whether there is such a version. Sections
// 3.1.2.1 and 3.1.2.2.
func versionAsked(name []byte, level byte) (v mqttwire.Version, bridge, known bool) {
	v, bridge = mqttwire.Version(level&^bridgeBit), level&bridgeBit != 0
	return v, bridge, v.Known() && string(name) == protocolName(v) && !(bridge && v == mqttwire.V5)
}

// plainConnectFlags has for each value of the connect flags a bit for each version
// in which it is legal.
var plainConnectFlags = func() (versions [256]uint8) {
	for flags := range versions {
		for v := mqttwire.V31; v <= mqttwire.V5; v++ {
			if connectFlagsFault(byte(flags), v, 0) == 0 {
				versions[flags] |= 1 << v
			}
		}
	}
	return versions
}()

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

func (p *Connect) decodeClientID(b []byte, j *mqttwire.Judge) (rest []byte) {
	if len(b) == 0 && !wire.Pass(j, mqttwire.RuleClientIDMissing, mqttwire.FieldClientID, b, 0) { // [MQTT-3.1.3-3]
		return nil
	}
	if end := fieldEnd(b); j == nil && end != 0 && text.PlainString(b[2:end]) {
		p.ClientID, rest = b[2:end:end], b[end:]
	} else if p.ClientID, rest = wire.String(j, b, mqttwire.FieldClientID, p.Version); rest == nil {
		return nil
	}
	if len(p.ClientID) == 0 || p.Version == mqttwire.V31 {
		if n, bad := clientIDFault(p.ClientID, p.CleanStart, p.Version); bad && !wire.Pass(j, mqttwire.RuleClientIDLength, mqttwire.FieldClientID, b, int64(n)) {
			return nil
		}
	}
	return rest
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
func (w *Will) decode(b []byte, flags byte, v mqttwire.Version, j *mqttwire.Judge) (rest []byte) {
	w.QoS = mqttwire.QoS(flags & connectWillQoS >> willQoSShift)
	w.Retain = flags&connectWillRetain != 0
	if len(b) == 0 && !wire.Pass(j, mqttwire.RuleWillMissing, mqttwire.FieldWillTopic, b, 0) {
		return nil
	}
	if b = readProperties(&w.Properties, b, mqttwire.WillProperties, v, j); b == nil {
		return nil
	}
	if len(b) == 0 && !wire.Pass(j, mqttwire.RuleWillMissing, mqttwire.FieldWillTopic, b, 0) {
		return nil
	}
	if end := fieldEnd(b); j == nil && end > 2 && text.PlainTopicName(b[2:end]) {
		w.Topic, b = b[2:end:end], b[end:]
	} else if w.Topic, b = wire.TopicName(j, b, mqttwire.FieldWillTopic, v); b == nil {
		return nil
	}
	if len(b) == 0 && !wire.Pass(j, mqttwire.RuleWillMissing, mqttwire.FieldWillPayload, b, 0) {
		return nil
	}
	if end := fieldEnd(b); j == nil && end != 0 {
		w.Payload = b[2:end:end]
		return b[end:]
	}
	w.Payload, rest = wire.Binary(j, b, mqttwire.FieldWillPayload)
	return rest
}

// decodeCredentials reads user name and password, with which the packet ends. In
// 3.1 the remaining length goes before the flags: a flagged field may be missing
// where the packet ends.
func (p *Connect) decodeCredentials(b []byte, flags byte, j *mqttwire.Judge) bool {
	may := p.Version == mqttwire.V31
	p.UserName, p.Password = nil, nil
	if flags&connectUserName != 0 && !(may && len(b) == 0) {
		if len(b) == 0 && !wire.Pass(j, mqttwire.RuleUserNameMissing, mqttwire.FieldUserName, b, 0) { // [MQTT-3.1.2-17]
			return false
		}
		if end := fieldEnd(b); j == nil && end != 0 && text.PlainString(b[2:end]) {
			p.UserName, b = b[2:end:end], b[end:]
		} else if p.UserName, b = wire.String(j, b, mqttwire.FieldUserName, p.Version); b == nil {
			return false
		}
	}
	if flags&connectPassword != 0 && !(may && len(b) == 0) {
		if len(b) == 0 && !wire.Pass(j, mqttwire.RulePasswordMissing, mqttwire.FieldPassword, b, 0) { // [MQTT-3.1.2-19]
			return false
		}
		if end := fieldEnd(b); j == nil && end != 0 {
			p.Password, b = b[2:end:end], b[end:]
		} else if p.Password, b = wire.Binary(j, b, mqttwire.FieldPassword); b == nil {
			return false
		}
	}
	return len(b) == 0 || endConnect(b, flags, j)
}

// endConnect judges bytes that are left. They are, most likely, a field whose flag
// is not set; 3.1 is no exception, although it has servers disregard the value of
// such a field.
func endConnect(b []byte, flags byte, j *mqttwire.Judge) bool {
	wire.Saw(j, mqttwire.FieldPacketEnd, b, 0, len(b))
	switch {
	case flags&connectUserName == 0 && flags&connectPassword == 0: // [MQTT-3.1.2-16]
		return wire.Pass(j, mqttwire.RuleUserNameUnflagged, mqttwire.FieldUserName, b, int64(len(b)))
	case flags&connectPassword == 0: // [MQTT-3.1.2-18]
		return wire.Pass(j, mqttwire.RulePasswordUnflagged, mqttwire.FieldPassword, b, int64(len(b)))
	}
	return wire.End(j, b)
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
	const t = mqttwire.CONNECT
	v = p.version(v)
	flags := p.flags()
	if rule, field, found := p.fault(flags, v); rule != 0 {
		return wire.Refuse(dst, rule, t, v, field, found)
	}
	list, ok := plainList(&p.Properties, mqttwire.PropertyOwner(t), v)
	n := p.bodySize(v)
	switch {
	case n > mqttwire.MaxVarint:
		return refuseFrame(dst, t, v, n)
	case !ok:
		if err := checkList(&p.Properties, mqttwire.PropertyOwner(t), v); err != nil {
			return dst, err
		}
	}
	if !p.plainPayload(v) {
		if err := p.checkPayload(v); err != nil {
			return dst, err
		}
	}
	b := appendHeader(dst, byte(t)<<4, n, n)
	if v == mqttwire.V31 {
		b = append(b, "\x00\x06MQIsdp"...)
	} else {
		b = append(b, "\x00\x04MQTT"...)
	}
	level := byte(v)
	if p.Bridge {
		level |= bridgeBit
	}
	b = append(b, level, flags, byte(p.KeepAlive>>8), byte(p.KeepAlive))
	b = appendPlainList(b, list, v)
	return p.appendPayload(b, flags, v), nil
}

// appendPayload appends the payload, which was checked. [MQTT-3.1.3-1]
func (p *Connect) appendPayload(b []byte, flags byte, v mqttwire.Version) []byte {
	b = appendPrefixed(b, p.ClientID)
	if flags&(connectWill|connectUserName|connectPassword) == 0 {
		return b
	}
	if w := p.Will; w != nil {
		list, _ := plainList(&w.Properties, mqttwire.WillProperties, v)
		b = appendPlainList(b, list, v)
		b = appendPrefixed(appendPrefixed(b, w.Topic), w.Payload)
	}
	if p.UserName != nil {
		b = appendPrefixed(b, p.UserName)
	}
	if p.Password != nil {
		b = appendPrefixed(b, p.Password)
	}
	return b
}

// plainPayload reports whether nothing in the payload needs a closer look.
func (p *Connect) plainPayload(v mqttwire.Version) bool {
	return text.PlainString(p.ClientID) && (p.Will == nil || p.Will.plain(v)) &&
		(p.UserName == nil || text.PlainString(p.UserName)) && len(p.Password) <= maxBinary
}

// maxBinary is the length of the longest binary data. Section 1.5.6.
const maxBinary = 65535

// plain reports whether nothing in the will needs a closer look.
func (w *Will) plain(v mqttwire.Version) bool {
	_, ok := plainList(&w.Properties, mqttwire.WillProperties, v)
	return ok && text.PlainTopicName(w.Topic) && len(w.Payload) <= maxBinary
}

// checkPayload checks the fields of the payload, in their order.
func (p *Connect) checkPayload(v mqttwire.Version) error {
	const t = mqttwire.CONNECT
	if err := wire.CheckString(p.ClientID, t, v, mqttwire.FieldClientID); err != nil {
		return err
	}
	if w := p.Will; w != nil {
		if _, ok := plainList(&w.Properties, mqttwire.WillProperties, v); !ok {
			if err := checkList(&w.Properties, mqttwire.WillProperties, v); err != nil {
				return err
			}
		}
		if err := wire.CheckTopicName(w.Topic, t, v, mqttwire.FieldWillTopic); err != nil {
			return err
		}
		if err := wire.CheckBinary(w.Payload, t, v, mqttwire.FieldWillPayload); err != nil {
			return err
		}
	}
	if err := wire.CheckString(p.UserName, t, v, mqttwire.FieldUserName); err != nil {
		return err
	}
	return wire.CheckBinary(p.Password, t, v, mqttwire.FieldPassword)
}

// fault returns the rule that is broken by what no single field shows, or 0. flags
// are the connect flags.
func (p *Connect) fault(flags byte, v mqttwire.Version) (mqttwire.Rule, mqttwire.Field, int64) {
	switch {
	case !v.Known():
		return mqttwire.RuleVersion, mqttwire.FieldVersion, int64(v)
	case p.Version != 0 && p.Version != v:
		return mqttwire.RuleConnectVersion, mqttwire.FieldProtocolVersion, int64(p.Version)
	case p.Bridge && v == mqttwire.V5:
		return mqttwire.RuleNotInVersion, mqttwire.FieldProtocolVersion, int64(v) | bridgeBit
	case p.Will != nil && !p.Will.QoS.Valid():
		return mqttwire.RuleWillQoS, mqttwire.FieldConnectFlags, int64(p.Will.QoS)
	case plainConnectFlags[flags]>>v&1 == 0:
		return connectFlagsFault(flags, v, 0), mqttwire.FieldConnectFlags, int64(flags)
	case v == mqttwire.V5:
		if authDataAlone(&p.Properties) {
			return mqttwire.RuleAuthDataAlone, fieldAuthData, mqttwire.NotANumber
		}
	default:
		if n, bad := clientIDFault(p.ClientID, p.CleanStart, v); bad {
			return mqttwire.RuleClientIDLength, mqttwire.FieldClientID, int64(n)
		}
	}
	return 0, "", 0
}

// Clone returns a copy that shares no memory with p.
func (p *Connect) Clone() *Connect {
	q, will, m := newConnectClone(p)
	*q = *p
	q.ClientID, q.UserName, q.Password = m.bytes(p.ClientID), m.bytes(p.UserName), m.bytes(p.Password)
	q.Properties = m.properties(p.Properties)
	if p.Will != nil {
		m.will(will, p.Will)
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
	if p.Will != nil {
		n += p.Will.pinned()
	}
	return n
}

// String returns the packet in one line, without user name and password.
func (p Connect) String() string {
	t := newLine(mqttwire.CONNECT)
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

// visit tells v of the fields.
func (p *Connect) visit(v visitor) {
	v.byte("version", (*uint8)(&p.Version), always)
	v.flag("bridge", &p.Bridge, rare)
	v.flag("cleanStart", &p.CleanStart, always)
	v.number("keepAlive", &p.KeepAlive, always)
	v.text("clientId", &p.ClientID)
	v.secret("username", &p.UserName)
	v.secret("password", &p.Password)
	v.object("will", p.Will != nil, func() { p.Will = new(Will) }, func(v visitor) { p.Will.visit(v) })
	v.properties("props", &p.Properties)
}

// MarshalJSON returns the packet as JSON, as AppendJSON writes it.
func (p Connect) MarshalJSON() ([]byte, error) { return AppendJSON(nil, &p) }

// UnmarshalJSON resets the packet and reads it from JSON, as ParseJSON does.
func (p *Connect) UnmarshalJSON(b []byte) error { return readPacket(p, b) }

// LogValue returns the packet for package log/slog, as a group: named as JSON is,
// and with no more shown than String shows.
func (p Connect) LogValue() slogValue { return logPacket(&p) }

// visit tells v of the fields.
func (w *Will) visit(v visitor) {
	v.byte("qos", (*uint8)(&w.QoS), always)
	v.flag("retain", &w.Retain, always)
	v.properties("props", &w.Properties)
	v.text("topic", &w.Topic)
	v.payload("payload", &w.Payload)
}

// MarshalJSON returns the will as JSON, as AppendJSON writes it.
func (w Will) MarshalJSON() ([]byte, error) { return marshalPart(w.visit) }

// UnmarshalJSON reads the will from JSON, as ParseJSON does. On error it is left as
// it was.
func (w *Will) UnmarshalJSON(b []byte) error { return readPart(b, w, (*Will).visit) }
