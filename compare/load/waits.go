//go:build linux

package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// latency is a test of how long messages of QoS 0 take at half of what mosquitto gets
// through, measured once.
var latency = test{
	what:  "QoS 0, 1 to 1, at half load",
	unit:  [2]string{"ms p99", "ms p50"},
	goals: []goal{{figure: 0, than: mosquitto, most: 1.5}},
	run: func(ctx context.Context, p *plan, b *process) (f figures, err error) {
		if p.half == 0 {
			if err := p.findHalf(ctx); err != nil {
				return f, err
			}
		}
		r, err := p.bench(ctx, b, "-V", "311", "--rate", strconv.Itoa(p.half), "--count", strconv.Itoa(max(1, 2*p.half*p.percent/100)))
		f.n = [2]float64{r.P99, r.P50}
		return f, err
	},
}

// findHalf measures what mosquitto gets through.
func (p *plan) findHalf(ctx context.Context) error {
	b, err := startMosquitto(ctx, p)
	if err != nil {
		return err
	}
	defer b.stop()
	r, err := p.bench(ctx, b, "-V", "311", "--count", strconv.Itoa(max(1, 200_000*p.percent/100)))
	p.half = max(1, int(r.Rate)/2)
	return err
}

// silent is a test of what others lose by a subscriber that reads nothing.
var silent = test{
	what:  "one of 100 subscribers reads nothing",
	unit:  [2]string{"of the rate of the others is left", "delivered/s"},
	goals: []goal{{figure: 0, than: nobody, least: 0.95}},
	roomy: true,
	run: func(ctx context.Context, p *plan, b *process) (f figures, err error) {
		others := func() (benched, error) {
			return p.bench(ctx, b, "-V", "311", "--subscribers", "99", "--count", strconv.Itoa(max(1, 4000*p.percent/100)))
		}
		alone, err := others()
		if err != nil {
			return f, err
		}
		r, err := dial(ctx, b.addr, "silent")
		if err != nil {
			return f, err
		}
		defer closeAll([]*raw{r})
		if err := r.subscribe(benchTopic + "/+"); err != nil {
			return f, err
		}
		beside, err := others()
		if alone.Rate > 0 {
			f.n = [2]float64{beside.Rate / alone.Rate, beside.Rate}
		}
		return f, err
	},
}

// retained is a test of how long others wait while all retained messages go to one.
var retained = test{
	what:  "retained messages to a subscriber of #",
	unit:  [2]string{"ms the longest wait of another", "ms without"},
	goals: []goal{{figure: 0, than: nobody, most: 10}},
	run: func(ctx context.Context, p *plan, b *process) (f figures, err error) {
		from, err := dial(ctx, b.addr, "from")
		if err != nil {
			return f, err
		}
		defer closeAll([]*raw{from})
		if err := from.retain(p.retained); err != nil {
			return f, err
		}
		other, err := dial(ctx, b.addr, "other")
		if err != nil {
			return f, err
		}
		defer closeAll([]*raw{other})
		if err := other.subscribe("$wait"); err != nil {
			return f, err
		}
		without, err := other.longest(time.After(time.Second), nil)
		if err != nil {
			return f, err
		}
		all, err := dial(ctx, b.addr, "all")
		if err != nil {
			return f, err
		}
		defer closeAll([]*raw{all})
		through := make(chan time.Time, 1)
		go func() { through <- all.takes(p.retained) }()
		with, err := other.longest(through, func() error {
			return all.ask(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("#")}}}, "")
		})
		f.n = [2]float64{with.Seconds() * 1000, without.Seconds() * 1000}
		return f, err
	},
}

// retain publishes retained messages, and waits until the broker has them.
func (r *raw) retain(n int) error {
	r.b = r.b[:0]
	for i := range n {
		p := &packets.Publish{Topic: fmt.Appendf(nil, "kept/%d", i), Payload: make([]byte, payloadSize), Retain: true}
		r.b, _ = p.Append(r.b, mqttwire.V311)
		if len(r.b) > 1<<16 || i == n-1 {
			if _, err := r.Write(r.b); err != nil {
				return err
			}
			r.b = r.b[:0]
		}
	}
	if err := r.SetReadDeadline(time.Now().Add(answerTime)); err != nil {
		return err
	}
	return r.ask(&packets.Pingreq{}, "\xd0\x00")
}

const payloadSize = 64

// longest sends messages to the connection itself until end, one after the other, and
// returns how long the slowest of them took. begin is done once they go.
func (r *raw) longest(end <-chan time.Time, begin func() error) (most time.Duration, err error) {
	p := &packets.Publish{Topic: []byte("$wait"), Payload: make([]byte, payloadSize)}
	want, err := p.Append(nil, mqttwire.V311)
	if err != nil {
		return 0, err
	}
	for n := 0; ; n++ {
		if n == 10 && begin != nil {
			if err := begin(); err != nil {
				return 0, err
			}
		}
		start := time.Now()
		if err := r.ask(p, string(want)); err != nil {
			return 0, err
		}
		most = max(most, time.Since(start))
		select {
		case <-end:
			return most, nil
		default:
		}
	}
}

// takes reads until so many messages have come, or the connection ends.
func (r *raw) takes(n int) time.Time {
	in := mqttwire.NewReader(r, mqttwire.Limits{})
	for n > 0 {
		f, err := in.Frame()
		if err != nil {
			break
		}
		if f.Header.Type == mqttwire.PUBLISH {
			n--
		}
	}
	return time.Now()
}
