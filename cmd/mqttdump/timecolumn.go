package main

import (
	"strconv"
	"time"
)

// How times are printed.
const (
	timeUTC   = "utc"
	timeLocal = "local"
	timeStart = "start" // since the first packet or event
	timeDelta = "delta" // since the one before of the stream
)

// timeColumn prints the times of lines.
type timeColumn struct {
	style  string
	zone   *time.Location // of timeLocal
	start  time.Time
	second int64  // that prefix is of
	prefix []byte // date and time up to the second
}

const secondLayout = "2006-01-02 15:04:05"

// append appends the time of a line; last is that of the line before of its stream.
func (c *timeColumn) append(b []byte, t, last time.Time) []byte {
	switch c.style {
	case timeStart:
		if c.start.IsZero() {
			c.start = t
		}
		return appendSeconds(b, t.Sub(c.start))
	case timeDelta:
		if last.IsZero() {
			last = t
		}
		return appendSeconds(b, t.Sub(last))
	}
	if s := t.Unix(); s != c.second || c.prefix == nil {
		if c.style == timeLocal {
			c.prefix = t.In(c.zone).AppendFormat(c.prefix[:0], secondLayout)
		} else {
			c.prefix = t.AppendFormat(c.prefix[:0], secondLayout)
		}
		c.second = s
	}
	return appendMicroseconds(append(b, c.prefix...), t.Nanosecond()/1000)
}

// appendMicroseconds appends a point and six digits.
func appendMicroseconds(b []byte, n int) []byte {
	digits := [7]byte{'.'}
	for i := len(digits) - 1; i > 0; i-- {
		digits[i], n = byte('0'+n%10), n/10
	}
	return append(b, digits[:]...)
}

// appendSeconds appends a span in seconds, in a column.
func appendSeconds(b []byte, d time.Duration) []byte {
	const width = len("-12345.123456")
	start := len(b)
	if d < 0 {
		b, d = append(b, '-'), -d
	}
	b = strconv.AppendInt(b, int64(d/time.Second), 10)
	b = appendMicroseconds(b, int(d%time.Second/time.Microsecond))
	return padLeft(b, start, width)
}

// padLeft moves what stands from start on to the right end of a column.
func padLeft(b []byte, start, width int) []byte {
	n := width - (len(b) - start)
	if n <= 0 {
		return b
	}
	size := len(b)
	b = append(b, blanks[:n]...)
	copy(b[start+n:], b[start:size])
	copy(b[start:], blanks[:n])
	return b
}

// blanks pads columns; none is wider.
const blanks = "                                                                "
