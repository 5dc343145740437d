package packets

import (
	"bytes"

	"github.com/mqttwire/mqttwire"
)

// direction is one direction of a connection: it knows what was said so far, as
// far as it binds the side that it watches, and checks that side's packets against
// it. Decoder and Encoder have one each, so that what one refuses to read the other
// refuses to write.
//
// Session state (packet identifiers in use, Receive Maximum) is not here: it
// outlives the connection and belongs to the session.
type direction struct {
	from       mqttwire.Sender // whose packets are checked
	version    mqttwire.Version
	versions   mqttwire.Versions // which a CONNECT may ask for; the zero set is all
	streamFrom int               // Options.StreamFrom
	optional   bool              // whether the rules of CheckOptional are checked too
	qos        mqttwire.QoS      // of the PUBLISH that is checked, for its errors
	tolerance  *mqttwire.Tolerance
	err        *mqttwire.Error

	begun        bool    // from has sent its first packet
	disconnected bool    // from has sent DISCONNECT
	connack      bool    // the server has sent a CONNACK that says success
	refused      bool    // the server has sent a CONNACK that says failure
	free         typeSet // see settle

	packetID uint16 // of the PUBLISH that is checked, for its errors

	connect  connectSaid
	sender   takes     // announced by from
	receiver announced // by the other side
	most     uint32    // bytes of the largest packet of a free type that is free; see settle
	aliases  aliases   // set by from
}

// connectSaid is what later packets are compared with.
type connectSaid struct {
	method              []byte // Authentication Method; nil if there is none
	seen                bool
	cleanStart          bool
	noClientID          bool
	noSessionExpiry     bool // Session Expiry Interval is 0 or absent
	responseInformation bool // may be sent
	problemInformation  bool // may be sent
}

func newDirection(o Options) direction {
	if o.From != mqttwire.FromClient && o.From != mqttwire.FromServer {
		panic("packets: Options.From is neither FromClient nor FromServer")
	}
	return direction{
		from: o.From, version: o.Version, versions: o.Versions, tolerance: o.Tolerance, optional: o.Optional,
		streamFrom: o.StreamFrom, receiver: nothingAnnounced,
	}
}

// fail says that a packet of type t breaks a rule. The first that the tolerance
// does not let pass counts.
func (c *direction) fail(rule mqttwire.Rule, t mqttwire.PacketType, field mqttwire.Field, offset int, found, max int64) {
	e := mqttwire.NewError(rule, t, c.version, field, offset, found)
	e.Max = max
	c.report(e)
}

// report judges an error and reports whether checking may go on.
func (c *direction) report(e *mqttwire.Error) bool {
	if c.err == nil && !c.tolerance.Judge(c.complete(e)) {
		c.err = e
	}
	return c.err == nil
}

// complete tells an error what is known of the connection.
func (c *direction) complete(e *mqttwire.Error) *mqttwire.Error {
	if e.Version == 0 && c.version != 0 {
		of := e.Rule.Statement(e.Type, 0)
		e.Version = c.version
		if id := e.Rule.Statement(e.Type, c.version); id != "" && e.Statement == of {
			e.Statement = id
		}
	}
	e.Connected = c.connack
	e.MaximumPacketSize, e.NoProblemInformation = c.sender.packetSize, c.sender.noProblems
	if e.Type == mqttwire.PUBLISH {
		e.PacketID, e.QoS = c.packetID, c.qos
	}
	return wire.SentBy(e, c.from)
}

// findings returns how many findings there are.
func (c *direction) findings() int {
	if c.tolerance == nil {
		return 0
	}
	return len(c.tolerance.Findings)
}

// completeFindings completes the findings after the first n.
func (c *direction) completeFindings(n int) {
	if c.tolerance != nil {
		for _, e := range c.tolerance.Findings[min(n, len(c.tolerance.Findings)):] {
			c.complete(e)
		}
	}
}

// header checks what the fixed header shows of the next packet, before a byte of
// its body is there.
func (c *direction) header(h mqttwire.FixedHeader) {
	c.packetID, c.qos = 0, 0
	if !c.free.has(h.Type) || c.receiver.packetSize != 0 {
		c.headerFaults(h)
	}
}

func (c *direction) headerFaults(h mqttwire.FixedHeader) {
	if rule := c.orderFault(h.Type); rule != 0 {
		c.order(rule, h.Type)
	}
	c.size(h.Type, int64(h.PacketSize()))
}

// size checks the size of a whole packet against what the receiver takes.
func (c *direction) size(t mqttwire.PacketType, n int64) {
	limit := int64(c.receiver.packetSize)
	if limit != 0 && n > limit { // [MQTT-3.1.2-24] [MQTT-3.2.2-15]
		c.fail(mqttwire.RuleMaximumPacketSize, t, mqttwire.FieldRemainingLength, 1, n, limit)
	}
}

// order says that a packet of type t may not stand at this place.
func (c *direction) order(rule mqttwire.Rule, t mqttwire.PacketType) {
	c.fail(rule, t, mqttwire.FieldPacketType, 0, int64(t), 0)
}

// orderFault returns the rule that a packet of type t at this place breaks, or 0.
func (c *direction) orderFault(t mqttwire.PacketType) mqttwire.Rule {
	switch {
	case c.disconnected: // [MQTT-3.14.4-1]
		return mqttwire.RuleAfterDisconnect
	case c.from == mqttwire.FromServer && c.refused: // [MQTT-3.2.2-7]
		return mqttwire.RuleAfterConnackFailure
	case c.from == mqttwire.FromClient:
		return c.clientOrderFault(t)
	}
	return c.serverOrderFault(t)
}

func (c *direction) clientOrderFault(t mqttwire.PacketType) mqttwire.Rule {
	auth := t == mqttwire.AUTH || t == mqttwire.DISCONNECT
	switch {
	case !c.begun && t != mqttwire.CONNECT: // [MQTT-3.1.0-1]
		return mqttwire.RuleFirstPacket
	case c.begun && t == mqttwire.CONNECT: // [MQTT-3.1.0-2]
		return mqttwire.RuleSecondConnect
	case c.begun && c.connect.method != nil && !c.connack && !auth: // [MQTT-3.1.2-30]
		return mqttwire.RuleAuthPending
	}
	return 0
}

func (c *direction) serverOrderFault(t mqttwire.PacketType) mqttwire.Rule {
	switch {
	case !t.MayBeSentBy(c.from, c.version): // U-2.1.2-2, said by checkSender
		return 0
	case t == mqttwire.CONNACK && c.connack: // [MQTT-3.2.0-2]
		return mqttwire.RuleSecondConnack
	case c.connack || t == mqttwire.CONNACK || t == mqttwire.AUTH:
		return 0
	case t == mqttwire.DISCONNECT: // [MQTT-3.14.0-1]
		return mqttwire.RuleDisconnectEarly
	}
	return mqttwire.RuleBeforeConnack // [MQTT-3.2.0-1]
}

// about notes the message that errors may be about, and what its sender takes in
// answer.
func (c *direction) about(p mqttwire.Packet) {
	switch p := p.(type) {
	case *Publish:
		c.packetID, c.qos = p.PacketID, p.QoS
	case *Connect: // the answer to a CONNECT that is refused keeps to it too
		if c.from == mqttwire.FromClient && !c.connect.seen && p.version(c.version) == mqttwire.V5 {
			c.sender = takesIn(&p.Properties)
		}
	case *Connack:
		if c.from == mqttwire.FromServer && !c.connack && c.version == mqttwire.V5 {
			c.sender = takesIn(&p.Properties)
		}
	}
}

// check checks a whole packet of the side that is watched.
func (c *direction) check(p mqttwire.Packet) {
	if !versionOf(p, c.version).Known() {
		return // without a version nothing is decoded or encoded
	}
	c.about(p)
	senderFaults(p, c.version, c.from, c.report)
	c.checkSaid(p)
	if c.optional { // at the end, so that a message alone is refused only if all else is right
		optionalFaults(p, c.version, c.report)
	}
}

// checkSaid checks a packet against what was said on the connection.
func (c *direction) checkSaid(p mqttwire.Packet) {
	if c.version != mqttwire.V5 {
		if p, ok := p.(*Connack); ok {
			c.checkSession(p)
		}
		return
	}
	if !c.wantsProblems() {
		c.checkProblemInformation(p)
	}
	switch p := p.(type) {
	case *Connack:
		c.checkSession(p)
		c.checkConnack(p)
	case *Publish:
		c.checkPublish(p)
	case *Subscribe:
		c.checkSubscribe(p)
	case *Disconnect:
		c.checkDisconnect(p)
	case *Auth:
		c.checkAuth(p)
	}
}

// property says that a property breaks a rule.
func (c *direction) property(rule mqttwire.Rule, t mqttwire.PacketType, id mqttwire.PropertyID, found, max int64) {
	c.fail(rule, t, id.Field(mqttwire.PropertyOwner(t)), mqttwire.NoOffset, found, max)
}

// checkSession checks Session Present against the CONNECT.
func (c *direction) checkSession(p *Connack) {
	if c.connect.seen && c.connect.cleanStart && p.SessionPresent { // [MQTT-3.2.2-2], 3.1.1: [MQTT-3.2.2-1]
		c.fail(mqttwire.RuleSessionPresentCleanStart, mqttwire.CONNACK, mqttwire.FieldAcknowledgeFlags, mqttwire.NoOffset, sessionPresent, 0)
	}
}

func (c *direction) checkConnack(p *Connack) {
	if !c.connect.seen {
		return
	}
	const t = mqttwire.CONNACK
	method, ok := p.Properties.AuthenticationMethod()
	switch {
	case ok && c.connect.method == nil: // [MQTT-4.12.0-6]
		c.property(mqttwire.RuleAuthUnasked, t, mqttwire.AuthenticationMethod, mqttwire.NotANumber, 0)
	case p.ReasonCode == 0 && c.connect.method != nil && !(ok && bytes.Equal(method, c.connect.method)): // [MQTT-4.12.0-5]
		c.property(mqttwire.RuleAuthMethodChanged, t, mqttwire.AuthenticationMethod, mqttwire.NotANumber, 0)
	}
	if p.ReasonCode == 0 && c.connect.noClientID && !p.Properties.Has(mqttwire.AssignedClientIdentifier) { // [MQTT-3.2.2-16]
		c.property(mqttwire.RuleAssignedClientIDMissing, t, mqttwire.AssignedClientIdentifier, mqttwire.NotANumber, 0)
	}
	if !c.connect.responseInformation && p.Properties.Has(mqttwire.ResponseInformation) { // [MQTT-3.1.2-28]
		c.property(mqttwire.RuleResponseInformationUnasked, t, mqttwire.ResponseInformation, mqttwire.NotANumber, 0)
	}
}

// checkProblemInformation checks that a client which does not want them gets no
// Reason String and User Property where they are problem information.
// [MQTT-3.1.2-29]
func (c *direction) checkProblemInformation(p mqttwire.Packet) {
	list := problemsOf(p)
	for _, id := range [...]mqttwire.PropertyID{mqttwire.ReasonString, mqttwire.UserProperty} {
		if list != nil && list.Has(id) {
			c.property(mqttwire.RuleProblemInformationUnasked, p.Type(), id, mqttwire.NotANumber, 0)
		}
	}
}

// wantsProblems reports whether the receiver takes problem information in every
// packet.
func (c *direction) wantsProblems() bool {
	return c.from != mqttwire.FromServer || !c.connect.seen || c.connect.problemInformation || c.version != mqttwire.V5
}

// problemsOf returns the property list of a packet in which Reason String and User
// Property are problem information that a client may not want, or nil. Section
// 3.1.2.11.7.
func problemsOf(p mqttwire.Packet) *mqttwire.Properties {
	switch p.(type) {
	case *Publish, *Connack, *Disconnect:
		return nil
	}
	return PropertiesOf(p)
}

func (c *direction) checkPublish(p *Publish) {
	const t = mqttwire.PUBLISH
	if c.from == mqttwire.FromClient {
		if p.QoS > c.receiver.qos { // [MQTT-3.2.2-11]
			c.fail(mqttwire.RuleMaximumQoS, t, mqttwire.FieldQoS, 0, int64(p.QoS), int64(c.receiver.qos))
		}
		if p.Retain && c.receiver.noRetain { // [MQTT-3.2.2-14]
			c.fail(mqttwire.RuleRetainAvailable, t, mqttwire.FieldRetain, 0, 1, 0)
		}
	}
	alias, ok := p.Properties.TopicAlias()
	if !ok {
		return
	}
	limit := c.receiver.topicAlias
	switch {
	case limit == 0: // [MQTT-3.2.2-18] [MQTT-3.1.2-27]
		c.property(mqttwire.RuleTopicAliasNone, t, mqttwire.TopicAlias, int64(alias), 0)
	case alias > limit: // [MQTT-3.2.2-17] [MQTT-3.1.2-26] U-3.3.4-1
		c.property(mqttwire.RuleTopicAliasMaximum, t, mqttwire.TopicAlias, int64(alias), int64(limit))
	case len(p.Topic) == 0 && !c.aliases.known(alias): // U-3.3.4-2
		c.property(mqttwire.RuleTopicAliasUnknown, t, mqttwire.TopicAlias, int64(alias), 0)
	}
}

func (c *direction) checkSubscribe(p *Subscribe) {
	const t = mqttwire.SUBSCRIBE
	if c.receiver.noSubscriptionID && p.Properties.Has(mqttwire.SubscriptionIdentifier) { // U-3.2.2.3.12-3
		c.property(mqttwire.RuleSubscriptionIDAvailable, t, mqttwire.SubscriptionIdentifier, mqttwire.NotANumber, 0)
	}
	if !c.receiver.noWildcard && !c.receiver.noShared {
		return
	}
	for i := range p.Subscriptions {
		filter := p.Subscriptions[i].Filter
		if c.receiver.noShared && mqttwire.IsSharedFilter(filter) { // U-3.2.2.3.13-3
			c.fail(mqttwire.RuleSharedAvailable, t, mqttwire.FieldTopicFilter, mqttwire.NoOffset, mqttwire.NotANumber, 0)
		}
		if c.receiver.noWildcard && hasWildcard(filter) { // U-3.2.2.3.11-3
			c.fail(mqttwire.RuleWildcardAvailable, t, mqttwire.FieldTopicFilter, mqttwire.NoOffset, mqttwire.NotANumber, 0)
		}
	}
}

func (c *direction) checkDisconnect(p *Disconnect) {
	expiry, _ := p.Properties.SessionExpiryInterval()
	if c.from == mqttwire.FromClient && c.connect.noSessionExpiry && expiry != 0 { // U-3.14.2.2.2-2
		c.property(mqttwire.RuleSessionExpiryRaised, mqttwire.DISCONNECT, mqttwire.SessionExpiryInterval, int64(expiry), 0)
	}
}

func (c *direction) checkAuth(p *Auth) {
	if !c.connect.seen {
		return
	}
	const t = mqttwire.AUTH
	method, _ := p.Properties.AuthenticationMethod()
	client := c.from == mqttwire.FromClient
	switch {
	case c.connect.method == nil && client: // [MQTT-4.12.0-7]
		c.order(mqttwire.RuleAuthNotBegun, t)
	case c.connect.method == nil: // [MQTT-4.12.0-6]
		c.order(mqttwire.RuleAuthUnasked, t)
	case p.Properties.Empty(): // described and ruled out, so left to CheckOptional. U-3.15.2.1-1
	case !bytes.Equal(method, c.connect.method): // U-3.15-1 [MQTT-4.12.0-5] [MQTT-4.12.1-1]
		c.property(mqttwire.RuleAuthMethodChanged, t, mqttwire.AuthenticationMethod, mqttwire.NotANumber, 0)
	}
	if c.connack || p.ReasonCode == mqttwire.ReasonContinueAuthentication {
		return
	}
	rule := mqttwire.RuleAuthCodeServer // [MQTT-4.12.0-2]
	if client {                         // [MQTT-4.12.0-3] U-4.12.1-1
		rule = mqttwire.RuleAuthCodeClient
	}
	c.fail(rule, t, mqttwire.FieldReasonCode, mqttwire.NoOffset, int64(p.ReasonCode), 0)
}

// serves says that a CONNECT asks for a version, by the level at offset, which is
// not one of the set, if that is so. [MQTT-3.1.2-2]
func (c *direction) serves(v mqttwire.Version, level byte, offset int) {
	if v != 0 && c.versions != 0 && !c.versions.Has(v) {
		c.fail(mqttwire.RuleProtocolVersion, mqttwire.CONNECT, mqttwire.FieldProtocolVersion, offset, int64(level), 0)
	}
}

// take returns the error that was found, or nil, and forgets it.
func (c *direction) take() error {
	if c.err == nil {
		return nil // not a nil *Error in an interface
	}
	err := c.err
	c.err = nil
	return err
}

// observe notes a packet of the other side.
func (c *direction) observe(p mqttwire.Packet) {
	other := mqttwire.FromClient
	if c.from == mqttwire.FromClient {
		other = mqttwire.FromServer
	}
	c.note(p, other)
}

// note keeps what a packet of either side means for later ones. The packet is
// copied from, not kept.
func (c *direction) note(p mqttwire.Packet, from mqttwire.Sender) {
	if from == c.from && !c.begun {
		c.begun = true
		c.settle()
	}
	switch p := p.(type) {
	case *Connect: // the first one, of the side that sends it: more may be let pass
		if from == mqttwire.FromClient && !c.connect.seen {
			c.noteConnect(p, from)
			c.settle()
		}
	case *Connack:
		if from == mqttwire.FromServer && !c.connack && !c.refused {
			c.noteConnack(p, from)
			c.settle()
		}
	case *Publish:
		alias, ok := p.Properties.TopicAlias()
		if from == c.from && ok && len(p.Topic) > 0 && alias <= c.receiver.topicAlias { // U-3.3.4-3
			c.aliases.set(alias, p.Topic)
		}
	case *Disconnect:
		c.disconnected = c.disconnected || from == c.from
		c.settle()
	}
}

func (c *direction) noteConnect(p *Connect, from mqttwire.Sender) {
	if c.version == 0 {
		c.version = p.Version
	}
	list := c.said(&p.Properties)
	method, hasMethod := list.AuthenticationMethod()
	expiry, _ := list.SessionExpiryInterval()
	response, _ := list.RequestResponseInformation()
	c.connect = connectSaid{
		seen:                true,
		cleanStart:          p.CleanStart,
		noClientID:          len(p.ClientID) == 0,
		noSessionExpiry:     expiry == 0,
		responseInformation: response,
		problemInformation:  !isFalse(list.RequestProblemInformation()),
	}
	if hasMethod {
		c.connect.method = append([]byte{}, method...)
	}
	if from != c.from {
		c.receiver = announcedIn(list)
	}
}

// said returns the list as far as it goes over the wire: before 5.0 it does not.
func (c *direction) said(list *mqttwire.Properties) *mqttwire.Properties {
	if c.version != mqttwire.V5 {
		return &mqttwire.Properties{}
	}
	return list
}

func (c *direction) noteConnack(p *Connack, from mqttwire.Sender) {
	c.connack = p.ReasonCode == 0
	c.refused = !c.connack
	if from != c.from && c.connack {
		c.receiver = announcedIn(c.said(&p.Properties))
	}
}
