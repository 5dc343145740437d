package main

import (
	"context"
	"errors"
	neturl "net/url"
	"strings"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	pahogolang "github.com/eclipse/paho.golang/paho"
	pahomqtt "github.com/eclipse/paho.mqtt.golang"
)

var (
	pahoMQTT = &kind{
		name: "paho.mqtt.golang " + required("github.com/eclipse/paho.mqtt.golang"), versions: versions[:2], over: transports, cuts: 60,
		receive: dialPahoMQTT, send: dialPahoMQTT, faults: []string{"failed", "twice", "out of order"},
	}
	pahoGolang = &kind{
		name: "paho.golang " + required("github.com/eclipse/paho.golang"), versions: versions[2:], over: transports, cuts: 60,
		receive: dialPahoGolang, send: dialPahoGolang,
	}
)

// again is how long a client of others waits before it connects again.
const again = 10 * time.Millisecond

// pahoMQTTParty is paho.mqtt.golang, with the store that keeps the order.
type pahoMQTTParty struct {
	pahomqtt.Client
	tokens []pahomqtt.Token
}

func dialPahoMQTT(_ context.Context, e end, got func(message)) (party, error) {
	o := pahomqtt.NewClientOptions().AddBroker(strings.NewReplacer("mqtt:", "tcp:", "mqtts:", "ssl:").Replace(e.url()))
	o.SetClientID(e.id).SetProtocolVersion(uint(e.version)).SetCleanSession(false).SetTLSConfig(e.server.lab.ca.client())
	o.SetStore(pahomqtt.NewOrderedMemoryStore()).SetMaxReconnectInterval(2 * again).SetConnectRetry(true).SetConnectRetryInterval(again)
	o.SetDefaultPublishHandler(func(_ pahomqtt.Client, m pahomqtt.Message) {
		if got != nil {
			got(message{topic: m.Topic(), payload: m.Payload(), qos: m.Qos(), retain: m.Retained()})
		}
	})
	if w := e.will; w != nil {
		o.SetBinaryWill(w.topic, w.payload, w.qos, w.retain)
	}
	p := &pahoMQTTParty{Client: pahomqtt.NewClient(o)}
	return p, done(p.Connect())
}

func done(t pahomqtt.Token) error {
	if !t.WaitTimeout(30 * time.Second) {
		return errors.New("paho.mqtt.golang: a token does not end")
	}
	return t.Error()
}

func (p *pahoMQTTParty) subscribe(_ context.Context, filter string, qos byte) error {
	return done(p.Subscribe(filter, qos, nil))
}

func (p *pahoMQTTParty) publish(_ context.Context, m message) error {
	p.tokens = append(p.tokens, p.Publish(m.topic, m.qos, m.retain, m.payload))
	return nil
}

func (p *pahoMQTTParty) flush(context.Context) error {
	for _, t := range p.tokens {
		if err := done(t); err != nil {
			return err
		}
	}
	return nil
}

func (p *pahoMQTTParty) close(context.Context) error {
	p.Disconnect(100)
	return nil
}

// pahoGolangParty is paho.golang with its package autopaho, which connects again.
type pahoGolangParty struct {
	*autopaho.ConnectionManager
}

func dialPahoGolang(ctx context.Context, e end, got func(message)) (party, error) {
	u, err := neturl.Parse(e.url())
	if err != nil {
		return nil, err
	}
	c := autopaho.ClientConfig{
		ServerUrls: []*neturl.URL{u}, KeepAlive: 60, SessionExpiryInterval: 3600, TlsCfg: e.server.lab.ca.client(),
		ReconnectBackoff: func(int) time.Duration { return again },
		ClientConfig: pahogolang.ClientConfig{
			ClientID: e.id, PacketTimeout: 30 * time.Second,
			OnPublishReceived: []func(pahogolang.PublishReceived) (bool, error){func(r pahogolang.PublishReceived) (bool, error) {
				if got != nil {
					got(message{topic: r.Packet.Topic, payload: r.Packet.Payload, qos: r.Packet.QoS, retain: r.Packet.Retain})
				}
				return true, nil
			}},
		},
	}
	if w := e.will; w != nil {
		c.WillMessage = &pahogolang.WillMessage{Topic: w.topic, Payload: w.payload, QoS: w.qos, Retain: w.retain}
	}
	m, err := autopaho.NewConnection(context.WithoutCancel(ctx), c)
	if err != nil {
		return nil, err
	}
	return &pahoGolangParty{m}, m.AwaitConnection(ctx)
}

func (p *pahoGolangParty) subscribe(ctx context.Context, filter string, qos byte) error {
	_, err := p.Subscribe(ctx, &pahogolang.Subscribe{Subscriptions: []pahogolang.SubscribeOptions{{Topic: filter, QoS: qos}}})
	return err
}

// publish leaves a message of QoS 1 or 2 to the client's queue, as its documentation has it
// for links that break, unless it has an alias, which the queue does not know.
func (p *pahoGolangParty) publish(ctx context.Context, m message) error {
	packet := &pahogolang.Publish{Topic: m.topic, QoS: m.qos, Retain: m.retain, Payload: m.payload}
	if m.qos > 0 && m.alias == 0 {
		return p.PublishViaQueue(ctx, &autopaho.QueuePublish{Publish: packet})
	}
	if m.alias > 0 {
		packet.Properties = &pahogolang.PublishProperties{TopicAlias: &m.alias}
	}
	if _, err := p.Publish(ctx, packet); err != nil && m.qos > 0 {
		return err
	}
	return nil // what is lost of QoS 0 may be
}

// flush does nothing, as the queue does not tell.
func (p *pahoGolangParty) flush(context.Context) error { return nil }

func (p *pahoGolangParty) close(ctx context.Context) error { return p.Disconnect(ctx) }
