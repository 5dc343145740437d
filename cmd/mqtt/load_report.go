package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// result is what bench prints.
type result struct {
	Publishers  int     `json:"publishers"`
	Subscribers int     `json:"subscribers"`
	QoS         uint8   `json:"qos"`
	Size        int     `json:"size"`
	Seconds     float64 `json:"seconds"`
	Sent        int64   `json:"sent"`
	SentRate    float64 `json:"sentPerSecond"`
	Received    int64   `json:"received"`
	Rate        float64 `json:"receivedPerSecond"`
	Failed      int64   `json:"failed"`
	Unsent      int64   `json:"unsent"`
	Lost        int64   `json:"lost"`
	Duplicates  int64   `json:"duplicates"`
	Strange     int64   `json:"strange"`
	P50         float64 `json:"p50Milliseconds"`
	P90         float64 `json:"p90Milliseconds"`
	P99         float64 `json:"p99Milliseconds"`
	P999        float64 `json:"p99.9Milliseconds"`
	Max         float64 `json:"maxMilliseconds"`
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// result returns what there is at the end.
func (b *load) result() result {
	s, l := b.took.Seconds(), &b.latency
	return result{
		Publishers: b.f.publishers, Subscribers: b.f.subscribers, QoS: b.f.qos, Size: b.f.size, Seconds: s,
		Sent: b.sent.Load(), SentRate: float64(b.sent.Load()) / s,
		Received: b.received.Load(), Rate: float64(b.received.Load()) / s,
		Failed: b.failed.Load(), Unsent: b.unsent.Load(), Lost: b.lost(), Duplicates: b.duplicates.Load(), Strange: b.strange.Load(),
		P50: milliseconds(l.at(0.5)), P90: milliseconds(l.at(0.9)), P99: milliseconds(l.at(0.99)), P999: milliseconds(l.at(0.999)),
		Max: milliseconds(l.max()),
	}
}

// report prints the result, and returns the error of a connection or a message that was
// lost.
func (b *load) report(ctx context.Context, e environment) error {
	r := b.result()
	var err error
	if b.f.json {
		err = json.NewEncoder(e.out).Encode(r)
	} else {
		_, err = io.WriteString(e.out, r.text())
	}
	if err != nil {
		return &statusError{statusFile, err}
	}
	return r.fault(b.cut(ctx), b.silent.Load())
}

// fault returns the error of what was not as it should be, if something was, also of the
// connections that were lost, and of so many that were not answered.
func (r *result) fault(cut []error, silent int64) error {
	status, told := statusUnsure, []string(nil)
	if len(cut) > 0 {
		status, told = statusConnect, append(told, cut[0].Error())
	}
	if len(cut) > 1 {
		told = append(told, fmt.Sprintf("%d connections more were lost", len(cut)-1))
	}
	if r.Failed > 0 || r.Unsent > 0 || r.Lost > 0 {
		told = append(told, fmt.Sprintf("%d messages were not acknowledged, %d were not sent, and %d have not arrived",
			r.Failed, r.Unsent, r.Lost))
	}
	if r.Duplicates > 0 && r.QoS == 2 {
		told = append(told, "messages of QoS 2 have come twice") // [MQTT-4.3.3-2]
	}
	if silent > 0 {
		told = append(told, fmt.Sprintf("the broker does not answer %d connections, and may not have read all", silent))
	}
	if len(told) == 0 {
		return nil
	}
	return &statusError{status, errors.New(strings.Join(told, "; "))}
}

// text returns the result in lines.
func (r *result) text() string {
	lines := fmt.Sprintf("clients     %d publishers, %d subscribers\nmessages    QoS %d, %d bytes\ntime        %.2f s\n"+
		"sent        %d, %.0f a second\nreceived    %d, %.0f a second\n"+
		"failed      %d\nunsent      %d\nlost        %d\nduplicates  %d\n",
		r.Publishers, r.Subscribers, r.QoS, r.Size, r.Seconds, r.Sent, r.SentRate, r.Received, r.Rate,
		r.Failed, r.Unsent, r.Lost, r.Duplicates)
	if r.Strange > 0 {
		lines += fmt.Sprintf("strange     %d, which are none of this run\n", r.Strange)
	}
	return lines + fmt.Sprintf("latency     p50 %.3f ms, p90 %.3f ms, p99 %.3f ms, p99.9 %.3f ms, most %.3f ms\n",
		r.P50, r.P90, r.P99, r.P999, r.Max)
}

// progress shows a line where there is a terminal, until what it returns is called.
func (b *load) progress(e environment) (stop func()) {
	if b.f.noProgress || b.f.connection.quiet || b.f.connection.debug || !e.terminal(e.errs) {
		return func() {}
	}
	end := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for sent := int64(0); ; {
			b.show(e, &sent)
			select {
			case <-tick.C:
			case <-end:
				fmt.Fprint(e.errs, "\r\x1b[K")
				return
			}
		}
	})
	return func() { close(end); wg.Wait() }
}

// show shows how far it is.
func (b *load) show(e environment, sent *int64) {
	all, now := b.f.publishers+b.f.subscribers, b.sent.Load()
	fmt.Fprintf(e.errs, "\r\x1b[K%d of %d connected, %d sent (%.0f a second), %d received, %d under way, p99 %.1f ms",
		b.connected.Load(), all, now, float64(now-*sent)/progressEvery.Seconds(), b.received.Load(), b.lost(), milliseconds(b.latency.at(0.99)))
	*sent = now
}
