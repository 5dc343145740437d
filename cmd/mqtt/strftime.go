package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/mqttwire/mqttwire/client"
)

// timeLayouts are the letters of strftime that a layout of package time has.
var timeLayouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'c': "Mon Jan _2 15:04:05 2006", 'd': "02", 'D': "01/02/06",
	'e': "_2", 'F': "2006-01-02", 'h': "Jan", 'H': "15", 'I': "03", 'j': "002", 'm': "01", 'M': "04", 'p': "PM", 'r': "03:04:05 PM",
	'R': "15:04", 'S': "05", 'T': "15:04:05", 'x': "01/02/06", 'X': "15:04:05", 'y': "06", 'Y': "2006", 'z': "-0700", 'Z': "MST",
}

// timePart returns what stands behind an at sign: of strftime, and @N.
func timePart(c byte) (part, error) {
	if layout, ok := timeLayouts[c]; ok {
		return func(dst []byte, _ *client.Message, now time.Time) ([]byte, error) {
			return now.AppendFormat(dst, layout), nil
		}, nil
	}
	switch c {
	case '@':
		return text("@"), nil
	case 'n':
		return text("\n"), nil
	case 't':
		return text("\t"), nil
	case 'N':
		return func(dst []byte, _ *client.Message, now time.Time) ([]byte, error) {
			return fmt.Appendf(dst, "%09d", now.Nanosecond()), nil
		}, nil
	case 's':
		return func(dst []byte, _ *client.Message, now time.Time) ([]byte, error) {
			return strconv.AppendInt(dst, now.Unix(), 10), nil
		}, nil
	case 'u', 'w': // Sunday is 7, or 0
		return func(dst []byte, _ *client.Message, now time.Time) ([]byte, error) {
			day := int64(now.Weekday())
			if c == 'u' && day == 0 {
				day = 7
			}
			return strconv.AppendInt(dst, day, 10), nil
		}, nil
	}
	return nil, fmt.Errorf("-F: @%c is not known", c)
}
