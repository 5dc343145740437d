package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mqttwire/mqttwire"
)

// trial is something else than a row of messages that clients do with a server.
type trial struct {
	name string
	// run returns what is not as it has to be.
	run func(s *stage, ctx context.Context) error
	v5  bool // it is of 5.0
}

var trials = []trial{
	{name: "wills", run: (*stage).wills},
	{name: "retained", run: (*stage).retained},
	{name: "shared", run: (*stage).shared},
	{name: "aliases", run: (*stage).aliases, v5: true},
	{name: "3 MB", run: (*stage).big},
}

// stage is where a trial takes place.
type stage struct {
	cell
	end   end
	topic string
	left  []func() // what is to be done at the end, the last first
}

// try has a cell's trial run.
func (c cell) try(ctx context.Context) error {
	s := &stage{cell: c}
	s.end, s.topic = c.end(c.server.addr[c.transport], 100)
	defer func() {
		for i := range s.left {
			s.left[len(s.left)-1-i]()
		}
	}()
	return c.variant.trial.run(s, ctx)
}

// box holds what a client has got.
type box struct {
	mu   sync.Mutex
	list []message
}

func (b *box) got(m message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.list = append(b.list, m)
}

func (b *box) all() []message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]message(nil), b.list...)
}

// await waits for n messages in all boxes, and then for none more.
func await(ctx context.Context, n int, boxes ...*box) error {
	var quiet time.Time
	for {
		sum := 0
		for _, b := range boxes {
			sum += len(b.all())
		}
		switch {
		case sum > n:
			return fmt.Errorf("%d messages have come in place of %d", sum, n)
		case sum == n && quiet.IsZero():
			quiet = time.Now()
		case sum == n && time.Since(quiet) > settle:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("%d messages of %d have come", sum, n)
		}
		time.Sleep(settle / 20)
	}
}

// client connects a client of the cell's kind, at an address of its own or the server's.
func (s *stage) client(ctx context.Context, role, addr string, will *message) (party, *box, error) {
	e := s.end
	e.id, e.will = role+e.id, will
	if addr != "" {
		e.addr = addr
	}
	b := &box{}
	p, err := s.kind.receive(ctx, e, b.got)
	if err != nil {
		return nil, nil, fmt.Errorf("connecting: %w", err)
	}
	s.left = append(s.left, func() {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_ = p.close(ctx) // it may have no connection any more
	})
	return p, b, nil
}

// subscriber connects a client that subscribes.
func (s *stage) subscriber(ctx context.Context, role, filter string) (*box, error) {
	p, b, err := s.client(ctx, role, "", nil)
	if err != nil {
		return nil, err
	}
	return b, p.subscribe(ctx, filter, 2)
}

// wills: a client whose connection breaks leaves a message.
func (s *stage) wills(ctx context.Context) error {
	heirs, err := s.subscriber(ctx, "h", s.topic)
	if err != nil {
		return err
	}
	link, err := newProxy(s.server.addr[s.transport], 0, 0)
	if err != nil {
		return err
	}
	s.left = append(s.left, link.close)
	will := message{topic: s.topic, payload: []byte("gone"), qos: 1}
	mortal, _, err := s.client(ctx, "m", link.addr(), &will)
	if err != nil {
		return err
	}
	// mosquitto's programs connect only for something to do.
	if err := mortal.subscribe(ctx, s.topic+"/none", 0); err != nil {
		return err
	}
	if n := len(heirs.all()); n > 0 {
		return errors.New("the will was published while its client was there")
	}
	_ = link.listener.Close()
	link.cut()
	if err := await(ctx, 1, heirs); err != nil {
		return err
	}
	if m := heirs.all()[0]; string(m.payload) != "gone" || m.qos != 1 || m.topic != s.topic {
		return fmt.Errorf("the will has come as %s, %q, QoS %d", m.topic, m.payload, m.qos)
	}
	return nil
}

// retained: who subscribes later gets the message, as retained, and who is there already
// not as retained; an empty one takes it away.
func (s *stage) retained(ctx context.Context) error {
	early, err := s.subscriber(ctx, "e", s.topic)
	if err != nil {
		return err
	}
	for i, kept := range []string{"kept", ""} {
		if err := s.publish(ctx, fmt.Sprint("p", i), message{topic: s.topic, payload: []byte(kept), qos: 1, retain: true}); err != nil {
			return err
		}
		if err := await(ctx, i+1, early); err != nil {
			return err
		}
		later, err := s.subscriber(ctx, fmt.Sprint("l", i), s.topic)
		if err != nil {
			return err
		}
		if err := await(ctx, 1-i, later); err != nil {
			return fmt.Errorf("later: %w", err)
		}
		for _, m := range later.all() {
			if !m.retain || string(m.payload) != "kept" {
				return fmt.Errorf("later %q has come, retained: %t", m.payload, m.retain)
			}
		}
	}
	if early.all()[0].retain {
		return errors.New("it came as retained to who was there already")
	}
	return nil
}

// publish connects a client that publishes and stays until the end.
func (s *stage) publish(ctx context.Context, role string, list ...message) error {
	p, _, err := s.client(ctx, role, "", nil)
	if err != nil {
		return err
	}
	for _, m := range list {
		if err := p.publish(ctx, m); err != nil {
			return fmt.Errorf("publishing: %w", err)
		}
	}
	return p.flush(ctx)
}

// shared: each of two members of a group gets some of the messages, and none gets what the
// other got.
func (s *stage) shared(ctx context.Context) error {
	one, err1 := s.subscriber(ctx, "o", "$share/group/"+s.topic)
	other, err2 := s.subscriber(ctx, "t", "$share/group/"+s.topic)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	var list []message
	for i := range 40 {
		list = append(list, message{topic: s.topic, payload: payload(i), qos: 1})
	}
	if err := s.publish(ctx, "p", list...); err != nil {
		return err
	}
	if err := await(ctx, len(list), one, other); err != nil {
		return err
	}
	t := newTally(len(list))
	for _, m := range append(one.all(), other.all()...) {
		t.got(m.payload)
	}
	if c := t.counts(); c.lost+c.again+c.strange > 0 || len(one.all()) == 0 || len(other.all()) == 0 {
		return fmt.Errorf("%d and %d have come: %+v", len(one.all()), len(other.all()), c)
	}
	return nil
}

// aliases: messages without a topic name have that of their alias.
func (s *stage) aliases(ctx context.Context) error {
	got, err := s.subscriber(ctx, "r", s.topic)
	if err != nil {
		return err
	}
	list := []message{{topic: s.topic, payload: payload(0), alias: 3}}
	for i := 1; i < 20; i++ {
		m := message{payload: payload(i), alias: 3}
		if s.kind == ours {
			m.topic = s.topic // it gives aliases by itself
		}
		list = append(list, m)
	}
	if err := s.publish(ctx, "p", list...); err != nil {
		return err
	}
	if err := await(ctx, len(list), got); err != nil {
		return err
	}
	for i, m := range got.all() {
		if m.topic != s.topic || !bytes.Equal(m.payload, payload(i)) {
			return fmt.Errorf("message %d has come as %q: %.10q", i, m.topic, m.payload)
		}
	}
	return nil
}

// big: a message of 3 MB comes whole.
func (s *stage) big(ctx context.Context) error {
	got, err := s.subscriber(ctx, "r", s.topic)
	if err != nil {
		return err
	}
	text := make([]byte, 3_000_000)
	for i := range text {
		text[i] = 'a' + byte(i*i%26)
	}
	if err := s.publish(ctx, "p", message{topic: s.topic, payload: text, qos: 2}); err != nil {
		return err
	}
	if err := await(ctx, 1, got); err != nil {
		return err
	}
	if m := got.all()[0]; !bytes.Equal(m.payload, text) {
		return fmt.Errorf("%d bytes have come, or others", len(m.payload))
	}
	return nil
}

// trials returns the cells of a kind of client with a server in which it does something else.
func (k *kind) trials(server *peer) (list []cell) {
	for _, v := range k.versions {
		for _, transport := range k.over {
			for i := range trials {
				if t := &trials[i]; !t.v5 || v == mqttwire.V5 {
					list = append(list, cell{server, k, v, transport, 1, variant{what: t.name, trial: t}})
				}
			}
		}
	}
	return list
}
