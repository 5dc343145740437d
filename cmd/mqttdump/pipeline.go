package main

import (
	"github.com/mqttwire/mqttwire/capture"
)

// Reading and decoding a capture takes about as long as printing it. So one goroutine
// does the one, and another the other: events go from one to the other in batches,
// which keep their order.

// How many events are in a batch, how many bytes of packets at most, but for a single
// packet that is larger, and how many batches there are.
const (
	batchEvents = 256
	batchBytes  = 256 << 10
	batches     = 3
)

// item is an event, or what could not be read.
type item struct {
	event capture.Event
	err   error
}

// batch is a run of items.
type batch struct {
	items []item
	bytes int
}

// pipeline hands events from the goroutine that reads to the one that prints.
type pipeline struct {
	full, free chan *batch
	filling    *batch
	stop       chan struct{} // closed by who prints: nothing more is wanted
}

func newPipeline() *pipeline {
	p := &pipeline{full: make(chan *batch, batches), free: make(chan *batch, batches), stop: make(chan struct{})}
	for range batches {
		p.free <- &batch{items: make([]item, 0, batchEvents)}
	}
	return p
}

// put takes an event or an error, and reports whether more are wanted.
func (p *pipeline) put(e *capture.Event, err error) bool {
	if p.filling == nil {
		select {
		case p.filling = <-p.free:
		case <-p.stop:
			return false
		}
	}
	b := p.filling
	b.items = append(b.items, item{*e, err})
	b.bytes += len(e.Frame.Body)
	if len(b.items) < batchEvents && b.bytes < batchBytes {
		return true
	}
	large := b.bytes >= 2*batchBytes
	if p.handOver(); large {
		return p.drain()
	}
	return true
}

// handOver gives what was put to who prints.
func (p *pipeline) handOver() {
	if p.filling != nil {
		p.full <- p.filling
		p.filling = nil
	}
}

// drain waits until all that was handed over is printed, so that large packets do not
// wait beside one another.
func (p *pipeline) drain() bool {
	var all [batches]*batch
	for i := range all {
		select {
		case all[i] = <-p.free:
		case <-p.stop:
			return false
		}
	}
	for _, b := range all {
		p.free <- b
	}
	return true
}

// end says that no more events come.
func (p *pipeline) end() {
	p.handOver()
	close(p.full)
}

// each calls take with each event or error, and idle before it waits for more, until
// one returns an error.
func (p *pipeline) each(take func(*capture.Event, error) error, idle func() error) error {
	defer close(p.stop)
	for {
		var b *batch
		var ok bool
		select {
		case b, ok = <-p.full:
		default:
			if err := idle(); err != nil {
				return err
			}
			b, ok = <-p.full
		}
		if !ok {
			return nil
		}
		for i := range b.items {
			if err := take(&b.items[i].event, b.items[i].err); err != nil {
				return err
			}
			b.items[i] = item{} // its memory is free before the batch is full again
		}
		b.items, b.bytes = b.items[:0], 0
		p.free <- b
	}
}
