package packets

import (
	"unicode/utf8"

	"github.com/mqttwire/mqttwire"
)

// CheckOptional returns the first *mqttwire.Error that a receiver may raise, or
// may not, for p, a packet of version v: a string with a code point that the
// standard advises against (U-1.5.4-2), a payload or will payload that is not
// UTF-8 although its Payload Format Indicator is 1 (U-3.3.2.3.2-3,
// U-3.1.3.2.3-3), an AUTH of remaining length 0 (U-3.15.2.1-1), the bridge bit
// of a CONNECT, which is in no standard. Decode and Append accept all of these.
// The error has no offset. For a Connect, v may be 0: it tells its own version.
func CheckOptional(p mqttwire.Packet, v mqttwire.Version) error {
	var first error
	optionalFaults(p, v, func(e *mqttwire.Error) bool {
		first = e
		return false
	})
	return first
}

// optionalFaults calls report with each rule of CheckOptional that p breaks, a
// string at most once, until report says not to go on.
func optionalFaults(p mqttwire.Packet, v mqttwire.Version, report func(*mqttwire.Error) (goOn bool)) {
	o := optionalCheck{typ: p.Type(), version: versionOf(p, v), report: report}
	list, owner := PropertiesOf(p), mqttwire.PropertyOwner(o.typ)
	switch p := p.(type) {
	case *Connect:
		o.connect(p)
	case *Publish:
		o.text(mqttwire.FieldTopicName, p.Topic)
		o.list(owner, list)
		o.payload(mqttwire.FieldPayload, p.Payload, list)
	case *Subscribe:
		o.list(owner, list)
		for i := range p.Subscriptions {
			o.text(mqttwire.FieldTopicFilter, p.Subscriptions[i].Filter)
		}
	case *Unsubscribe:
		o.list(owner, list)
		for _, f := range p.Filters {
			o.text(mqttwire.FieldTopicFilter, f)
		}
	case *Auth:
		if list.Empty() && p.ReasonCode == 0 { // U-3.15.2.1-1
			o.fail(mqttwire.RuleAuthEmpty, fieldAuthMethod, mqttwire.NotANumber)
		}
		o.list(owner, list)
	default:
		o.list(owner, list)
	}
}

// optionalCheck tells of each rule that the packet breaks, until done.
type optionalCheck struct {
	typ     mqttwire.PacketType
	version mqttwire.Version
	report  func(*mqttwire.Error) (goOn bool)
	done    bool
}

func (o *optionalCheck) fail(rule mqttwire.Rule, field mqttwire.Field, found int64) {
	if !o.done {
		o.done = !o.report(mqttwire.NewError(rule, o.typ, o.version, field, mqttwire.NoOffset, found))
	}
}

func (o *optionalCheck) connect(p *Connect) {
	if p.Bridge {
		o.fail(mqttwire.RuleBridge, mqttwire.FieldProtocolVersion, int64(p.Version)|bridgeBit)
	}
	o.text(mqttwire.FieldClientID, p.ClientID)
	o.list(mqttwire.PropertyOwner(o.typ), &p.Properties)
	if w := p.Will; w != nil {
		o.list(mqttwire.WillProperties, &w.Properties)
		o.text(mqttwire.FieldWillTopic, w.Topic)
		o.payload(mqttwire.FieldWillPayload, w.Payload, &w.Properties)
	}
	o.text(mqttwire.FieldUserName, p.UserName)
}

// text checks a string. 3.1 advises against nothing. U-1.5.4-2
func (o *optionalCheck) text(field mqttwire.Field, s []byte) {
	if o.done || o.version == mqttwire.V31 {
		return
	}
	if found := mqttwire.Discouraged(s); found >= 0 {
		o.fail(mqttwire.RuleDiscouraged, field, int64(found))
	}
}

// list checks the strings of an owner's property list, if there is one.
func (o *optionalCheck) list(owner mqttwire.PropertyOwner, p *mqttwire.Properties) {
	if p == nil || o.done || o.version != mqttwire.V5 {
		return
	}
	for q := range p.All() {
		if q.IsText() {
			o.property(owner, q.ID, q.Name())
			o.property(owner, q.ID, q.Value())
		}
	}
}

// property checks a string of a property. The field's name, which may have to be
// put together, is asked for on a fault only.
func (o *optionalCheck) property(owner mqttwire.PropertyOwner, id mqttwire.PropertyID, s []byte) {
	if found := mqttwire.Discouraged(s); found >= 0 {
		o.fail(mqttwire.RuleDiscouraged, id.Field(owner), int64(found))
	}
}

// payload checks a payload whose properties call it UTF-8. U+0000 is not
// excluded there. U-3.3.2.3.2-3 U-3.1.3.2.3-3
func (o *optionalCheck) payload(field mqttwire.Field, payload []byte, p *mqttwire.Properties) {
	if o.done || o.version != mqttwire.V5 {
		return
	}
	if n, _ := p.PayloadFormatIndicator(); n == 1 && !utf8.Valid(payload) {
		o.fail(mqttwire.RulePayloadFormat, field, mqttwire.NotANumber)
	}
}
