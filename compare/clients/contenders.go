//go:build unix

package main

import (
	"context"
	"net"
	"time"

	pahogolang "github.com/eclipse/paho.golang/paho"
	pahomqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/session"
)

// connection is a client that is connected.
type connection interface {
	publish(topic string, payload []byte, qos byte) error
	subscribe(filter string, qos byte) error
	close() error
}

// contender is a client to measure; got is called for each message.
type contender struct {
	name string
	ours bool
	dial func(ctx context.Context, addr string, got func()) (connection, error)
}

var contenders = []contender{
	{"mqttwire 5.0", true, ourselves(mqttwire.V5)},
	{"mqttwire 3.1.1", true, ourselves(mqttwire.V311)},
	{"paho.golang 5.0", false, dialPahoGolang},
	{"paho.mqtt.golang 3.1.1", false, dialPahoMQTT},
}

// ours is package client.
type ours struct {
	ctx context.Context
	c   *client.Client
}

// ourselves leaves the client's options as they are, but for the room for messages of QoS
// 0, which would be dropped if they came faster than they are handled: all are counted.
func ourselves(v mqttwire.Version) func(context.Context, string, func()) (connection, error) {
	return func(ctx context.Context, addr string, got func()) (connection, error) {
		c, err := client.Dial(ctx, "mqtt://"+addr, client.Options{
			Version: v, ClientID: "c", CleanStart: true,
			Inbound:   session.Bounds{Count: 1 << 30, Bytes: 1 << 40},
			OnMessage: func(*client.Message) { got() },
		})
		return ours{ctx, c}, err
	}
}

func (o ours) publish(topic string, payload []byte, qos byte) error {
	return o.c.Publish(o.ctx, topic, payload, client.QoS(mqttwire.QoS(qos)))
}

func (o ours) subscribe(filter string, qos byte) error {
	_, err := o.c.Subscribe(o.ctx, nil, client.Sub(filter, mqttwire.QoS(qos)))
	return err
}

func (o ours) close() error { return o.c.Close(o.ctx) }

// pahoGolang is github.com/eclipse/paho.golang/paho.
type pahoGolang struct {
	ctx context.Context
	c   *pahogolang.Client
}

func dialPahoGolang(ctx context.Context, addr string, got func()) (connection, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	c := pahogolang.NewClient(pahogolang.ClientConfig{
		Conn: conn, PacketTimeout: time.Minute,
		OnPublishReceived: []func(pahogolang.PublishReceived) (bool, error){
			func(pahogolang.PublishReceived) (bool, error) { got(); return true, nil },
		},
	})
	_, err = c.Connect(ctx, &pahogolang.Connect{ClientID: "c", CleanStart: true, KeepAlive: 60})
	return pahoGolang{ctx, c}, err
}

func (p pahoGolang) publish(topic string, payload []byte, qos byte) error {
	_, err := p.c.Publish(p.ctx, &pahogolang.Publish{Topic: topic, Payload: payload, QoS: qos})
	return err
}

func (p pahoGolang) subscribe(filter string, qos byte) error {
	_, err := p.c.Subscribe(p.ctx, &pahogolang.Subscribe{Subscriptions: []pahogolang.SubscribeOptions{{Topic: filter, QoS: qos}}})
	return err
}

func (p pahoGolang) close() error { return p.c.Disconnect(&pahogolang.Disconnect{}) }

// pahoMQTT is github.com/eclipse/paho.mqtt.golang.
type pahoMQTT struct{ c pahomqtt.Client }

func dialPahoMQTT(_ context.Context, addr string, got func()) (connection, error) {
	o := pahomqtt.NewClientOptions().AddBroker("tcp://" + addr).SetClientID("c").SetProtocolVersion(4)
	o.SetDefaultPublishHandler(func(pahomqtt.Client, pahomqtt.Message) { got() })
	c := pahomqtt.NewClient(o)
	return pahoMQTT{c}, done(c.Connect())
}

// publish does not wait at QoS 0, where the client's queue is what holds the caller back.
func (p pahoMQTT) publish(topic string, payload []byte, qos byte) error {
	token := p.c.Publish(topic, qos, false, payload)
	if qos == 0 {
		return nil
	}
	return done(token)
}

func (p pahoMQTT) subscribe(filter string, qos byte) error {
	return done(p.c.Subscribe(filter, qos, nil))
}

func (p pahoMQTT) close() error {
	p.c.Disconnect(0)
	return nil
}

func done(t pahomqtt.Token) error {
	t.Wait()
	return t.Error()
}
