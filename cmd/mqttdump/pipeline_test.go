package main

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

// through returns the numbers of events of a size, as they come out of a pipeline.
func through(n, size int) (order []int) {
	p := newPipeline()
	go func() {
		for i := range n {
			p.put(&capture.Event{Record: i, Frame: mqttwire.Frame{Body: make([]byte, size)}}, nil)
		}
		p.end()
	}()
	_ = p.each(func(e *capture.Event, _ error) error {
		order = append(order, e.Record)
		return nil
	}, func() error { return nil })
	return order
}

func TestEventsKeepTheirOrder(t *testing.T) {
	for _, size := range []int{0, batchBytes / 2, batchBytes} {
		n := 10 * batchEvents
		if size > 0 {
			n = 50
		}
		order := through(n, size)
		assert.Len(t, order, n)
		assert.IsIncreasing(t, order)
	}
}

// TestLargePacketsDoNotWaitBesideOneAnother: put comes back when the packet was taken.
func TestLargePacketsDoNotWaitBesideOneAnother(t *testing.T) {
	p := newPipeline()
	taken, came := make(chan int, 100), make(chan bool, 100)
	go func() {
		for i := range 20 {
			p.put(&capture.Event{Record: i, Frame: mqttwire.Frame{Body: make([]byte, 2*batchBytes)}}, nil)
			came <- len(taken) == i+1
		}
		p.end()
	}()
	assert.NoError(t, p.each(func(e *capture.Event, _ error) error {
		taken <- e.Record
		return nil
	}, func() error { return nil }))
	close(came)
	for ok := range came {
		assert.True(t, ok)
	}
}

// TestABatchIsHandedOverWhenItIsFull: of events or of bytes.
func TestABatchIsHandedOverWhenItIsFull(t *testing.T) {
	for size, most := range map[int]int{0: batchEvents, batchBytes / 4: 4, batchBytes: 1} {
		p := newPipeline()
		for i := range most {
			assert.Empty(t, p.full, "%d of %d", i, size)
			p.put(&capture.Event{Frame: mqttwire.Frame{Body: make([]byte, size)}}, nil)
		}
		assert.Len(t, p.full, 1, size)
	}
}

func TestWhatWasTakenIsForgotten(t *testing.T) {
	p := newPipeline()
	p.put(&capture.Event{Note: "x"}, nil)
	var kept *capture.Event
	p.end()
	assert.NoError(t, p.each(func(e *capture.Event, _ error) error { kept = e; return nil }, func() error { return nil }))
	assert.Empty(t, kept.Note, "its memory is free")
}

func TestWhoTakesMayStop(t *testing.T) {
	p := newPipeline()
	done := make(chan bool)
	go func() {
		for p.put(&capture.Event{}, nil) {
		}
		done <- true
	}()
	stop := errors.New("stop")
	assert.Equal(t, stop, p.each(func(*capture.Event, error) error { return stop }, func() error { return nil }))
	assert.True(t, <-done)
}
