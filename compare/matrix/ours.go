package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// before5 is how many messages of 3.x are in flight at most unless a cell is free: mosquitto
// 2.0.11 loses messages of QoS 2 when there are more.
const before5 = 20

var ours = &kind{
	name: "mqttwire", versions: []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5},
	overWS: true, cut: true, receive: receiveOurs, send: sendOurs,
}

// options are those of package client for a cell.
func (e end) options(n int) client.Options {
	o := client.Options{
		Version: e.version, ClientID: e.id, Expiry: time.Hour, Strict: e.variant.strict,
		Backoff: client.Backoff{Min: time.Millisecond, Max: 20 * time.Millisecond},
	}
	o.Session.Queue.Count, o.Session.Queue.Bytes = 2*n, 1<<30
	o.Session.QueueQoS0 = true
	if e.version != mqttwire.V5 && !e.variant.free {
		o.Session.InFlight = before5
	}
	return o
}

// burst is how many messages our client sends at once.
const burst = 20

// connect connects in spite of a link that breaks.
func connect(ctx context.Context, e end, o client.Options, l client.Listener, on client.Events) (*client.Client, error) {
	c, err := client.New(e.url(), o)
	if err != nil {
		return nil, err
	}
	c.Listen(l)
	c.On(on)
	if err := c.Start(); err != nil {
		return nil, err
	}
	return c, c.AwaitConnection(ctx)
}

func receiveOurs(ctx context.Context, e end, got func([]byte)) (func(*result) error, error) {
	o := e.options(0)
	o.OnMessage = func(m *client.Message) { got(m.Payload) }
	f := &watcher{sent: map[uint16]string{}, released: map[uint16]string{}}
	c, err := connect(ctx, e, o, f.listener(), client.Events{Error: f.failed})
	if err != nil {
		return nil, err
	}
	if _, err := c.Subscribe(ctx, nil, client.Sub(e.topic, mqttwire.QoS(e.qos))); err != nil {
		return nil, err
	}
	return func(r *result) error {
		r.excused, r.beyond = f.counts()
		return closed(ctx, c)
	}, nil
}

func sendOurs(ctx context.Context, e end, n int) error {
	c, err := connect(ctx, e, e.options(n), client.Listener{}, client.Events{})
	if err != nil {
		return err
	}
	var list []*client.Delivery
	for i := range n {
		if i%burst == burst-1 {
			time.Sleep(10 * time.Millisecond) // so that links break all along
		}
		list = append(list, c.Send(&packets.Publish{Topic: []byte(e.topic), Payload: payload(i), QoS: mqttwire.QoS(e.qos)}))
	}
	for i, d := range list {
		select {
		case <-d.Done():
		case <-ctx.Done():
			_ = c.Abort()
			return fmt.Errorf("message %d is not acknowledged: %+v", i, c.Stats())
		}
		if err := d.Err(); err != nil && e.qos > 0 {
			return errors.Join(fmt.Errorf("message %d: %w", i, err), c.Abort())
		}
	}
	return closed(ctx, c)
}

// closed closes a client. A link that breaks again is of no matter then.
func closed(ctx context.Context, c *client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := c.Close(ctx); err != nil && ctx.Err() != nil {
		return fmt.Errorf("closing: %w", err)
	}
	return nil
}

// watcher counts what the server may not do: publish a message of QoS 2 again for which it
// had sent PUBREL [MQTT-4.3.3-6], and go beyond Receive Maximum.
type watcher struct {
	mu       sync.Mutex
	sent     map[uint16]string
	released map[uint16]string
	again    int
	beyond   int
}

func (w *watcher) listener() client.Listener {
	return client.Listener{
		Publish: func(_ *client.Client, p *packets.Publish) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if p.QoS < 2 {
				return
			}
			if p.Dup && w.released[p.PacketID] == string(p.Payload) {
				w.again++
			}
			delete(w.released, p.PacketID)
			w.sent[p.PacketID] = string(p.Payload)
		},
		PublishRelease: func(_ *client.Client, p *packets.Pubrel) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.released[p.PacketID] = w.sent[p.PacketID]
		},
	}
}

// failed looks at why a connection has ended.
func (w *watcher) failed(_ *client.Client, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var cause session.Cause
	if errors.As(err, &cause) && cause.Kind == session.ReceiveMaximumExceeded {
		w.beyond++
	}
}

func (w *watcher) counts() (again, beyond int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.again, w.beyond
}
