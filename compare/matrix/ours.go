package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	_ "github.com/mqttwire/mqttwire/ws" // for ws:// URLs
)

// before5 is how many messages of 3.x are in flight at most unless a cell is free: mosquitto
// 2.0.11 loses messages of QoS 2 when there are more.
const before5 = 20

var ours = &kind{name: "mqttwire", versions: versions, over: transports, cuts: 60, receive: dialOurs, send: dialOurs}

// ourParty is package client.
type ourParty struct {
	*client.Client
	*watcher
	list []sent
}

// sent is a message on its way.
type sent struct {
	*client.Delivery
	qos byte
}

// options are those of package client for a cell.
func (e end) options() client.Options {
	o := client.Options{
		Version: e.version, ClientID: e.id, Expiry: time.Hour, Strict: e.variant.strict, Journal: e.journal, TLS: e.server.lab.ca.client(), TopicAliases: 10,
		Backoff: client.Backoff{Min: time.Millisecond, Max: 20 * time.Millisecond}, Again: e.again,
	}
	o.Session.Queue.Count, o.Session.Queue.Bytes = 2*e.room, 1<<30
	o.Limits.PacketSize = 16 << 20
	o.Session.QueueQoS0 = true
	if e.few || e.version != mqttwire.V5 && !e.variant.free {
		o.Session.InFlight = before5
	}
	if w := e.will; w != nil {
		o.Will = &packets.Will{Topic: []byte(w.topic), Payload: w.payload, QoS: mqttwire.QoS(w.qos), Retain: w.retain}
	}
	return o
}

// dialOurs connects in spite of a link that breaks.
func dialOurs(ctx context.Context, e end, got func(message)) (party, error) {
	p := &ourParty{watcher: newWatcher(e.room)}
	o := e.options()
	o.OnMessage = func(m *client.Message) {
		got(message{topic: m.Topic, payload: m.Payload, qos: byte(m.QoS), retain: m.Retain})
	}
	var err error
	if p.Client, err = client.New(e.url(), o); err != nil {
		return nil, err
	}
	listener := p.listener()
	if e.seen != nil {
		publish := listener.Publish
		listener.Publish = func(c *client.Client, m *packets.Publish) { e.seen(m.Payload); publish(c, m) }
	}
	p.Listen(listener)
	p.On(client.Events{Error: p.failed, Connect: func(_ *client.Client, ack *packets.Connack) {
		if e.opened != nil && e.version != mqttwire.V31 { // whose CONNACK has no Session Present
			e.opened(ack.SessionPresent)
		}
	}})
	if err := p.Start(); err != nil {
		return nil, err
	}
	if err := p.AwaitConnection(ctx); err != nil {
		return nil, errors.Join(err, p.Abort())
	}
	return p, nil
}

func (p *ourParty) subscribe(ctx context.Context, filter string, qos byte) error {
	_, err := p.Subscribe(ctx, nil, client.Sub(filter, mqttwire.QoS(qos)))
	return err
}

// publish leaves aliases to the client, which gives them by itself.
func (p *ourParty) publish(_ context.Context, m message) error {
	d := p.Send(&packets.Publish{Topic: []byte(m.topic), Payload: m.payload, QoS: mqttwire.QoS(m.qos), Retain: m.retain})
	p.list = append(p.list, sent{d, m.qos})
	return nil
}

func (p *ourParty) flush(ctx context.Context) error {
	for i, d := range p.list {
		select {
		case <-d.Done():
		case <-ctx.Done():
			return fmt.Errorf("message %d is not acknowledged: %+v", i, p.Stats())
		}
		if err := d.Err(); err != nil && d.qos > 0 {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	return nil
}

// close closes a client. A link that breaks again is of no matter then.
func (p *ourParty) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, closing)
	defer cancel()
	if err := p.Close(ctx); err != nil && ctx.Err() != nil {
		return fmt.Errorf("closing: %w", err)
	}
	return nil
}
