//go:build unix

package main

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/mqttwire/mqttwire/compare/interleaved"
)

const head = `# Our client beside the two that Go programs have

    cd compare && go run ./clients

Measured on %s, %d processors, %s. The peer is another process, a bare sink and source on the loopback: it answers PUBLISH and PUBREL at
once, and sends packets that are encoded already, with 100 of QoS 1 and 2 under way at most. Payloads are of %d bytes. Medians of %d
rounds in which the clients take turns. **The machine was loaded by other work and the runs are short: the rates and times say little
by themselves, the ratios within a row are what counts.** CPU and allocations are those of the client's process, for a message.

"times the best rival" is the median of the ratios round by round: of messages a second to the fastest of the two others in that
round, and of CPU to the one of the two that takes the least; more than 1.00 is faster, and less than 1.00 is less CPU. At QoS 0
the messages are published by one caller, and a message of QoS 1 behind them shows that all have arrived. All clients have the
options that stand for themselves, but ours, which drops messages of QoS 0 that come faster than they are handled, has room for all.
paho.mqtt.golang's QoS 0 is measured without waiting for its token. Other clients are not measured here.
`

const idleHead = `
## Idle

%d clients at once that have connected and subscribed, and do nothing; for each.

| | KiB of heap and stack | goroutines |
|---|--:|--:|
`

const mosquittoHead = `
## Over mosquitto

The same, over the mosquitto of Debian on the loopback, with %d messages under way and a queue without bounds; what is received is
published by another process, which has encoded it already. CPU is that of the client's process alone. The messages a second are
bounded by mosquitto, which has one thread and here the same processors: what is published with QoS 0 only waits for it, so that that
ratio is about 1, by chance above or below.
`

// document returns the tables.
func document(results []result, idle []idleResult, over []result, rounds int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, head, time.Now().UTC().Format("2006-01-02"), runtime.NumCPU(), strings.Replace(runtime.Version(), "go", "Go ", 1), payloadSize, rounds)
	tables(&b, results)
	if idle != nil {
		fmt.Fprintf(&b, idleHead, idleClients)
		for i, c := range contenders {
			fmt.Fprintf(&b, "| %s | %.1f | %.1f |\n", c.name, idle[i].bytes/1024, idle[i].goroutines)
		}
	}
	if over != nil {
		fmt.Fprintf(&b, mosquittoHead, window)
		tables(&b, over)
	}
	return b.Bytes()
}

// tables writes the tables of results.
func tables(b *bytes.Buffer, results []result) {
	for _, r := range results {
		fmt.Fprintf(b, "\n%s, %d messages a run\n\n", r.what, r.n)
		b.WriteString("| | messages/s | times the best rival | CPU µs | times the best rival | allocations |\n|---|--:|--:|--:|--:|--:|\n")
		for i, c := range contenders {
			speed, cpu := "", ""
			if c.ours {
				speed = fmt.Sprintf("%.2f", interleaved.Median(r.ratios(i, figures.rate, true)))
				cpu = fmt.Sprintf("%.2f", interleaved.Median(r.ratios(i, figures.processor, false)))
			}
			fmt.Fprintf(b, "| %s | %.0f | %s | %.2f | %s | %.1f |\n", c.name, r.median(i, figures.rate), speed, r.median(i, figures.processor), cpu, r.median(i, figures.allocations))
		}
	}
}

func (f figures) rate() float64        { return f.perSecond }
func (f figures) processor() float64   { return f.cpu }
func (f figures) allocations() float64 { return f.allocs }

// median returns the middle of a figure of a contender.
func (r result) median(which int, figure func(figures) float64) float64 {
	var list []float64
	for _, f := range r.runs[which] {
		list = append(list, figure(f))
	}
	return interleaved.Median(list)
}

// ratios returns a contender's figure to the best of the others', by round.
func (r result) ratios(which int, figure func(figures) float64, most bool) []float64 {
	list := make([]float64, len(r.runs[which]))
	for round := range list {
		best := 0.0
		for i, c := range contenders {
			if c.ours {
				continue
			}
			if v := figure(r.runs[i][round]); best == 0 || v > best == most {
				best = v
			}
		}
		list[round] = figure(r.runs[which][round]) / best
	}
	return list
}
