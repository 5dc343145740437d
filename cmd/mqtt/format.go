package main

import (
	"bufio"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
)

const formatHelp = `Formats of -F, as in mosquitto_sub:
  %t topic                   %p payload
  %x %X in hexadecimal       %l its length in bytes
  %q QoS                     %r 1 if the broker had kept it, or 0
  %j a line of JSON          %J the same, and the payload is JSON itself
  %I time                    %U Unix time
  %C content type            %R response topic
  %D correlation data        %E message expiry interval
  %F payload format          %S subscription identifiers
  %P user properties         %% a percent sign
  @X is what strftime has for X: @Y-@m-@d @H:@M:@S; @N nanoseconds; @@ an at sign
  \n \t \r \0 \e \a \v \\ are characters
A width may follow the percent sign: %-20t to the left, %05l with zeros, %.10t cut
off. In %j the payload is payload_base64 where it is no text.`

// printer prints a message.
type printer func(out *bufio.Writer, m *client.Message, now time.Time) error

// part appends a part of what is printed.
type part func(dst []byte, m *client.Message, now time.Time) ([]byte, error)

// printer returns what the flags ask for.
func (f *subFlags) printer() (printer, error) {
	format := "%p"
	switch {
	case f.format != "":
		format = f.format
	case f.verbose:
		format = "%t %p"
	}
	parts, err := parseFormat(format)
	if err != nil {
		return nil, err
	}
	if !f.noNewline {
		parts = append(parts, text("\n"))
	}
	var line []byte
	return func(out *bufio.Writer, m *client.Message, now time.Time) (err error) {
		line = line[:0]
		for _, p := range parts {
			if line, err = p(line, m, now); err != nil {
				return err
			}
		}
		_, err = out.Write(line)
		return err
	}, nil
}

// errFormat says that a format ends too early.
var errFormat = errors.New("-F: it ends in a %, @ or \\ that says nothing")

// parseFormat returns the parts of a format.
func parseFormat(format string) (parts []part, err error) {
	for format != "" {
		n := strings.IndexAny(format, `%@\`)
		if n < 0 {
			n = len(format)
		}
		if n > 0 {
			parts = append(parts, text(format[:n]))
			format = format[n:]
			continue
		}
		if len(format) == 1 {
			return nil, errFormat
		}
		var p part
		switch format[0] {
		case '%':
			p, format, err = field(format[1:])
		case '@':
			p, err = timePart(format[1])
			format = format[2:]
		default:
			p, err = escape(format[1])
			format = format[2:]
		}
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func text(s string) part {
	return func(dst []byte, _ *client.Message, _ time.Time) ([]byte, error) { return append(dst, s...), nil }
}

// escapes are the characters behind a backslash.
var escapes = map[byte]string{'\\': `\`, '0': "\x00", 'a': "\a", 'e': "\x1B", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v"}

func escape(c byte) (part, error) {
	s, ok := escapes[c]
	if !ok {
		return nil, fmt.Errorf(`-F: \%c is not known`, c)
	}
	return text(s), nil
}

// layout is how wide a field is.
type layout struct {
	left, zeros bool
	width, most int // most is less than 0 if there is no bound
}

// field reads what follows a percent sign.
func field(format string) (p part, rest string, err error) {
	l := layout{most: -1}
	for format != "" && (format[0] == '-' || format[0] == '0') {
		l.left, l.zeros = l.left || format[0] == '-', l.zeros || format[0] == '0'
		format = format[1:]
	}
	if l.width, format, err = digits(format); err != nil {
		return nil, "", err
	}
	if strings.HasPrefix(format, ".") {
		if l.most, format, err = digits(format[1:]); err != nil {
			return nil, "", err
		}
	}
	if format == "" {
		return nil, "", errFormat
	}
	c := format[0]
	get, known := fields[c]
	if !known {
		return nil, "", fmt.Errorf("-F: %%%c is not known", c)
	}
	l.zeros = l.zeros && strings.IndexByte("EFlSxX", c) >= 0
	return func(dst []byte, m *client.Message, now time.Time) ([]byte, error) {
		start := len(dst)
		dst, err := get(dst, m, now)
		return l.lay(dst, start), err
	}, format[1:], nil
}

// maxWidth is the most characters of a width.
const maxWidth = 10000

// digits reads a number; none is 0.
func digits(s string) (n int, rest string, err error) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == 0 {
		return 0, s, nil
	}
	n, err = strconv.Atoi(s[:i])
	if err != nil || n > maxWidth {
		return 0, "", fmt.Errorf("-F: a width is at most %d", maxWidth)
	}
	return n, s[i:], nil
}

// lay makes what was appended behind start as wide as it has to be.
func (l layout) lay(dst []byte, start int) []byte {
	if l.most >= 0 && len(dst)-start > l.most {
		dst = dst[:start+l.most]
	}
	missing := l.width - (len(dst) - start)
	if missing <= 0 {
		return dst
	}
	if l.left {
		return append(dst, strings.Repeat(" ", missing)...)
	}
	fill := " "
	if l.zeros {
		fill = "0"
	}
	shown := string(dst[start:])
	return append(append(dst[:start], strings.Repeat(fill, missing)...), shown...)
}

// fields are what can follow a percent sign.
var fields = map[byte]part{
	'%': text("%"),
	't': func(dst []byte, m *client.Message, _ time.Time) ([]byte, error) { return append(dst, m.Topic...), nil },
	'p': func(dst []byte, m *client.Message, _ time.Time) ([]byte, error) {
		return append(dst, m.Payload...), nil
	},
	'x': func(dst []byte, m *client.Message, _ time.Time) ([]byte, error) {
		return fmt.Appendf(dst, "%x", m.Payload), nil
	},
	'X': func(dst []byte, m *client.Message, _ time.Time) ([]byte, error) {
		return fmt.Appendf(dst, "%X", m.Payload), nil
	},
	'l': func(dst []byte, m *client.Message, _ time.Time) ([]byte, error) {
		return fmt.Append(dst, len(m.Payload)), nil
	},
	'q': func(dst []byte, m *client.Message, _ time.Time) ([]byte, error) {
		return fmt.Append(dst, uint8(m.QoS)), nil
	},
	'r': func(dst []byte, m *client.Message, _ time.Time) ([]byte, error) {
		return append(dst, bit(m.Retain)), nil
	},
	'I': func(dst []byte, _ *client.Message, now time.Time) ([]byte, error) {
		return now.AppendFormat(dst, isoTime), nil
	},
	'U': func(dst []byte, _ *client.Message, now time.Time) ([]byte, error) {
		return fmt.Appendf(dst, "%d.%09d", now.Unix(), now.Nanosecond()), nil
	},
	'j': func(dst []byte, m *client.Message, now time.Time) ([]byte, error) {
		return appendJSON(dst, m, now, false)
	},
	'J': func(dst []byte, m *client.Message, now time.Time) ([]byte, error) {
		return appendJSON(dst, m, now, true)
	},
	'C': property(mqttwire.ContentType),
	'D': property(mqttwire.CorrelationData),
	'E': property(mqttwire.MessageExpiryInterval),
	'F': property(mqttwire.PayloadFormatIndicator),
	'R': property(mqttwire.ResponseTopic),
	'S': property(mqttwire.SubscriptionIdentifier),
	'P': property(mqttwire.UserProperty),
}

// isoTime is how mosquitto_sub shows the time.
const isoTime = "2006-01-02T15:04:05-0700"

func bit(b bool) byte {
	if b {
		return '1'
	}
	return '0'
}

// property returns a part that shows a property, as often as there is one.
func property(id mqttwire.PropertyID) part {
	return func(dst []byte, m *client.Message, _ time.Time) ([]byte, error) {
		first := true
		for q := range m.Properties.All() {
			if q.ID != id {
				continue
			}
			if !first {
				dst = append(dst, ' ')
			}
			first = false
			switch {
			case q.IsNumber():
				dst = strconv.AppendUint(dst, uint64(q.Number), 10)
			case id == mqttwire.UserProperty:
				dst = append(append(append(dst, q.Name()...), ':'), q.Value()...)
			default:
				dst = append(dst, q.Value()...)
			}
		}
		return dst, nil
	}
}
