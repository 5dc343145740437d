package mqttwiretest_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
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
	rows := mqttwiretest.Options{Cases: cases}.Judge(own{}).Rows
	for name, c := range map[string]struct {
		codec   mqttwiretest.CodecFunc
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
			report := mqttwiretest.Options{Cases: cases}.Judge(c.codec)
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
	report := mqttwiretest.Judge(mqttwiretest.CodecFunc(func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
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

func TestErrVersionInSomeCasesOfAVersionIsARefusal(t *testing.T) {
	legal := []byte{0xC0, 0}
	report := mqttwiretest.Judge(mqttwiretest.CodecFunc(func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
		out, err := own{}.Decode(b, v, from)
		if v == mqttwire.V31 || err != nil || !bytes.Equal(b, legal) { // all that it might get wrong
			return nil, mqttwiretest.ErrVersion
		}
		return out, nil
	}))
	for _, row := range report.Rows {
		switch {
		case row.Case.Version == mqttwire.V31:
			assert.Equal(t, mqttwiretest.NotInVersion, row.Got, row.Case.Where)
			assert.False(t, row.Failed(), row.Case.Where)
		case bytes.Equal(row.Case.Bytes, legal) && row.Case.Outcome == mqttwiretest.Accept:
			assert.Equal(t, mqttwiretest.Accepted, row.Got, row.Case.Where)
		default:
			assert.Equal(t, mqttwiretest.Refused, row.Got, row.Case.Where)
			assert.Equal(t, row.Expected == mqttwiretest.MustAccept, row.Has(mqttwiretest.RefusedWrongly), row.Case.Where)
		}
	}
	assert.Greater(t, report.Count(mqttwiretest.RefusedWrongly), 200)
	assert.Contains(t, report.String(), "; not judged: 3.1")
	assert.NotContains(t, report.String(), "; not judged: 3.1.1")
}

func TestARowNamesTheCaseAndBothVerdicts(t *testing.T) {
	report := mqttwiretest.Judge(mqttwiretest.CodecFunc(func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
		panic("not written yet")
	}))
	for _, row := range report.Rows {
		if row.Case.Name == "publish-dup-with-qos-0/5.0" {
			assert.Contains(t, row.String(), "publish-dup-with-qos-0/5.0 (5.0, client): "+
				"expected refuse [dup, MQTT-3.3.1-2], got panicked (\"panic: not written yet in "+
				"mqttwiretest_test.TestARowNamesTheCaseAndBothVerdicts.func1, judge_test.go:")
			assert.Contains(t, row.String(), "; panicked; bytes 38")
			return
		}
	}
	t.Fatal("the corpus lost the case")
}

func TestFreedomsCountForNeitherSide(t *testing.T) {
	refuse := mqttwiretest.Judge(mqttwiretest.CodecFunc(func([]byte, mqttwire.Version, mqttwire.Sender) ([]byte, error) {
		return nil, errors.New("no")
	}))
	accept := mqttwiretest.Judge(mqttwiretest.CodecFunc(func([]byte, mqttwire.Version, mqttwire.Sender) ([]byte, error) {
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
	report := mqttwiretest.Judge(mqttwiretest.CodecFunc(func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
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

func TestACodecThatIsNotTheSameEachTimeDoesNotReadOutside(t *testing.T) {
	for name, every := range map[string]int{"every second call": 2, "every fifth call": 5} {
		calls := 0
		report := mqttwiretest.Judge(mqttwiretest.CodecFunc(func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
			if calls++; calls%every == 0 {
				return nil, errors.New("not this time")
			}
			return own{}.Decode(b, v, from)
		}))
		assert.Zero(t, report.Count(mqttwiretest.ReadOutside), name)
		for _, row := range report.Rows {
			if row.Expected == mqttwiretest.MustAccept {
				assert.True(t, row.Has(mqttwiretest.Unsteady), "%s: %s", name, row)
			}
		}
	}
}

func TestAnotherOrderOfPropertiesEachTimeIsSteady(t *testing.T) {
	turned := 0
	report := mqttwiretest.Judge(mqttwiretest.CodecFunc(func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
		out, err := own{}.Decode(b, v, from)
		if err != nil {
			return nil, err
		}
		p, err := decodeOwn(b, v)
		publish, ok := p.(*packets.Publish)
		if !ok || len(slices.Collect(publish.Properties.SubscriptionIDs())) < 2 {
			return out, err
		}
		if turned++; turned%2 == 0 {
			turnSubscriptionIDs(&publish.Properties)
		}
		return p.Append(nil, v)
	}))
	assert.Empty(t, report.Failed())
	assert.NotZero(t, turned)
}

// turnSubscriptionIDs puts the first of the Subscription Identifiers last, which
// means the same. [MQTT-3.3.4-4]
func turnSubscriptionIDs(p *mqttwire.Properties) {
	ids := slices.Collect(p.SubscriptionIDs())
	p.Remove(mqttwire.SubscriptionIdentifier)
	for _, id := range append(ids[1:], ids[0]) {
		p.AddSubscriptionID(id)
	}
}

func TestAnOptionalPacketThatIsAcceptedAndGarbledIsFound(t *testing.T) {
	report := mqttwiretest.Judge(mqttwiretest.CodecFunc(func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
		out, err := own{}.Decode(b, v, from)
		if err == nil {
			out[len(out)-1] ^= 0x01
		}
		return out, err
	}))
	garbled := 0
	for _, row := range report.Rows {
		if row.Case.Outcome == mqttwiretest.Optional && row.Has(mqttwiretest.EncodedOtherwise) {
			garbled++
		}
	}
	assert.Greater(t, garbled, 10)
}

func TestIn31QoSBitsOtherThanOneMayBeRefused(t *testing.T) {
	seen := map[mqttwire.PacketType]int{}
	for _, row := range mqttwiretest.Judge(own{}).Rows {
		if row.Case.Version != mqttwire.V31 || row.Case.Outcome != mqttwiretest.Accept {
			continue
		}
		switch row.Type {
		case mqttwire.PUBREL, mqttwire.SUBSCRIBE, mqttwire.UNSUBSCRIBE:
			if row.Case.Bytes[0]&0x06 != 0x02 {
				seen[row.Type]++
				assert.Equal(t, mqttwiretest.MayEither, row.Expected, row.Case.Where)
				assert.Contains(t, row.Freedom, "QoS 1", row.Case.Where)
			}
		}
	}
	assert.Len(t, seen, 3)
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

// ping is a case of one's own.
func ping() mqttwiretest.Case {
	return mqttwiretest.Case{
		Name: "ping", Version: mqttwire.V5, Sender: mqttwire.FromClient, Bytes: []byte{0xC0, 0},
		Outcome: mqttwiretest.Accept,
	}
}

func TestACaseOfOnesOwnIsChecked(t *testing.T) {
	for want, change := range map[string]func(*mqttwiretest.Case){
		`mqttwiretest: case "ping": no outcome "acept"`: func(c *mqttwiretest.Case) { c.Outcome = "acept" },
		`mqttwiretest: case "ping": no outcome ""`:      func(c *mqttwiretest.Case) { c.Outcome = "" },
		`mqttwiretest: case "ping": no version 0`:       func(c *mqttwiretest.Case) { c.Version = 0 },
		`mqttwiretest: case "ping": no sender 0`:        func(c *mqttwiretest.Case) { c.Sender = 0 },
	} {
		c := ping()
		change(&c)
		assert.PanicsWithValue(t, want, func() { mqttwiretest.Options{Cases: []mqttwiretest.Case{c}}.Judge(own{}) })
	}
}

func TestACaseOfOnesOwnNeedsNoEncoding(t *testing.T) {
	judge := func(encoded []byte) mqttwiretest.Report {
		c := mqttwiretest.CodecFunc(func([]byte, mqttwire.Version, mqttwire.Sender) ([]byte, error) { return encoded, nil })
		return mqttwiretest.Options{Cases: []mqttwiretest.Case{ping()}}.Judge(c)
	}
	assert.Empty(t, judge([]byte{0xC0, 0}).Failed())
	assert.Empty(t, judge(nil).Failed())
	assert.Equal(t, 1, judge([]byte{}).Count(mqttwiretest.EncodedOtherwise))
	assert.Equal(t, 1, judge([]byte{0xD0, 0}).Count(mqttwiretest.EncodedOtherwise))
	assert.Contains(t, judge([]byte{}).Failed()[0].String(), "ping (5.0, client): expected accept")
}

func TestACaseOfOnesOwnWithoutBytesOrRuleIsJudged(t *testing.T) {
	empty, free := ping(), ping()
	empty.Version, empty.Bytes, empty.Outcome, empty.Rule = mqttwire.V31, nil, mqttwiretest.Reject, mqttwire.RuleLeftOver
	free.Outcome = mqttwiretest.Optional
	rows := mqttwiretest.Options{Cases: []mqttwiretest.Case{empty, free}}.Judge(own{}).Rows
	assert.Equal(t, mqttwiretest.MustRefuse, rows[0].Expected)
	assert.Equal(t, mqttwiretest.MayEither, rows[1].Expected)
	assert.NotEmpty(t, rows[1].Freedom)
}

func TestCasesCanBeLeftOut(t *testing.T) {
	all := mqttwiretest.Cases()
	declared, sender := 0, 0
	for _, c := range all {
		if c.DeclaresLarge() {
			declared++
		}
		if c.WrongSenderOnly() {
			sender++
		}
	}
	assert.Greater(t, declared, 5)
	assert.Greater(t, sender, 40)
	ignoresSender := mqttwiretest.CodecFunc(func(b []byte, v mqttwire.Version, _ mqttwire.Sender) ([]byte, error) {
		p, err := decodeOwn(b, v)
		if err != nil {
			return nil, err
		}
		return p.Append(nil, v)
	})
	kept := slices.DeleteFunc(all, mqttwiretest.Case.WrongSenderOnly)
	assert.Empty(t, mqttwiretest.Options{Cases: kept}.Judge(ignoresSender).Failed())
}
