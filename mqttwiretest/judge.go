package mqttwiretest

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/mqttwire/mqttwire"
)

// Judge puts every case of the corpus to c and returns what came of it. It does
// not stop at a wrong verdict or a panic. Cases that are refused for a maximum
// packet size that the receiver sets are left out: a Codec is told of none.
func Judge(c Codec) Report { return JudgeCases(c, Cases()) }

// JudgeCases is Judge for other cases than the corpus.
func JudgeCases(c Codec, cases []Case) Report {
	var report Report
	for i := range cases {
		if cases[i].Rule != mqttwire.RulePacketSize {
			report.Rows = append(report.Rows, judge(c, &cases[i]))
		}
	}
	return report
}

// judge puts one case to the codec: as it is, and with other bytes behind it.
func judge(c Codec, k *Case) Row {
	row := Row{Case: *k}
	if len(k.Bytes) > 0 {
		row.Type = mqttwire.PacketType(k.Bytes[0] >> 4)
	}
	row.Expected, row.Freedom = expectation(k)
	alone := try(c, k, nil, 0)
	row.Got, row.Err, row.Encoded = alone.verdict, alone.err, alone.encoded
	if row.Got == NotInVersion {
		return row
	}
	all := []trial{alone}
	for _, sentinel := range sentinels {
		all = append(all, try(c, k, sentinel, 0), try(c, k, sentinel, len(sentinel)))
	}
	if again := try(c, k, nil, 0); !again.same(&alone) {
		forgetEncodings(all) // a codec that is never the same tells nothing about what it read
	}
	row.Findings = findings(&row, all)
	return row
}

// sentinels are put behind a packet: bytes that end a field early, bytes that
// make a length large, and a packet.
var sentinels = [][]byte{
	bytes.Repeat([]byte{0x00}, 16),
	bytes.Repeat([]byte{0xFF}, 16),
	bytes.Repeat([]byte{0xC0, 0x00}, 8),
}

// trial is what came of one call of Decode.
type trial struct {
	verdict Verdict
	err     error
	encoded []byte
	wrote   bool
}

// same reports whether two trials came to the same result.
func (t *trial) same(u *trial) bool {
	return t.verdict == u.verdict && bytes.Equal(t.encoded, u.encoded)
}

func forgetEncodings(all []trial) {
	for i := range all {
		all[i].encoded = nil
	}
}

// try calls Decode with the packet in memory of its own, which goes on after it
// with the sentinel. The slice's capacity reaches over the first spare bytes of
// that.
func try(c Codec, k *Case, sentinel []byte, spare int) (t trial) {
	memory := append(append(make([]byte, 0, len(k.Bytes)+len(sentinel)), k.Bytes...), sentinel...)
	before := bytes.Clone(memory)
	defer func() {
		if p := recover(); p != nil {
			t = trial{verdict: Panicked, err: fmt.Errorf("panic: %v", p)}
		}
		t.wrote = !bytes.Equal(memory, before)
	}()
	n := len(k.Bytes)
	encoded, err := c.Decode(memory[:n:n+spare], k.Version, k.Sender)
	switch {
	case errors.Is(err, ErrVersion):
		return trial{verdict: NotInVersion, err: err}
	case err != nil:
		return trial{verdict: Refused, err: err}
	}
	return trial{verdict: Accepted, encoded: bytes.Clone(encoded)}
}

// findings says what is wrong with the trials, of which the first is the row's
// own.
func findings(row *Row, all []trial) (found []Finding) {
	alone := &all[0]
	wrong := map[Finding]bool{
		AcceptedWrongly:  row.Expected == MustRefuse && row.Got == Accepted,
		RefusedWrongly:   row.Expected == MustAccept && row.Got == Refused,
		EncodedOtherwise: row.Expected == MustAccept && row.Got == Accepted && row.Encoded != nil && !samePacket(&row.Case, row.Encoded),
	}
	for i := range all {
		wrong[DecodePanicked] = wrong[DecodePanicked] || all[i].verdict == Panicked
		wrong[ReadOutside] = wrong[ReadOutside] || !all[i].same(alone)
		wrong[WroteInput] = wrong[WroteInput] || all[i].wrote
	}
	for _, f := range Findings() {
		if wrong[f] {
			found = append(found, f)
		}
	}
	return found
}
