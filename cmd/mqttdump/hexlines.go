package main

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"unicode/utf8"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// hexLines builds the line of text, and below it the bytes of the packet: a line for
// each field, with its bytes, its name and its value, and the section of the standard
// that describes it. The fields tile the packet.
type hexLines struct {
	text   *textLines
	places []packets.FieldPlace
}

// How many bytes stand on a line, and how many of one field are shown.
const (
	hexRow    = 16
	mostOfHex = 256
)

func newHexLines(o *showOptions, paint palette) *hexLines {
	return &hexLines{text: newTextLines(o, paint)}
}

func (h *hexLines) append(b []byte, file string, e *capture.Event, saved string) []byte {
	b = h.text.append(b, file, e, saved)
	if !isPacket(e) || e.Kind == capture.BrokenHeader {
		return b
	}
	packet := frameBytes(e.Frame)
	v := e.Version
	if e.Frame.Header.Type == mqttwire.CONNECT {
		v = 0 // it tells its own
	}
	var err error
	h.places, err = packets.AppendFields(h.places[:0], packet, v)
	faulty := faultyPlace(h.places, e.Err)
	for i := range h.places {
		fault := ""
		if i == faulty {
			fault = message(e.Err)
		}
		b = h.appendPlace(b, packet, &h.places[i], e, fault)
	}
	if err == mqttwire.ErrIncomplete {
		b = fmt.Appendf(b, "      %04x  the rest is not shown\n", len(packet))
	}
	return b
}

// faultyPlace returns the index of the place that a fault is about, or -1.
func faultyPlace(places []packets.FieldPlace, err error) int {
	var fault *mqttwire.Error
	if !errors.As(err, &fault) || fault.Offset == mqttwire.NoOffset {
		return -1
	}
	at := -1
	for i, p := range places {
		inside := p.Start <= fault.Offset && fault.Offset < p.End
		if inside && (at < 0 || p.Field == fault.Field) || at < 0 && i == len(places)-1 && fault.Offset >= p.End {
			at = i
		}
	}
	return at
}

// appendPlace appends the lines of a field.
func (h *hexLines) appendPlace(b, packet []byte, p *packets.FieldPlace, e *capture.Event, fault string) []byte {
	data := packet[p.Start:p.End]
	b = append(append(b, "      "...), h.text.paint.quiet.on...)
	b = append(appendOffset(b, p.Start), h.text.paint.quiet.off...)
	b = append(b, "  "...)
	secret := isSecret(p, e.Frame.Header.Type) && !h.text.secrets
	shown := data[:min(len(data), hexRow)]
	start := len(b)
	switch {
	case p.Mask != 0xFF && len(data) == 1:
		b = append(appendBits(appendHexBytes(b, shown), data[0], p.Mask), ' ')
	case secret:
		b = append(b, hidden...)
	default:
		b = appendHexBytes(b, shown)
	}
	b = append(pad(b, start, 3*hexRow+1), fieldName(p)...)
	b = append(b, ": "...)
	if secret {
		b = append(b, hidden...)
	} else {
		b = appendFieldValue(b, packet, p, e)
	}
	if p.Section != "" {
		b = append(b, ' ', ' ')
		b = h.text.paint.quiet.append(b, "section "+p.Section)
	}
	if fault != "" {
		b = append(b, ' ', ' ')
		b = h.text.paint.fault.append(b, "<- "+printable(fault))
	}
	b = append(b, '\n')
	if secret {
		return b
	}
	return h.appendRest(b, data, p.Start)
}

// appendRest appends the bytes of a field that did not fit on its first line.
func (h *hexLines) appendRest(b, data []byte, at int) []byte {
	for i := hexRow; i < len(data); i += hexRow {
		if i >= mostOfHex {
			return fmt.Appendf(b, "      %04x  and %d more bytes of this\n", at+i, len(data)-i)
		}
		b = append(appendOffset(append(b, "      "...), at+i), "  "...)
		b = append(appendHexBytes(b, data[i:min(i+hexRow, len(data))]), '\n')
	}
	return b
}

// fieldName is what a field is called.
func fieldName(p *packets.FieldPlace) string {
	if p.Field == "" {
		return "(not readable)"
	}
	return string(p.Field)
}

// isSecret reports whether a field is not for everybody.
func isSecret(p *packets.FieldPlace, t mqttwire.PacketType) bool {
	return p.Field == mqttwire.FieldPassword || p.Field == mqttwire.FieldUserName || p.Field == "" && mayHoldSecrets(t) ||
		p.Property == mqttwire.AuthenticationData && p.Field != mqttwire.FieldPropertyID
}

// appendFieldValue appends the value of a field in words.
func appendFieldValue(b, packet []byte, p *packets.FieldPlace, e *capture.Event) []byte {
	value := packet[p.Value:p.End]
	switch {
	case p.Field == "":
		return append(b, counted(len(value), "byte")...)
	case p.Mask != 0xFF && len(value) == 1:
		return appendCode(b, p, uint64(value[0]&p.Mask)>>bits.TrailingZeros8(p.Mask), e)
	case p.Field == mqttwire.FieldPayload, p.Field == mqttwire.FieldWillPayload:
		return appendMessage(append(append(b, counted(len(value), "byte")...), ' '), value, mostPayload)
	case p.Value > p.Start && utf8.Valid(value):
		return appendQuote(b, value, mostName)
	case p.Value > p.Start, len(value) > 4:
		return append(b, counted(len(value), "byte")...)
	case isVarint(p):
		n, _, err := mqttwire.ConsumeVarint(value)
		if err != nil {
			return append(b, "no variable byte integer"...)
		}
		return appendCode(b, p, uint64(n), e)
	}
	n := uint64(0)
	for _, c := range value {
		n = n<<8 | uint64(c)
	}
	return appendCode(b, p, n, e)
}

// isVarint reports whether a field is a variable byte integer.
func isVarint(p *packets.FieldPlace) bool {
	switch p.Field {
	case mqttwire.FieldRemainingLength, mqttwire.FieldPropertyLength, mqttwire.FieldWillPropertyLength:
		return true
	}
	return p.Property == mqttwire.SubscriptionIdentifier || p.Field == mqttwire.FieldPropertyID
}

// appendCode appends a number, with the name that it has.
func appendCode(b []byte, p *packets.FieldPlace, n uint64, e *capture.Event) []byte {
	if p.Field == mqttwire.FieldReasonCode {
		b = fmt.Appendf(b, "0x%02X", n)
	} else {
		b = strconv.AppendUint(b, n, 10)
	}
	name := ""
	switch p.Field {
	case mqttwire.FieldPacketType:
		name = mqttwire.PacketType(n & 15).String()
	case mqttwire.FieldReasonCode:
		name = mqttwire.ReasonCode(n&0xFF).Name(e.Frame.Header.Type, e.Version)
	case mqttwire.FieldPropertyID:
		name = mqttwire.PropertyID(n & 0xFF).String()
	}
	if name == "" {
		return b
	}
	return append(append(append(b, " ("...), name...), ')')
}

// appendOffset appends where in the packet something is, in hex.
func appendOffset(b []byte, n int) []byte { return fmt.Appendf(b, "%04x", n) }

// appendHexBytes appends bytes in hex, with blanks between them.
func appendHexBytes(b, data []byte) []byte {
	const digits = "0123456789abcdef"
	for _, c := range data {
		b = append(b, digits[c>>4], digits[c&15], ' ')
	}
	return b
}

// appendBits appends the bits of a byte that a mask has, and points for the others.
func appendBits(b []byte, value, mask byte) []byte {
	b = append(b, ' ')
	for bit := byte(0x80); bit != 0; bit >>= 1 {
		switch {
		case mask&bit == 0:
			b = append(b, '.')
		case value&bit != 0:
			b = append(b, '1')
		default:
			b = append(b, '0')
		}
	}
	return b
}
