package packets

import (
	"math"
	"slices"

	"github.com/mqttwire/mqttwire"
)

// LossRule is a row of the table of what is lost between versions, and what that does.
// The first row that fits a loss counts.
type LossRule struct {
	// Owners are the packets that it is about, PropertyOwner of their types, or the will.
	Owners []mqttwire.PropertyOwner

	// Property is the property; 0 for a field, or a packet as a whole.
	Property mqttwire.PropertyID

	// Field is the name of the field; "" for a property, which has one for each owner.
	Field mqttwire.Field

	// From are the versions that have it, To those that have no place for it.
	From, To mqttwire.Versions

	// Sender is the side whose packets it is about; 0 for either, and for one that is not
	// known.
	Sender mqttwire.Sender

	// Least and Most are the bounds of the number that it is about, both included. What is
	// no number counts as mqttwire.NotANumber.
	Least, Most int64

	// Less says of a reason code that the version has one which says the same with less
	// detail.
	Less bool

	// Effect is what the loss does, and Why says how: Loss has them from here.
	Effect Effect
	Why    string
}

// LossRules returns the rows of the table, those of properties first.
func LossRules() []LossRule {
	rules := slices.Clone(lossRules)
	for i := range rules {
		rules[i].Owners = slices.Clone(rules[i].Owners)
	}
	return rules
}

// lossRules is the one home of what is lost between versions. Convert reads it, the
// example of LossRules shows it, and the tests hold Convert to it.
var lossRules = slices.Concat(lostProperties, lostCodes, lostFields)

// The versions, as rows name them.
var (
	only31  = mqttwire.VersionsOf(mqttwire.V31)
	only311 = mqttwire.VersionsOf(mqttwire.V311)
	only5   = mqttwire.VersionsOf(mqttwire.V5)
	before5 = only31 | only311
	every   = before5 | only5
)

// theWill stands for the will in a list of packets.
const theWill = mqttwire.PacketType(mqttwire.WillProperties)

// ownersOf returns the packets as owners of properties.
func ownersOf(types []mqttwire.PacketType) (owners []mqttwire.PropertyOwner) {
	for _, t := range types {
		owners = append(owners, mqttwire.PropertyOwner(t))
	}
	return owners
}

// lost is the row of a property with any value, in packets of these types.
func lost(id mqttwire.PropertyID, effect Effect, why string, types ...mqttwire.PacketType) LossRule {
	return LossRule{Owners: ownersOf(types), Property: id, From: only5, To: before5,
		Least: mqttwire.NotANumber, Most: math.MaxUint32, Effect: effect, Why: why}
}

// from is the row for values from n on.
func (r LossRule) from(n int64) LossRule {
	r.Least = n
	return r
}

// upTo is the row for values up to n.
func (r LossRule) upTo(n int64) LossRule {
	r.Most = n
	return r
}

// by is the row for packets of one side.
func (r LossRule) by(s mqttwire.Sender) LossRule {
	r.Sender = s
	return r
}

// lostProperties are those of 5.0, in the order of their identifiers. AUTH has none,
// as it is lost as a whole.
var lostProperties = []LossRule{
	lost(mqttwire.PayloadFormatIndicator, Harmless, "it describes the payload, which stays", mqttwire.PUBLISH, theWill),
	lost(mqttwire.MessageExpiryInterval, Harmless, "it tells a client what is left of an interval that the server sees to", mqttwire.PUBLISH).by(mqttwire.FromServer),
	lost(mqttwire.MessageExpiryInterval, ChangesMeaning, "the message is delivered however late it is", mqttwire.PUBLISH, theWill),
	lost(mqttwire.ContentType, Harmless, "it describes the payload, which stays", mqttwire.PUBLISH, theWill),
	lost(mqttwire.ResponseTopic, ChangesMeaning, "the message is no longer a request, and is not answered", mqttwire.PUBLISH, theWill),
	lost(mqttwire.CorrelationData, ChangesMeaning, "nobody can tell which request an answer is to", mqttwire.PUBLISH, theWill),
	lost(mqttwire.SubscriptionIdentifier, Harmless, "it was given by a SUBSCRIBE, and a client that cannot give one expects none", mqttwire.PUBLISH),
	lost(mqttwire.SubscriptionIdentifier, ChangesMeaning, "the messages for the subscriptions come without it", mqttwire.SUBSCRIBE),
	lost(mqttwire.SessionExpiryInterval, ChangesMeaning, "the session ends with the connection if Clean Session is 1, and never if it is 0", mqttwire.CONNECT),
	lost(mqttwire.SessionExpiryInterval, ChangesMeaning, "the client does not learn that its session ends at another time than it asked for", mqttwire.CONNACK),
	lost(mqttwire.SessionExpiryInterval, ChangesMeaning, "the session ends when the CONNECT said", mqttwire.DISCONNECT),
	lost(mqttwire.AssignedClientIdentifier, Harmless, "the session of a client without a client identifier ends with the connection, so that it has no use for one", mqttwire.CONNACK),
	lost(mqttwire.ServerKeepAlive, ChangesMeaning, "the client goes by its own keep alive, and the server may take it for gone", mqttwire.CONNACK),
	lost(mqttwire.AuthenticationMethod, ChangesMeaning, "there is no enhanced authentication: who is at the other end is not shown by it", mqttwire.CONNECT, mqttwire.CONNACK),
	lost(mqttwire.AuthenticationData, ChangesMeaning, "there is no enhanced authentication: who is at the other end is not shown by it", mqttwire.CONNECT, mqttwire.CONNACK),
	lost(mqttwire.RequestProblemInformation, Harmless, "there is no problem information", mqttwire.CONNECT),
	lost(mqttwire.WillDelayInterval, Harmless, "0 holds where it is absent", theWill).upTo(0),
	lost(mqttwire.WillDelayInterval, ChangesMeaning, "the will is published as soon as the connection is lost", theWill),
	lost(mqttwire.RequestResponseInformation, Harmless, "a server need not answer it", mqttwire.CONNECT),
	lost(mqttwire.ResponseInformation, Harmless, "only a client that can ask for it expects it", mqttwire.CONNACK),
	lost(mqttwire.ServerReference, ChangesMeaning, "the client does not learn which server to use", mqttwire.CONNACK, mqttwire.DISCONNECT),
	lost(mqttwire.ReasonString, Harmless, "it explains the code to people", mqttwire.CONNACK, mqttwire.PUBACK, mqttwire.PUBREC,
		mqttwire.PUBREL, mqttwire.PUBCOMP, mqttwire.SUBACK, mqttwire.UNSUBACK, mqttwire.DISCONNECT),
	lost(mqttwire.ReceiveMaximum, Harmless, "65535 holds where it is absent", mqttwire.CONNECT, mqttwire.CONNACK).from(math.MaxUint16),
	lost(mqttwire.ReceiveMaximum, ChangesMeaning, "the other side may send more messages at once than this one takes", mqttwire.CONNECT, mqttwire.CONNACK),
	lost(mqttwire.TopicAliasMaximum, Harmless, "there are no topic aliases", mqttwire.CONNECT, mqttwire.CONNACK),
	lost(mqttwire.TopicAlias, Harmless, "the topic name stands in full", mqttwire.PUBLISH),
	lost(mqttwire.MaximumQoS, ChangesMeaning, "the client may publish with a QoS that the server does not take", mqttwire.CONNACK),
	lost(mqttwire.RetainAvailable, ChangesMeaning, "the client may send retained messages, which the server does not take", mqttwire.CONNACK).upTo(0),
	lost(mqttwire.RetainAvailable, Harmless, "1 holds where it is absent", mqttwire.CONNACK),
	lost(mqttwire.UserProperty, Harmless, "the standard gives it no meaning", mqttwire.CONNECT, theWill, mqttwire.CONNACK, mqttwire.PUBLISH,
		mqttwire.PUBACK, mqttwire.PUBREC, mqttwire.PUBREL, mqttwire.PUBCOMP, mqttwire.SUBSCRIBE, mqttwire.SUBACK, mqttwire.UNSUBSCRIBE,
		mqttwire.UNSUBACK, mqttwire.DISCONNECT),
	lost(mqttwire.MaximumPacketSize, Harmless, "no packet is larger", mqttwire.CONNECT, mqttwire.CONNACK).from(mqttwire.MaxPacketSize),
	lost(mqttwire.MaximumPacketSize, ChangesMeaning, "the other side may send larger packets than this one takes", mqttwire.CONNECT, mqttwire.CONNACK),
	lost(mqttwire.WildcardSubscriptionAvailable, ChangesMeaning, "the client may subscribe with wildcards, which the server does not take", mqttwire.CONNACK).upTo(0),
	lost(mqttwire.WildcardSubscriptionAvailable, Harmless, "1 holds where it is absent", mqttwire.CONNACK),
	lost(mqttwire.SubscriptionIdentifierAvailable, Harmless, "there are no subscription identifiers", mqttwire.CONNACK),
	lost(mqttwire.SharedSubscriptionAvailable, Harmless, "there are no shared subscriptions", mqttwire.CONNACK),
}

// lostCode is the row of a reason code, in packets of these types: one that the version
// says with less detail, or not at all.
func lostCode(less bool, from, to mqttwire.Versions, effect Effect, why string, types ...mqttwire.PacketType) LossRule {
	return LossRule{Owners: ownersOf(types), Field: mqttwire.FieldReasonCode, From: from, To: to, Most: math.MaxUint8, Less: less, Effect: effect, Why: why}
}

// How exactly a version says a reason code: see LossRule.Less.
const (
	withLess = true
	notAtAll = false
)

// lostCodes are the reason codes for which mqttwire.MapReasonCode has none, or one that
// says less.
var lostCodes = []LossRule{
	lostCode(withLess, only5, before5, Harmless, "the return code says it with less detail", mqttwire.CONNACK),
	lostCode(notAtAll, only5, before5, NoForm, "no return code says it: close the connection without a CONNACK", mqttwire.CONNACK), // 3.1.1: [MQTT-3.2.2-6]
	lostCode(withLess, only5, before5, Harmless, "the message was accepted", mqttwire.PUBACK, mqttwire.PUBREC),
	lostCode(notAtAll, only5, before5, ChangesMeaning, "the sender takes the message for accepted; to tell it otherwise, close the connection",
		mqttwire.PUBACK, mqttwire.PUBREC), // 3.1.1: [MQTT-3.3.5-2]
	lostCode(notAtAll, only5, before5, Harmless, "a packet identifier that is not known is answered alike", mqttwire.PUBREL, mqttwire.PUBCOMP), // 3.1.1: [MQTT-4.3.3-2]
	lostCode(withLess, only5, only311, Harmless, "the failure is told with less detail", mqttwire.SUBACK),
	lostCode(notAtAll, only5|only311, only31, ChangesMeaning, "the client takes the subscription for made with QoS 0; to tell it otherwise, close the connection", mqttwire.SUBACK),
	lostCode(withLess, only5, before5, Harmless, "there is no such subscription either way", mqttwire.UNSUBACK),
	lostCode(notAtAll, only5, before5, ChangesMeaning, "the client takes the subscription for ended; to tell it otherwise, close the connection", mqttwire.UNSUBACK),
	lostCode(notAtAll, only5, before5, NoForm, "close the connection without a DISCONNECT, so that the will is published as with this code", mqttwire.DISCONNECT),
}

// lostField is the row of a field, or of a packet as a whole, in packets of these types.
func lostField(field mqttwire.Field, from, to mqttwire.Versions, effect Effect, why string, types ...mqttwire.PacketType) LossRule {
	return LossRule{Owners: ownersOf(types), Field: field, From: from, To: to, Least: mqttwire.NotANumber, Most: math.MaxUint8, Effect: effect, Why: why}
}

// lostFields are fields that are neither properties nor codes.
var lostFields = []LossRule{
	lostField(mqttwire.FieldPacketType, only5, before5, NoForm, "there is no enhanced authentication: close the connection", mqttwire.AUTH),
	lostField(mqttwire.FieldPacketType, only5, before5, NoForm, "a server sends no DISCONNECT: close the connection", mqttwire.DISCONNECT).by(mqttwire.FromServer),
	lostField(mqttwire.FieldProtocolVersion, before5, only5, ChangesMeaning,
		"the bridge gets its own messages back, and all without RETAIN, unless its subscriptions say No Local and Retain As Published", mqttwire.CONNECT),
	lostField(mqttwire.FieldConnectFlags, only5, only311, Harmless, "without a client identifier there is no session before, so that Clean Session 1 says the same", mqttwire.CONNECT),
	lostField(mqttwire.FieldPassword, only5, before5, ChangesMeaning, "a password comes with a user name only, so that the client is not authenticated by it", mqttwire.CONNECT),
	lostField(mqttwire.FieldAcknowledgeFlags, only5|only311, only31, ChangesMeaning, "the client does not learn that its session is there", mqttwire.CONNACK),
	lostField(mqttwire.FieldDup, every, only311|only5, Harmless, "with QoS 0 nothing is sent again", mqttwire.PUBLISH), // of 3.1, or let pass by a Tolerance
	lostField(mqttwire.FieldDup, only31, only311|only5, Harmless, "the packet identifier tells as much", mqttwire.PUBREL, mqttwire.SUBSCRIBE, mqttwire.UNSUBSCRIBE),
	lostField(mqttwire.FieldSubscriptionOptions, only5, before5, ChangesMeaning,
		"they count as 0: own messages come back, RETAIN is cleared, and retained messages are sent", mqttwire.SUBSCRIBE),
	lostField(mqttwire.FieldTopicFilter, only5, before5, ChangesMeaning,
		"it is no shared subscription, but a topic filter like any other, unless the server has shared ones all the same",
		mqttwire.SUBSCRIBE, mqttwire.UNSUBSCRIBE),
	lostField(mqttwire.FieldTopicFilter, before5, only5, ChangesMeaning, "a topic filter like any other becomes that of a shared subscription",
		mqttwire.SUBSCRIBE, mqttwire.UNSUBSCRIBE),
}

// lossRulesOf are the rows by their property, those of fields by 0.
var lossRulesOf = func() map[mqttwire.PropertyID][]*LossRule {
	of := map[mqttwire.PropertyID][]*LossRule{}
	for i := range lossRules {
		r := &lossRules[i]
		of[r.Property] = append(of[r.Property], r)
	}
	return of
}()

// effect returns what the table says of a loss, and of what it says nothing the worst
// that the caller can consent to.
func (c *Conversion) effect(l *Loss, id mqttwire.PropertyID, less bool) (Effect, string) {
	for _, r := range lossRulesOf[id] {
		if r.fits(l, less) && r.From.Has(c.from) && r.To.Has(c.To) && (r.Sender == 0 || r.Sender == c.Sender) {
			return r.Effect, r.Why
		}
	}
	return ChangesMeaning, ""
}

// fits reports whether the row is about the loss, whatever the versions.
func (r *LossRule) fits(l *Loss, less bool) bool {
	return (r.Field == "" || r.Field == l.Field) && slices.Contains(r.Owners, l.Owner) && r.Less == less &&
		r.Least <= l.Number && l.Number <= r.Most
}
