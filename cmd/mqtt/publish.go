package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// The window: messages, and bytes of them, that wait for their acknowledgement.
const (
	windowCount = 1000
	windowBytes = 4 << 20
)

// publisher publishes the messages of an input.
type publisher struct {
	conn   *connection
	e      environment
	in     *input
	bar    *progress
	packet packets.Publish
	delay  time.Duration

	window []sent
	bytes  int
	worst  error // of a message
}

// sent is a message on its way.
type sent struct {
	message
	before   uint64 // bytes that were written by then
	delivery *client.Delivery
}

// publish publishes everything, and waits until it is acknowledged. A message that is
// refused does not hold up the others.
func (p *publisher) publish(ctx context.Context) error {
	first := true
	for m, err := range p.messages(ctx) {
		if err != nil {
			return errors.Join(&statusError{statusFile, err}, p.await(ctx, 0, 0))
		}
		if !first && p.delay > 0 && !pause(ctx, p.delay) {
			break
		}
		first = false
		if err := p.await(ctx, windowCount-1, windowBytes); err != nil {
			return err
		}
		p.packet.Payload = m.payload
		p.window = append(p.window, sent{m, p.conn.Stats().BytesOut, p.conn.Send(&p.packet)})
		p.bytes += m.bytes
	}
	if err := p.await(ctx, 0, 0); err != nil {
		return err
	}
	if ctx.Err() != nil && p.worst == nil {
		return &statusError{statusUnsure, errors.New("interrupted; what was sent was acknowledged")}
	}
	return p.worst
}

// pulled is what messages gives on.
type pulled struct {
	message
	err error
}

// messages returns those of the input until ctx ends, also while the input waits for
// more.
func (p *publisher) messages(ctx context.Context) func(yield func(message, error) bool) {
	if !p.in.lines {
		return p.in.messages
	}
	lines := make(chan pulled)
	go func() { // it stays behind if the input never ends
		defer close(lines)
		for m, err := range p.in.messages {
			select {
			case lines <- pulled{m, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func(yield func(message, error) bool) {
		for {
			select {
			case l, ok := <-lines:
				if !ok || !yield(l.message, l.err) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

// pause waits, and reports whether ctx has not ended.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// await waits until at most so many messages and bytes are on their way, the oldest
// first. The error is that of a connection that has ended for good, or of ctx.
func (p *publisher) await(ctx context.Context, count, bytes int) error {
	for len(p.window) > 0 && (len(p.window) > count || p.bytes > bytes) {
		s := p.window[0]
		if err := p.bar.await(ctx, p.conn, s); err != nil {
			return &statusError{statusUnsure, fmt.Errorf("interrupted; %d messages were not acknowledged", len(p.window))}
		}
		p.window = p.window[1:]
		p.bytes -= s.bytes
		p.bar.done(s.bytes)
		err := s.delivery.Err()
		if ended := p.conn.ended(ctx); ended != nil {
			return ended
		}
		p.note(ctx, s, err)
	}
	return nil
}

// note keeps what has become of a message, if it is an error.
func (p *publisher) note(ctx context.Context, s sent, err error) {
	if err == nil {
		return
	}
	if s.line > 0 {
		err = fmt.Errorf("line %d: %w", s.line, err)
	}
	if p.worst != nil {
		p.e.say("%v", p.worst)
	}
	p.worst = failed(ctx, err)
}
