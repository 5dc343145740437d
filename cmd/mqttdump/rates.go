package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// mostBuckets is how many spans of time rates are counted in: when that is not enough
// the spans get twice as long.
const mostBuckets = 512

// rates counts packets and bytes over time.
type rates struct {
	start   time.Time
	width   time.Duration
	buckets []bucket
}

// bucket is the packets of a span of time.
type bucket struct{ packets, bytes int64 }

// add counts a packet. One that is out of order by much is counted with the first.
func (r *rates) add(t time.Time, bytes int64) {
	switch {
	case t.IsZero():
		return
	case r.start.IsZero():
		r.start, r.width = t, time.Millisecond
	}
	for t.Sub(r.start)/mostBuckets >= r.width { // a product may be more than a Duration has
		r.merge()
	}
	i := max(int(t.Sub(r.start)/r.width), 0)
	for len(r.buckets) <= i {
		r.buckets = append(r.buckets, bucket{})
	}
	r.buckets[i].packets++
	r.buckets[i].bytes += bytes
}

// merge makes the spans twice as long.
func (r *rates) merge() {
	r.width *= 2
	for i := range r.buckets {
		b := r.buckets[i]
		r.buckets[i] = bucket{}
		r.buckets[i/2].packets += b.packets
		r.buckets[i/2].bytes += b.bytes
	}
	r.buckets = r.buckets[:(len(r.buckets)+1)/2]
}

// span returns from when to when packets came.
func (r *rates) span() (first, last time.Time) {
	if len(r.buckets) == 0 {
		return first, last
	}
	return r.start, r.start.Add(time.Duration(len(r.buckets)-1) * r.width).Add(r.width)
}

// rateChart is the rates as lines to draw.
type rateChart struct {
	Packets, Bytes         string // paths
	MostPackets, MostBytes string // rates at the top of the chart
	Width                  string // of a span
	Rows                   []rateRow
}

// rateRow is a line of the table that says the same as the chart.
type rateRow struct {
	From           string
	Packets, Bytes int64
}

// chart draws the rates on the time axis.
func (r *rates) chart(first, last time.Time) (c rateChart) {
	var most bucket
	for _, b := range r.buckets {
		most.packets, most.bytes = max(most.packets, b.packets), max(most.bytes, b.bytes)
	}
	if most.packets == 0 {
		return c
	}
	perSecond := 1 / r.width.Seconds()
	c.MostPackets, c.MostBytes = figure(float64(most.packets)*perSecond), figure(float64(most.bytes)*perSecond)
	c.Width = r.width.String()
	c.Packets = r.path(first, last, func(b bucket) float64 { return float64(b.packets) / float64(most.packets) })
	c.Bytes = r.path(first, last, func(b bucket) float64 { return float64(b.bytes) / float64(max(most.bytes, 1)) })
	for i, b := range r.buckets {
		if b.packets > 0 {
			from := time.Duration(i)*r.width + r.start.Sub(first)
			c.Rows = append(c.Rows, rateRow{fmt.Sprintf("+%v", from), b.packets, b.bytes})
		}
	}
	return c
}

// path draws steps, one for each span.
func (r *rates) path(first, last time.Time, height func(bucket) float64) string {
	var b strings.Builder
	point := func(command string, x, y float64) {
		b.WriteString(command + strconv.FormatFloat(x, 'f', -1, 64) + " " + strconv.FormatFloat(hundredth(y), 'f', -1, 64))
	}
	for i, one := range r.buckets {
		from := r.start.Add(time.Duration(i) * r.width)
		y := chartHeight * (1 - height(one))
		command := "L"
		if i == 0 {
			command = "M"
		}
		point(command, across(from, first, last), y)
		point("L", across(from.Add(r.width), first, last), y)
	}
	return b.String()
}
