package main

import (
	"bytes"
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Sizes of the charts, in the units of their drawing.
const (
	chartWidth, chartHeight = 1000.0, 160.0
	laneHeight              = 22.0
)

// reportData is what the template is given.
type reportData struct {
	Files       string
	Closing     string
	From, To    string
	Counts      reportCounts
	Sampled     bool
	Rates       rateChart
	Ticks       []tick
	Connections []*reportConnection
	Lanes       float64 // height of the timeline
}

// tick is a mark on the time axis.
type tick struct {
	X    float64
	Text string
}

// lanePlace is the bar of a connection in the timeline, and its marks.
type lanePlace struct {
	X, Y, Width float64
	Marks       []laneMark
}

// laneMark is something on a bar: where a packet of the handshake was, or trouble.
type laneMark struct {
	X     float64
	Kind  string // "open", "end" or "fault"
	Title string
}

// page makes the page.
func (r *report) page(files []string) ([]byte, error) {
	slices.SortFunc(r.kept, func(a, b *reportConnection) int { return cmp.Compare(a.Stream, b.Stream) })
	var names []string
	for _, f := range files {
		names = append(names, printable(filepath.Base(fileName(f))))
	}
	data := reportData{
		Files: strings.Join(names, ", "), Closing: printable(closingLine(&r.app.sum, &r.app.records)), Counts: r.counts,
		Connections: r.kept, Lanes: laneHeight*float64(len(r.kept)) + 4,
		Sampled: r.counts.Shown < r.counts.Connections || slices.ContainsFunc(r.kept, func(c *reportConnection) bool { return c.Left > 0 }),
	}
	first, last := r.span()
	if !first.IsZero() {
		data.From, data.To = first.Format(secondLayout+".000000"), last.Format(secondLayout+".000000")
		data.Ticks = ticks(last.Sub(first))
	}
	for i, c := range r.kept {
		c.Lane = c.place(i, first, last)
	}
	data.Rates = r.rates.chart(first, last)
	var b bytes.Buffer
	err := reportTemplate.Execute(&b, data)
	return b.Bytes(), err
}

// span returns from when to when there was something.
func (r *report) span() (first, last time.Time) {
	for _, c := range r.kept {
		if !c.first.IsZero() && (first.IsZero() || c.first.Before(first)) {
			first = c.first
		}
		if c.last.After(last) {
			last = c.last
		}
	}
	if f, l := r.rates.span(); !f.IsZero() {
		if first.IsZero() || f.Before(first) {
			first = f
		}
		if l.After(last) {
			last = l
		}
	}
	return first, last
}

// across returns where on the time axis a time is.
func across(t, first, last time.Time) float64 {
	whole := last.Sub(first).Seconds()
	if whole <= 0 || t.IsZero() {
		return 0
	}
	return hundredth(chartWidth * t.Sub(first).Seconds() / whole)
}

// hundredth is x with two digits behind the point, which is enough to draw.
func hundredth(x float64) float64 { return float64(int(x*100+0.5)) / 100 }

// place is where the bar of a connection is.
func (c *reportConnection) place(lane int, first, last time.Time) lanePlace {
	p := lanePlace{X: across(c.first, first, last), Y: laneHeight*float64(lane) + 4}
	p.Width = max(across(c.last, first, last)-p.X, 2)
	for _, row := range slices.Concat(c.Head, c.Tail) {
		kind := ""
		switch {
		case row.Fault:
			kind = "fault"
		case row.Name == "CONNECT":
			kind = "open"
		case row.Name == "DISCONNECT":
			kind = "end"
		default:
			continue
		}
		p.Marks = append(p.Marks, laneMark{across(row.at, first, last), kind, row.Name + " " + row.Text})
	}
	return p
}

// ticks are round times on the axis.
func ticks(span time.Duration) (list []tick) {
	if span <= 0 {
		return nil
	}
	const about = 8
	width := max(span/about, 1)
	unit := time.Nanosecond
	for _, u := range []time.Duration{
		time.Microsecond, 10 * time.Microsecond, 100 * time.Microsecond, time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond,
		time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour,
	} {
		if u <= width {
			unit = u
		}
	}
	width = (width + unit - 1) / unit * unit
	for n := range span/width + 1 { // not to the last, which may be more than a Duration has
		at := n * width
		list = append(list, tick{hundredth(chartWidth * float64(at) / float64(span)), fmt.Sprintf("+%v", at)})
	}
	return list
}
