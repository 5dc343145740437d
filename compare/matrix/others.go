package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	neturl "net/url"
	"os/exec"
	"strings"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	pahogolang "github.com/eclipse/paho.golang/paho"
	pahomqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/mqttwire/mqttwire"
)

// The clients of others. They run without cuts: what they lose on a link that breaks, as
// order, is theirs.
var others = []*kind{
	{name: "mosquitto_pub, mosquitto_sub", versions: []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5}, receive: receiveMosquitto, send: sendMosquitto},
	{name: "paho.mqtt.golang", versions: []mqttwire.Version{mqttwire.V31, mqttwire.V311}, overWS: true, receive: receivePahoMQTT, send: sendPahoMQTT},
	{name: "paho.golang", versions: []mqttwire.Version{mqttwire.V5}, overWS: true, receive: receivePahoGolang, send: sendPahoGolang},
}

// program returns a program of mosquitto that connects.
func program(ctx context.Context, name string, e end, args ...string) (*exec.Cmd, error) {
	host, port, err := net.SplitHostPort(e.addr)
	if err != nil {
		return nil, err
	}
	version := map[mqttwire.Version]string{mqttwire.V31: "mqttv31", mqttwire.V311: "mqttv311", mqttwire.V5: "mqttv5"}[e.version]
	args = append([]string{"-h", host, "-p", port, "-V", version, "-i", e.id, "-t", e.topic, "-q", fmt.Sprint(e.qos)}, args...)
	return exec.CommandContext(ctx, name, args...), nil
}

// receiveMosquitto runs mosquitto_sub until it has subscribed, which the server tells.
func receiveMosquitto(ctx context.Context, e end, got func([]byte)) (func(*result) error, error) {
	cmd, err := program(ctx, "mosquitto_sub", e)
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			got(lines.Bytes())
		}
	}()
	stop := func(*result) error {
		_ = cmd.Process.Kill()
		<-ended
		_ = cmd.Wait() // it was killed
		return nil
	}
	if err := e.server.await(ctx, e.id); err != nil {
		return nil, errors.Join(err, stop(nil))
	}
	return stop, nil
}

func sendMosquitto(ctx context.Context, e end, n int) error {
	cmd, err := program(ctx, "mosquitto_pub", e, "-l")
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	for i := range n {
		fmt.Fprintf(&lines, "%s\n", payload(i))
	}
	cmd.Stdin = &lines
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mosquitto_pub: %w: %s", err, said)
	}
	return nil
}

func dialPahoMQTT(e end, got func([]byte)) (pahomqtt.Client, error) {
	o := pahomqtt.NewClientOptions().AddBroker(strings.Replace(e.url(), "mqtt:", "tcp:", 1)).SetClientID(e.id).SetProtocolVersion(uint(e.version))
	o.SetDefaultPublishHandler(func(_ pahomqtt.Client, m pahomqtt.Message) { got(m.Payload()) })
	c := pahomqtt.NewClient(o)
	return c, done(c.Connect())
}

func done(t pahomqtt.Token) error {
	if !t.WaitTimeout(30 * time.Second) {
		return errors.New("paho.mqtt.golang: a token does not end")
	}
	return t.Error()
}

func receivePahoMQTT(_ context.Context, e end, got func([]byte)) (func(*result) error, error) {
	c, err := dialPahoMQTT(e, got)
	if err != nil {
		return nil, err
	}
	return func(*result) error { c.Disconnect(100); return nil }, done(c.Subscribe(e.topic, e.qos, nil))
}

func sendPahoMQTT(_ context.Context, e end, n int) error {
	c, err := dialPahoMQTT(e, func([]byte) {})
	if err != nil {
		return err
	}
	defer c.Disconnect(100)
	var tokens []pahomqtt.Token
	for i := range n {
		tokens = append(tokens, c.Publish(e.topic, e.qos, false, payload(i)))
	}
	for i, t := range tokens {
		if err := done(t); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	return nil
}

func dialPahoGolang(ctx context.Context, e end, got func([]byte)) (*autopaho.ConnectionManager, error) {
	u, err := neturl.Parse(e.url())
	if err != nil {
		return nil, err
	}
	c, err := autopaho.NewConnection(ctx, autopaho.ClientConfig{
		ServerUrls: []*neturl.URL{u}, KeepAlive: 60, SessionExpiryInterval: 3600,
		ClientConfig: pahogolang.ClientConfig{
			ClientID: e.id, PacketTimeout: 30 * time.Second,
			OnPublishReceived: []func(pahogolang.PublishReceived) (bool, error){
				func(p pahogolang.PublishReceived) (bool, error) { got(p.Packet.Payload); return true, nil },
			},
		},
	})
	if err != nil {
		return nil, err
	}
	return c, c.AwaitConnection(ctx)
}

func receivePahoGolang(ctx context.Context, e end, got func([]byte)) (func(*result) error, error) {
	c, err := dialPahoGolang(ctx, e, got)
	if err != nil {
		return nil, err
	}
	_, err = c.Subscribe(ctx, &pahogolang.Subscribe{Subscriptions: []pahogolang.SubscribeOptions{{Topic: e.topic, QoS: e.qos}}})
	return func(*result) error { return c.Disconnect(ctx) }, err
}

func sendPahoGolang(ctx context.Context, e end, n int) error {
	c, err := dialPahoGolang(ctx, e, func([]byte) {})
	if err != nil {
		return err
	}
	for i := range n {
		if _, err := c.Publish(ctx, &pahogolang.Publish{Topic: e.topic, QoS: e.qos, Payload: payload(i)}); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
	}
	return c.Disconnect(ctx)
}
