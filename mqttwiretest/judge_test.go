package mqttwiretest_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

// own is the codec of this module.
type own struct{}

func (own) Decode(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
	p, err := decodeOwn(b, v)
	if err != nil {
		return nil, err
	}
	if err := packets.CheckSender(p, v, from); err != nil {
		return nil, err
	}
	return p.Append(nil, v)
}

func decodeOwn(b []byte, v mqttwire.Version) (mqttwire.Packet, error) {
	f, rest, err := mqttwire.CutFrame(b, 0)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, errors.New("more than one packet")
	}
	return packets.Decode(f, v)
}

// decodeFunc is a codec made of a function.
type decodeFunc func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error)

func (f decodeFunc) Decode(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
	return f(b, v, from)
}

func TestOwnCodecIsRightInEveryCase(t *testing.T) {
	report := mqttwiretest.Run(t, own{})
	assert.Greater(t, report.Judged(), 1000)
	assert.Equal(t, len(report.Rows), report.Judged())
	for _, f := range mqttwiretest.Findings() {
		assert.Zero(t, report.Count(f), f)
	}
}

func TestWrongCodecsAreCaught(t *testing.T) {
	cases := mqttwiretest.Cases()
	rows := mqttwiretest.JudgeCases(own{}, cases).Rows
	for name, c := range map[string]struct {
		codec   decodeFunc
		finding mqttwiretest.Finding
		least   int
	}{
		"accepts everything": {func([]byte, mqttwire.Version, mqttwire.Sender) ([]byte, error) {
			return nil, nil
		}, mqttwiretest.AcceptedWrongly, 500},
		"refuses everything": {func([]byte, mqttwire.Version, mqttwire.Sender) ([]byte, error) {
			return nil, errors.New("no")
		}, mqttwiretest.RefusedWrongly, 500},
		"panics on PUBLISH": {func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
			if len(b) > 0 && b[0]>>4 == byte(mqttwire.PUBLISH) {
				panic("not written yet")
			}
			return own{}.Decode(b, v, from)
		}, mqttwiretest.DecodePanicked, 100},
		"ignores bytes left over in the packet": {ignoreLeftOver, mqttwiretest.AcceptedWrongly, 1},
		"ignores the sender": {func(b []byte, v mqttwire.Version, _ mqttwire.Sender) ([]byte, error) {
			p, err := decodeOwn(b, v)
			if err != nil {
				return nil, err
			}
			return p.Append(nil, v)
		}, mqttwiretest.AcceptedWrongly, 10},
		"takes all for the newest version": {func(b []byte, _ mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
			return own{}.Decode(b, mqttwire.V5, from)
		}, mqttwiretest.RefusedWrongly, 50},
		"loses user properties": {loseUserProperties, mqttwiretest.EncodedOtherwise, 10},
		"encodes half a packet": {func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
			out, err := own{}.Decode(b, v, from)
			return out[:len(out)/2], err
		}, mqttwiretest.EncodedOtherwise, 500},
		"reads up to the capacity": {func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
			f, _, err := mqttwire.CutFrame(b[:cap(b)], 0)
			if err != nil {
				return nil, err
			}
			p, err := packets.Decode(f, v)
			if err != nil {
				return nil, err
			}
			return p.Append(nil, v)
		}, mqttwiretest.ReadOutside, 3},
		"writes to the packet": {func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
			out, err := own{}.Decode(b, v, from)
			b[0] ^= 0xFF
			return out, err
		}, mqttwiretest.WroteInput, 1000},
		"writes behind the packet": {func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
			_ = append(b, 0xEE)
			return own{}.Decode(b, v, from)
		}, mqttwiretest.WroteInput, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			report := mqttwiretest.JudgeCases(c.codec, cases)
			assert.GreaterOrEqual(t, report.Count(c.finding), c.least)
			assert.GreaterOrEqual(t, len(report.Failed()), report.Count(c.finding))
			assert.Len(t, report.Rows, len(rows), "it does not stop at the first")
		})
	}
}

// ignoreLeftOver gives packets of a fixed length the bytes they need, and says
// nothing about more.
func ignoreLeftOver(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
	out, err := own{}.Decode(b, v, from)
	var e *mqttwire.Error
	if errors.As(err, &e) && e.Rule == mqttwire.RuleLeftOver {
		return nil, nil
	}
	return out, err
}

func loseUserProperties(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
	if _, err := (own{}).Decode(b, v, from); err != nil {
		return nil, err
	}
	p, err := decodeOwn(b, v)
	if publish, ok := p.(*packets.Publish); ok {
		publish.Properties.Remove(mqttwire.UserProperty)
	}
	if connack, ok := p.(*packets.Connack); ok {
		connack.Properties.Remove(mqttwire.UserProperty)
		connack.Properties.Remove(mqttwire.ReasonString)
	}
	if err != nil {
		return nil, err
	}
	return p.Append(nil, v)
}

func TestAVersionThatTheCodecDoesNotKnowIsNotJudged(t *testing.T) {
	report := mqttwiretest.Judge(decodeFunc(func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
		if v != mqttwire.V5 {
			return nil, fmt.Errorf("mine: %w", mqttwiretest.ErrVersion)
		}
		return own{}.Decode(b, v, from)
	}))
	assert.Empty(t, report.Failed())
	for _, row := range report.Rows {
		assert.Equal(t, row.Case.Version == mqttwire.V5, row.Judged(), row.Case.Name)
	}
}

func TestARowNamesTheCaseAndBothVerdicts(t *testing.T) {
	report := mqttwiretest.Judge(decodeFunc(func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
		panic("not written yet")
	}))
	for _, row := range report.Rows {
		if row.Case.Name == "publish-dup-with-qos-0/5.0" {
			assert.Contains(t, row.String(), "publish-dup-with-qos-0/5.0 (5.0, client): "+
				"expected refuse [dup, MQTT-3.3.1-2], got panicked (panic: not written yet); panicked; bytes 38")
			return
		}
	}
	t.Fatal("the corpus lost the case")
}

func TestFreedomsCountForNeitherSide(t *testing.T) {
	refuse := mqttwiretest.Judge(decodeFunc(func([]byte, mqttwire.Version, mqttwire.Sender) ([]byte, error) {
		return nil, errors.New("no")
	}))
	accept := mqttwiretest.Judge(decodeFunc(func([]byte, mqttwire.Version, mqttwire.Sender) ([]byte, error) {
		return nil, nil
	}))
	free := map[string]bool{}
	for i, row := range refuse.Rows {
		assert.Equal(t, row.Expected == mqttwiretest.MayEither, row.Freedom != "", row.Case.Name)
		if row.Expected == mqttwiretest.MayEither {
			free[row.Case.Name] = true
			assert.False(t, row.Failed(), row.Case.Name)
			assert.False(t, accept.Rows[i].Failed(), row.Case.Name)
		}
	}
	for _, name := range []string{
		"subscribe-without-filters-in-3.1", "remaining-length-0-in-two-bytes-before-5.0/3.1.1",
		"string-surrogate-pair-in-3.1", "string-nul-in-3.1", "auth-empty",
	} {
		assert.True(t, free[name], name)
	}
}

func TestOtherWritingsOfTheSamePacketAreRight(t *testing.T) {
	changed := 0
	report := mqttwiretest.Judge(decodeFunc(func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
		out, err := own{}.Decode(b, v, from)
		if err != nil {
			return nil, err
		}
		p, err := decodeOwn(b, v)
		switch p := p.(type) {
		case *packets.Publish: // another order of properties
			if text, ok := p.Properties.ContentType(); ok {
				changed++
				p.Properties.SetContentType(append([]byte(nil), text...))
				return p.Append(nil, v)
			}
		case *packets.Puback: // the long form
			if v == mqttwire.V5 && len(out) == 4 {
				changed++
				return []byte{0x40, 4, out[2], out[3], 0, 0}, nil
			}
		}
		return out, err
	}))
	assert.Empty(t, report.Failed())
	assert.Greater(t, changed, 10)
}

func TestACodecThatIsNeverTheSameDoesNotReadOutside(t *testing.T) {
	calls := 0
	report := mqttwiretest.Judge(decodeFunc(func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
		out, err := own{}.Decode(b, v, from)
		if calls++; calls%2 == 0 {
			return nil, err
		}
		return out, err
	}))
	assert.Zero(t, report.Count(mqttwiretest.ReadOutside))
}

// failures collects what Run tells.
type failures []string

func (f *failures) Helper() {}

func (f *failures) Errorf(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

func TestRunFailsWithALineForEachFailedRow(t *testing.T) {
	var f failures
	report := mqttwiretest.Run(&f, decodeFunc(ignoreLeftOver))
	require.NotEmpty(t, f)
	require.Len(t, f, len(report.Failed()))
	for i, row := range report.Failed() {
		assert.Contains(t, f[i], row.Case.Name)
	}
	assert.Contains(t, report.String(), fmt.Sprintf("%d failed; accepted wrongly: %d", len(f), len(f)))
}

func TestCasesAreTheCallersOwn(t *testing.T) {
	first, second := mqttwiretest.Cases(), mqttwiretest.Cases()
	for i := range first {
		for j := range first[i].Bytes {
			first[i].Bytes[j] ^= 0xFF
		}
		if len(first[i].Bytes) > 0 {
			require.False(t, bytes.Equal(first[i].Bytes, second[i].Bytes), first[i].Name)
		}
	}
	assert.Equal(t, second, mqttwiretest.Cases())
}

func TestEveryRejectedCaseHasItsRule(t *testing.T) {
	for _, c := range mqttwiretest.Cases() {
		legal := c.Outcome == mqttwiretest.Accept || c.Outcome == mqttwiretest.Incomplete
		assert.Equal(t, legal, c.Rule == 0, c.Where)
		assert.Equal(t, legal, c.Statement == "", c.Where)
		assert.Equal(t, c.Outcome == mqttwiretest.Reject, c.At != mqttwire.NoOffset, c.Where)
	}
}
