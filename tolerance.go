package mqttwire

import "slices"

// Tolerance decides, rule by rule, whether a violation that leaves the structure
// of a packet readable is an error or a finding. With one, packets are decoded by
// the same functions: where they would stop, they ask, and after a finding go on
// with what the packet says. See packets.DecodeTolerant. For one goroutine at a
// time.
//
// What a tolerated packet holds may break rules, so its Append refuses it until
// the fields are mended; its property lists are checked anew.
//
// Strict, the default, is to have no Tolerance, or one whose Allow is nil.
// The profiles Interop and ReportAll are functions for Allow.
type Tolerance struct {
	// Allow reports whether a violation is let pass as a finding. It is asked for
	// each violation of a rule that is Readable. nil lets nothing pass.
	Allow func(e *Error) bool

	// Findings are the violations that were let pass, in the order in which they
	// were found, of all packets since Reset. If a packet is refused, what was
	// found before stays here.
	Findings []*Error

	// Max is the largest number of Findings, so that a peer cannot make them grow
	// without end; 0 stands for DefaultFindings, less for none.
	Max int

	// Dropped counts the violations that were let pass and are not in Findings,
	// which were full.
	Dropped int
}

// DefaultFindings is how many findings a Tolerance keeps if it does not say.
const DefaultFindings = 256

// Reset forgets all findings. The slice that Findings was stays as it is.
func (t *Tolerance) Reset() { t.Findings, t.Dropped = nil, 0 }

// Judge reports whether e is let pass, and if so keeps it as a finding. It never
// lets a rule pass that is not Readable. It is for those who check more than one
// packet alone can show. A nil Tolerance lets nothing pass.
func (t *Tolerance) Judge(e *Error) bool {
	if t == nil || t.Allow == nil || !e.Rule.Readable() || !t.Allow(e) {
		return false
	}
	limit := t.Max
	if limit == 0 {
		limit = DefaultFindings
	}
	if len(t.Findings) < limit {
		t.Findings = append(t.Findings, e)
	} else {
		t.Dropped++
	}
	return true
}

// ReportAll is the profile that lets everything pass, for diagnosis: every
// violation in the packet becomes a finding, with its offset. One that leaves
// the rest of the packet unreadable stays an error, the last of the list.
func ReportAll(*Error) bool { return true }

// InteropRule is a row of the profile Interop: a violation of Rule that passes
// in these versions and packets.
type InteropRule struct {
	Rule     Rule
	Versions []Version
	Packets  []PacketType

	// Least and Most are the bounds of Error.Found. If both are 0, any number is
	// let pass.
	Least, Most int64

	// Why says who sends such packets, by public reports, and why it does no harm
	// to take them.
	Why string
}

// interopRules is the profile Interop. A row needs a report of peers in use that
// send it, and leaves no doubt of what the packet means nor of where it ends: so
// bytes left over, broken text and wildcards in topic names have none.
var interopRules = []InteropRule{
	{RuleFlags, []Version{V311}, []PacketType{PUBACK, SUBACK}, 2, 2,
		"servers built on Netty sent 42 and 92, as with QoS 1; the bits have no meaning here " +
			"(espressif/esp-mqtt#134, hivemq/hivemq-mqtt-client#340, moquette-io/moquette#362)"},
	{RuleFlags, []Version{V311}, []PacketType{PUBREL}, 10, 10,
		"clients of 3.1 that moved to 3.1.1 set DUP when they send PUBREL again; it is answered alike " +
			"(eclipse-paho/paho.mqtt.c#52, novastone-media/MQTT-Client-Framework#16)"},
	{RuleFlags, []Version{V5}, []PacketType{AUTH}, 1, 1,
		"Paho's Java client sends AUTH as F1; the bit has no meaning " +
			"(eclipse-paho/paho.mqtt.java#980)"},
	{RuleDup, []Version{V311, V5}, []PacketType{PUBLISH}, 0, 0,
		"servers passed DUP on with QoS 0, where nothing is sent twice and so nothing depends on it " +
			"(emqx/emqx#1319, thingsboard/thingsboard#2836, wolfSSL/wolfMQTT#498)"},
	{RuleClientIDLength, []Version{V31}, []PacketType{CONNECT}, 24, 65535,
		"clients of 3.1, mosquitto_pub among them, use identifiers of more than 23 characters, and servers take them " +
			"(hivemq/hivemq-community-edition#160, moquette-io/moquette#522, eclipse-paho/paho.mqtt.golang#772)"},
	{RulePasswordAlone, []Version{V31, V311}, []PacketType{CONNECT}, 0, 0,
		"clients send a token as password without a user name, which 5.0 allows " +
			"(eclipse-paho/paho.mqtt.python#726, emqx/emqx#18111)"},
	{RuleBridge, []Version{V31, V311}, []PacketType{CONNECT}, 0, 0,
		"mosquitto's bridges set bit 7 of the protocol level, to ask for what other servers may leave out " +
			"(dotnet/MQTTnet#1413, mqttjs/mqtt-packet#106, vernemq/vernemq#1253)"},
	{RuleReasonCode, []Version{V31}, []PacketType{SUBACK}, 0x80, 0x80,
		"servers refuse a subscription with 0x80 in 3.1 as in 3.1.1; a client has to be told either way " +
			"(moscajs/aedes#720)"},
	{RuleReasonCode, []Version{V5}, []PacketType{PUBACK}, 1, 2,
		"mochi answers a PUBLISH of QoS 1 with the code by which SUBACK grants that QoS; below 0x80 it is a success " +
			"(mochi-mqtt/server#474, mochi-mqtt/server#497, davidepianca98/KMQTT#72)"},
	{RuleReasonCode, []Version{V5}, []PacketType{PUBREC}, 0x93, 0x93,
		"EMQX refuses a message with Receive Maximum exceeded, which only DISCONNECT may say; from 0x80 on it is a failure " +
			"(emqx/emqx#6981)"},
	{RuleAuthEmpty, []Version{V5}, []PacketType{AUTH}, 0, 0,
		"the standard describes F0 00 in one place and rules it out in another " +
			"(eclipse-mosquitto/mosquitto#3591, mqttjs/mqtt-packet#160, dotnet/MQTTnet#2039)"},
}

// InteropRules returns the rows of the profile Interop.
func InteropRules() []InteropRule { return slices.Clone(interopRules) }

// Interop is the profile that servers and clients in the field start with: it lets
// pass what widely used peers get wrong and a receiver can take without harm, the
// violations that InteropRules lists, and nothing else. Without it a client of 5.0
// refuses the acknowledgements of a popular server, and a server of 3.1 the
// identifiers of popular clients. To be strict, without a Tolerance, is for tests,
// and for gateways that answer for what they pass on.
func Interop(e *Error) bool { return slices.ContainsFunc(interopRules, e.in) }

// in reports whether the row is about the error.
func (e *Error) in(row InteropRule) bool {
	return e.Rule == row.Rule && slices.Contains(row.Versions, e.Version) && slices.Contains(row.Packets, e.Type) &&
		(row.Least == 0 && row.Most == 0 || e.Found >= row.Least && e.Found <= row.Most)
}
