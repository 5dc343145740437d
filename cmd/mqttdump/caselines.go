package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// caseLines builds cases of the corpus, in the form of testdata/corpus/README.md, for a
// test that reads them: the bytes of a packet, and what comes of them.
type caseLines struct {
	secrets bool
	count   int
}

// append appends the case of a packet; of what is no whole packet there is none.
func (l *caseLines) append(b []byte, _ string, e *capture.Event, _ string) []byte {
	t := e.Frame.Header.Type
	if e.Kind != capture.WholePacket || e.Version == 0 || len(sideName(e.Sender)) == 0 {
		return b
	}
	if l.count++; l.count > 1 {
		b = append(b, '\n')
	}
	if !l.secrets && holdsSecrets(e) {
		return fmt.Appendf(b, "# %v of record %d, stream %d: it may hold secrets, and --secrets shows it\n", t, e.Record, e.Stream)
	}
	frame := frameBytes(e.Frame)
	b = fmt.Appendf(b, "case: %s-%d-of-record-%d\nversion: %v\nsender: %s\nbytes:\n", strings.ToLower(t.String()), l.count, e.Record, e.Version, sideName(e.Sender))
	b = appendCaseBytes(b, frame)
	b = appendOutcome(b, e)
	if e.Packet == nil {
		return b
	}
	b = append(append(append(b, "fields: "...), printable(fmt.Sprint(e.Packet))...), '\n')
	if again, err := e.Packet.Append(nil, e.Version); err == nil && !bytes.Equal(again, frame) {
		b = appendCaseBytes(append(b, "encodes:\n"...), again)
	}
	return b
}

// holdsSecrets reports whether the bytes of a packet have what is not for everybody.
func holdsSecrets(e *capture.Event) bool {
	if e.Packet == nil {
		return mayHoldSecrets(e.Frame.Header.Type)
	}
	if p, ok := e.Packet.(*packets.Connect); ok && (p.UserName != nil || p.Password != nil) {
		return true
	}
	props := packets.PropertiesOf(e.Packet)
	return props != nil && props.Has(mqttwire.AuthenticationData)
}

// appendCaseBytes appends lines of hex.
func appendCaseBytes(b, data []byte) []byte {
	const line = 16
	for len(data) > 0 {
		n := min(line, len(data))
		b = append(b, ' ')
		for _, c := range data[:n] {
			b = hex.AppendEncode(append(b, ' '), []byte{c})
		}
		b = append(b, '\n')
		data = data[n:]
	}
	return b
}

// appendOutcome appends what decoding the packet by itself gives.
func appendOutcome(b []byte, e *capture.Event) []byte {
	err := e.Err
	if e.Packet != nil {
		err = packets.CheckSender(e.Packet, e.Version, e.Sender) // not what depends on the packets before
	}
	var fault *mqttwire.Error
	if !errors.As(err, &fault) {
		return append(b, "outcome: accept\n"...)
	}
	if e.Packet == nil {
		b = append(append(append(b, "outcome: reject "...), fault.Rule.String()...), "\nat: "...)
		b = append(strconv.AppendInt(b, int64(fault.Offset), 10), '\n')
	} else {
		b = append(append(append(b, "outcome: reject-sender "...), fault.Rule.String()...), '\n')
	}
	return fmt.Appendf(b, "reason: 0x%02X\nstatement: %s\n", uint8(fault.Reason), fault.Statement)
}
