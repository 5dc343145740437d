package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

// newLatency is the command that tells how long answers took.
func newLatency(a *app) *cobra.Command {
	l := &latency{follow: newFollower()}
	l.follow.onStep, l.follow.onOver = l.step, l.over
	c := &cobra.Command{
		Use:   "latency FILE...",
		Short: "how long answers took, from CONNECT to CONNACK, from PUBLISH to PUBACK and so on: percentiles, and the slowest",
		Long: `How long answers took, as the place where the capture was made saw it: what is
answered by the side on which it was made takes no time on the network. A row has
the answers of one side; "unanswered" counts those that did not come.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, files []string) error { return a.answer(files, l) },
	}
	c.Flags().IntVar(&l.top, "top", 10, "how many of the slowest")
	return c
}

// mostSamples is how many times of a step are kept for the percentiles; of more, it is
// a sample of that size.
const mostSamples = 1 << 15

// latency collects how long answers took.
type latency struct {
	top     int
	follow  *follower
	rows    [steps][3]latencyRow // by who answered
	slowest []slowAnswer         // the slowest first
}

// latencyRow is the times of a step.
type latencyRow struct {
	count, unanswered int
	total, least      time.Duration
	most              time.Duration
	samples           []time.Duration
}

// slowAnswer is one of the slowest.
type slowAnswer struct {
	took   time.Duration
	step   step
	by     mqttwire.Sender // who answered
	stream int
	client string
	id     uint16
	topic  string
	began  time.Time
	record int // of the packet that was answered
	answer int // the record of the answer
}

func (l *latency) take(file string, e *capture.Event) error {
	l.follow.take(file, e)
	return nil
}

// step takes how long an answer took.
func (l *latency) step(c *connection, x *exchange, s step, took time.Duration, e *capture.Event) {
	if e.Time.IsZero() {
		return // the file has no times
	}
	l.rows[s][min(e.Sender, mqttwire.FromServer)].add(took)
	one := slowAnswer{took, s, e.Sender, c.stream, c.client, x.id, x.topic, e.Time.Add(-took), x.record, e.Record}
	i, _ := slices.BinarySearchFunc(l.slowest, one, func(a, b slowAnswer) int {
		return cmp.Or(cmp.Compare(b.took, a.took), cmp.Compare(a.answer, b.answer))
	})
	if i < l.top {
		l.slowest = slices.Insert(l.slowest, i, one)
		l.slowest = l.slowest[:min(len(l.slowest), l.top)]
	}
}

// over counts what was not answered.
func (l *latency) over(c *connection) {
	for _, x := range c.unfinished {
		l.rows[x.step][other(x.sender)].unanswered++
	}
}

// add adds a time. Of too many, each has the same chance to be in the sample.
func (r *latencyRow) add(d time.Duration) {
	if r.count == 0 || d < r.least {
		r.least = d
	}
	r.count++
	r.total += d
	r.most = max(r.most, d)
	if len(r.samples) < mostSamples {
		r.samples = append(r.samples, d)
	} else if i := rand.IntN(r.count); i < mostSamples {
		r.samples[i] = d
	}
}

// percentile returns the time that so many of a hundred did not exceed.
func (r *latencyRow) percentile(p int) time.Duration {
	if len(r.samples) == 0 {
		return 0
	}
	return r.samples[(len(r.samples)-1)*p/100]
}

// finish tells what is left, and sorts.
func (l *latency) finish() {
	l.follow.end()
	for s := range l.rows {
		for side := range l.rows[s] {
			slices.Sort(l.rows[s][side].samples)
		}
	}
}

// each calls f with the rows that have something.
func (l *latency) each(f func(s step, by mqttwire.Sender, r *latencyRow)) {
	for s := range l.rows {
		for side := range l.rows[s] {
			if r := &l.rows[s][side]; r.count+r.unanswered > 0 {
				f(step(s), mqttwire.Sender(side), r)
			}
		}
	}
}

func (l *latency) text(b []byte, times *timeColumn, paint palette) []byte {
	l.finish()
	t := &table{head: []string{"ANSWER", "BY", "answers", "unanswered", "least", "average", "50 %", "90 %", "99 %", "most"}, left: 2}
	sampled := false
	l.each(func(s step, by mqttwire.Sender, r *latencyRow) {
		row := []string{s.String(), sideName(by), strconv.Itoa(r.count), strconv.Itoa(r.unanswered)}
		if r.count > 0 {
			row = append(row, r.least.String(), (r.total / time.Duration(r.count)).String(), r.percentile(50).String(), r.percentile(90).String(), r.percentile(99).String(), r.most.String())
		} else {
			row = append(row, "-", "-", "-", "-", "-", "-")
		}
		t.row(row...)
		sampled = sampled || r.count > len(r.samples)
	})
	b = t.append(b, paint.quiet)
	if sampled {
		b = fmt.Appendf(b, "Percentiles of more than %d answers are those of a sample of so many.\n", mostSamples)
	}
	if len(l.slowest) == 0 {
		return b
	}
	t = &table{head: []string{"SLOWEST", "answer", "by", "began", "stream", "client", "topic", "id", "records"}, left: 7}
	for _, s := range l.slowest {
		t.row(s.took.String(), s.step.String(), sideName(s.by), string(times.append(nil, s.began, s.began)), streamName(s.stream),
			string(appendIdentifier(nil, s.client)), string(appendTopic(s.topic)), strconv.Itoa(int(s.id)), fmt.Sprintf("%d to %d", s.record, s.answer))
	}
	return t.append(append(b, '\n'), paint.quiet)
}

// appendTopic is a topic name in a table.
func appendTopic(topic string) []byte {
	if topic == "" {
		return []byte(noClient)
	}
	return appendQuote(nil, []byte(topic), mostName)
}

// latencyJSON is the answer in JSON; times are in seconds.
type latencyJSON struct {
	Answers []latencyRowJSON `json:"answers"`
	Slowest []slowJSON       `json:"slowest"`
}

type latencyRowJSON struct {
	Step       string  `json:"step"`
	By         string  `json:"by,omitempty"`
	Count      int     `json:"answers"`
	Unanswered int     `json:"unanswered"`
	Least      float64 `json:"min"`
	Average    float64 `json:"avg"`
	P50        float64 `json:"p50"`
	P90        float64 `json:"p90"`
	P99        float64 `json:"p99"`
	Most       float64 `json:"max"`
	Sampled    bool    `json:"sampled,omitempty"`
}

type slowJSON struct {
	Seconds float64 `json:"seconds"`
	Step    string  `json:"step"`
	By      string  `json:"by,omitempty"`
	TS      string  `json:"ts"`
	Stream  int     `json:"stream"`
	Client  string  `json:"client,omitempty"`
	Topic   string  `json:"topic,omitempty"`
	ID      uint16  `json:"packetId,omitempty"`
	Frame   int     `json:"frame"`
	Answer  int     `json:"answer_frame"`
}

func (l *latency) json(b []byte) []byte {
	l.finish()
	j := latencyJSON{Answers: []latencyRowJSON{}, Slowest: []slowJSON{}}
	l.each(func(s step, by mqttwire.Sender, r *latencyRow) {
		row := latencyRowJSON{Step: s.String(), By: sideName(by), Count: r.count, Unanswered: r.unanswered, Sampled: r.count > len(r.samples)}
		if r.count > 0 {
			row.Least, row.Average, row.Most = r.least.Seconds(), (r.total / time.Duration(r.count)).Seconds(), r.most.Seconds()
			row.P50, row.P90, row.P99 = r.percentile(50).Seconds(), r.percentile(90).Seconds(), r.percentile(99).Seconds()
		}
		j.Answers = append(j.Answers, row)
	})
	for _, s := range l.slowest {
		j.Slowest = append(j.Slowest, slowJSON{s.took.Seconds(), s.step.String(), sideName(s.by), tsOf(s.began), s.stream, s.client, s.topic, s.id, s.record, s.answer})
	}
	return appendJSONValue(b, j)
}
