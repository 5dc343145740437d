package main

import (
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// keepRequest keeps of a SUBSCRIBE or UNSUBSCRIBE what its answer is compared with.
func keepRequest(p mqttwire.Packet) mqttwire.Packet {
	switch p := p.(type) {
	case *packets.Subscribe:
		return &packets.Subscribe{PacketID: p.PacketID, Subscriptions: make([]packets.Subscription, len(p.Subscriptions))}
	case *packets.Unsubscribe:
		return &packets.Unsubscribe{PacketID: p.PacketID, Filters: make([][]byte, len(p.Filters))}
	}
	return nil
}

// keyOf is the key of an exchange.
func (x *exchange) key() exchangeKey {
	if x.step == stepConnect || x.step == stepPing {
		return exchangeKey{sender: x.sender, single: x.step + 1}
	}
	return exchangeKey{sender: x.sender, id: x.id}
}

// begin notes a packet that has to be answered.
func (f *follower) begin(c *connection, e *capture.Event, x *exchange) {
	x.sender, x.record, x.began, x.last = e.Sender, e.Record, e.Time, e.Time
	if before := c.open[x.key()]; before != nil && x.step == stepPing {
		return // the first one's answer tells how long it took
	}
	if _, again := c.open[x.key()]; !again && !f.afford(c, keptCost+len(x.topic)) {
		c.untracked++
		return
	}
	c.open[x.key()] = x
	c.tallies[x.step].begun++
}

// ended takes an exchange, or a step of it, as ended.
func (f *follower) ended(c *connection, e *capture.Event, x *exchange, s step) {
	took := e.Time.Sub(x.began)
	if s == stepPubcomp {
		took = e.Time.Sub(x.last)
	}
	c.tallies[s].add(took)
	if f.onStep != nil {
		f.onStep(c, x, s, took, e)
	}
}

// close takes an exchange off.
func (f *follower) close(c *connection, x *exchange) {
	delete(c.open, x.key())
	f.spent -= keptCost + len(x.topic)
	c.spent -= keptCost + len(x.topic)
}

// single ends an exchange of which a connection has one at a time.
func (f *follower) single(c *connection, e *capture.Event, s step) *exchange {
	x := c.open[exchangeKey{sender: other(e.Sender), single: s + 1}]
	if x != nil {
		f.ended(c, e, x, s)
		f.close(c, x)
	}
	return x
}

// publish begins an exchange, if the QoS asks for one, or goes on with it.
func (f *follower) publish(c *connection, e *capture.Event, p *packets.Publish) {
	c.publishes[min(e.Sender, mqttwire.FromServer)]++
	if p.QoS == mqttwire.AtMostOnce {
		return
	}
	x := &exchange{step: stepPuback, id: p.PacketID, qos: p.QoS, topic: string(cutText(topicOf(e, p), min(len(topicOf(e, p)), mostKeptText))), sender: e.Sender}
	if p.QoS == mqttwire.ExactlyOnce {
		x.step = stepPubrec
	}
	before := c.open[x.key()]
	switch {
	case before == nil:
		f.begin(c, e, x)
		f.quota(c, e)
	case p.Dup && before.topic == x.topic && before.qos == x.qos:
		f.again(c, e, before)
	default:
		f.reused(c, e, p.PacketID)
		f.close(c, before)
		f.begin(c, e, x)
	}
}

// again notes a packet that is sent once more. In 5.0 that is for a new connection.
func (f *follower) again(c *connection, e *capture.Event, x *exchange) {
	x.repeats++
	x.last = e.Time
	c.repeats++
	t := trouble{what: fmt.Sprintf("%s sent %v of packet identifier %d again, on the same connection", sideWord(e.Sender), e.Frame.Header.Type, x.id)}
	if c.version == mqttwire.V5 && c.sure() {
		t.fault, t.statement, t.violation = e.Sender, "MQTT-4.4.0-1", true
	}
	f.trouble(c, e, t)
}

// reused notes a packet identifier of something new that is in use.
func (f *follower) reused(c *connection, e *capture.Event, id uint16) {
	if !c.sure() {
		return
	}
	t := trouble{
		what:  fmt.Sprintf("%s sent %v with packet identifier %d, which is still in use", sideWord(e.Sender), e.Frame.Header.Type, id),
		fault: e.Sender, violation: true,
	}
	if e.Sender == mqttwire.FromServer {
		t.statement = byVersion(c.version, "", "MQTT-2.3.1-4", "MQTT-2.2.1-4")
	} else {
		t.statement = byVersion(c.version, "", "MQTT-2.3.1-2", "MQTT-2.2.1-3")
	}
	f.trouble(c, e, t)
}

// quota looks whether a PUBLISH is more than the receiver takes at a time; of many in
// a row the first is told.
func (f *follower) quota(c *connection, e *capture.Event) {
	side := min(e.Sender, mqttwire.FromServer)
	c.inFlight[side]++
	limit := c.receiveMaximum[other(side)]
	if limit == 0 || c.inFlight[side] != int(limit)+1 || !c.sure() {
		return
	}
	t := trouble{
		what:      fmt.Sprintf("%s sent a PUBLISH with %d unacknowledged; the Receive Maximum is %d", sideWord(e.Sender), c.inFlight[side], limit),
		fault:     e.Sender,
		statement: "MQTT-3.3.4-7", violation: true,
	}
	if e.Sender == mqttwire.FromServer {
		t.statement = "MQTT-3.3.4-9"
	}
	f.trouble(c, e, t)
}

// arrived notes that a PUBLISH is acknowledged, and the quota given back.
func (c *connection) arrived(publisher mqttwire.Sender) {
	if n := &c.inFlight[min(publisher, mqttwire.FromServer)]; *n > 0 {
		*n--
	}
}

// answer takes PUBACK, PUBREC and PUBCOMP.
func (f *follower) answer(c *connection, e *capture.Event, id uint16, s step, code mqttwire.ReasonCode) {
	x := c.open[exchangeKey{sender: other(e.Sender), id: id}]
	if x == nil || x.step != s {
		if code != mqttwire.ReasonPacketIdentifierNotFound && x == nil {
			f.unknown(c, e, id)
		}
		return
	}
	f.ended(c, e, x, s)
	switch {
	case s == stepPubrec && code < mqttwire.ReasonUnspecifiedError:
		x.step, x.last = stepPubcomp, e.Time
		c.tallies[stepMessage].begun++
		return
	case s == stepPubcomp && x.record != 0:
		f.ended(c, e, x, stepMessage)
	}
	c.arrived(x.sender)
	f.close(c, x)
}

// unknown notes an answer to what was not asked.
func (f *follower) unknown(c *connection, e *capture.Event, id uint16) {
	if !c.sure() || c.untracked > 0 || c.connack == nil || c.connack.SessionPresent || c.connect == nil || !c.connect.CleanStart {
		return
	}
	t := trouble{
		what:  fmt.Sprintf("%s sent %v for packet identifier %d, which is not in use", sideWord(e.Sender), e.Frame.Header.Type, id),
		fault: e.Sender, violation: true,
	}
	switch e.Frame.Header.Type {
	case mqttwire.SUBACK, mqttwire.UNSUBACK:
		t.statement = byVersion(c.version, "", "MQTT-2.3.1-7", "MQTT-2.2.1-6")
	default:
		t.statement = byVersion(c.version, "", "MQTT-2.3.1-6", "MQTT-2.2.1-5")
	}
	f.trouble(c, e, t)
}

// pubrel goes on with a QoS 2 exchange, which may have begun on another connection.
func (f *follower) pubrel(c *connection, e *capture.Event, p *packets.Pubrel) {
	x := c.open[exchangeKey{sender: e.Sender, id: p.PacketID}]
	switch {
	case x == nil:
		f.begin(c, e, &exchange{step: stepPubcomp, id: p.PacketID, qos: mqttwire.ExactlyOnce})
	case x.released:
		f.again(c, e, x)
	}
	if x != nil {
		x.released, x.last = true, e.Time
	}
}

func (f *follower) subscribe(c *connection, e *capture.Event, p *packets.Subscribe) {
	x := &exchange{step: stepSuback, id: p.PacketID, request: keepRequest(p), sender: e.Sender}
	if c.open[x.key()] != nil {
		f.reused(c, e, p.PacketID)
	}
	f.begin(c, e, x)
	for _, s := range p.Subscriptions {
		if len(c.subscriptions) >= mostTroubles || !f.afford(c, keptCost) {
			c.moreSubscriptions++
			continue
		}
		c.subscriptions = append(c.subscriptions, subscription{
			filter: string(cutText(s.Filter, min(len(s.Filter), mostKeptText))), qos: s.QoS, id: p.PacketID,
		})
	}
}

func (f *follower) suback(c *connection, e *capture.Event, p *packets.Suback) {
	c.granted(p.PacketID, p.ReasonCodes)
	if x := f.answered(c, e, p.PacketID, stepSuback); x != nil {
		f.mismatch(c, e, packets.CheckSuback(x.request.(*packets.Subscribe), p, c.version))
	}
}

func (f *follower) unsuback(c *connection, e *capture.Event, p *packets.Unsuback) {
	if x := f.answered(c, e, p.PacketID, stepUnsuback); x != nil {
		f.mismatch(c, e, packets.CheckUnsuback(x.request.(*packets.Unsubscribe), p, c.version))
	}
}

// answered ends the exchange that an answer belongs to, and returns it.
func (f *follower) answered(c *connection, e *capture.Event, id uint16, s step) *exchange {
	x := c.open[exchangeKey{sender: other(e.Sender), id: id}]
	if x == nil || x.step != s {
		f.unknown(c, e, id)
		return nil
	}
	f.ended(c, e, x, s)
	f.close(c, x)
	return x
}

// mismatch notes an answer that is not one to its request.
func (f *follower) mismatch(c *connection, e *capture.Event, err error) {
	if err != nil {
		f.violation(c, e, err)
	}
}
