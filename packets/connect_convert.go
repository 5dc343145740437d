package packets

import (
	"math"

	"github.com/mqttwire/mqttwire"
)

// neverExpires is the Session Expiry Interval of a session that does not end. Section
// 3.1.2.11.2.
const neverExpires = math.MaxUint32

func (p *Connect) convert(dst packet, c *Conversion) error {
	q := *p
	switch {
	case p.Version != 0 && p.Version != c.from:
		_, err := wire.Refuse(nil, mqttwire.RuleConnectVersion, mqttwire.CONNECT, c.from, mqttwire.FieldProtocolVersion, int64(p.Version))
		return err
	case p.Bridge && c.from == mqttwire.V5:
		_, err := wire.Refuse(nil, mqttwire.RuleNotInVersion, mqttwire.CONNECT, c.from, mqttwire.FieldProtocolVersion, int64(c.from)|bridgeBit)
		return err
	}
	q.Version = c.To
	if p.Bridge && c.To == mqttwire.V5 {
		c.loseField(mqttwire.FieldProtocolVersion, 0, int64(c.from)|bridgeBit, nil)
		q.Bridge = false
	}
	if err := c.session(&q, p); err != nil {
		return err
	}
	var w Will
	if p.Will != nil {
		w = *p.Will
		if err := c.drop(&w.Properties, mqttwire.WillProperties, 0); err != nil {
			return err
		}
	}
	if p.Password != nil && p.UserName == nil && c.from == mqttwire.V5 && c.To != mqttwire.V5 {
		c.loseField(mqttwire.FieldPassword, 0, mqttwire.NotANumber, p.Password)
		q.Password = nil
	}
	if err := c.verdict(); err != nil {
		return err
	}
	return q.putConverted(dst.(*Connect), &w, p, c)
}

// putConverted writes q to dst, with the will w if p has one, unless it is no packet of
// the version. dst keeps its own Will, if it has one that p does not have.
func (q *Connect) putConverted(dst *Connect, w *Will, p *Connect, c *Conversion) error {
	var room [checkRoom]byte
	check := *q
	if p.Will != nil {
		check.Will = w
	}
	if _, err := check.Append(room[:0], c.To); err != nil {
		return err
	}
	switch {
	case p.Will == nil:
	case dst == p || dst.Will != nil && dst.Will != p.Will:
		q.Will = dst.Will
		*q.Will = *w
	default:
		q.Will = new(Will)
		*q.Will = *w
	}
	*dst = *q
	return nil
}

// session converts the properties of p, and what it says about its session, to q.
// Before 5.0 the session ends with the connection if Clean Session is 1, and never if it
// is 0. Sections 3.1.2.4 and 3.1.2.11.2.
func (c *Conversion) session(q, p *Connect) error {
	down, up := c.from == mqttwire.V5 && c.To != mqttwire.V5, c.from != mqttwire.V5 && c.To == mqttwire.V5
	if down && !p.CleanStart && len(p.ClientID) == 0 && c.To == mqttwire.V311 { // [MQTT-3.1.3-7] of 3.1.1
		c.loseField(mqttwire.FieldConnectFlags, 0, int64(p.flags()), nil)
		q.CleanStart = true
	}
	if err := c.drop(&q.Properties, mqttwire.PropertyOwner(mqttwire.CONNECT), mqttwire.SessionExpiryInterval); err != nil {
		return err
	}
	if down {
		c.loseExpiry(q.CleanStart, &p.Properties)
	}
	if up && !p.CleanStart {
		q.Properties.SetSessionExpiryInterval(neverExpires)
	}
	return nil
}

// loseExpiry tells of a Session Expiry Interval, or of none, that Clean Session does not
// say.
func (c *Conversion) loseExpiry(clean bool, list *mqttwire.Properties) {
	asked, there := list.SessionExpiryInterval()
	said := uint32(neverExpires)
	if clean {
		said = 0
	}
	if asked == said {
		return
	}
	const id, owner = mqttwire.SessionExpiryInterval, mqttwire.PropertyOwner(mqttwire.CONNECT)
	l := Loss{Owner: owner, Field: id.Field(owner), Number: int64(asked)}
	if there {
		l.Property = mqttwire.Property{ID: id, Number: asked}
	}
	c.lose(l, id, false)
}
