package packets_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/packets"
)

// loadCorpus returns every case.
func loadCorpus(t testing.TB) []corpus.Case {
	t.Helper()
	cases, err := corpus.Load()
	require.NoError(t, err)
	require.NotEmpty(t, cases)
	return cases
}

// decodeCase cuts and decodes a case's bytes, which must be one packet.
func decodeCase(t testing.TB, c *corpus.Case) (mqttwire.Packet, error) {
	t.Helper()
	f, rest, err := mqttwire.CutFrame(c.Bytes, c.Max)
	if err != nil {
		return nil, err
	}
	require.Empty(t, rest, "a case is one packet")
	return packets.Decode(f, c.Version)
}

func TestCorpusCasesHaveTheirOutcome(t *testing.T) {
	for _, c := range loadCorpus(t) {
		t.Run(c.Name, func(t *testing.T) {
			p, err := decodeCase(t, &c)
			switch c.Outcome {
			case corpus.Incomplete:
				require.ErrorIs(t, err, mqttwire.ErrIncomplete, c.Where())
				return
			case corpus.Reject:
				requireRule(t, &c, err)
				return
			}
			require.NoError(t, err, c.Where())
			assert.Equal(t, c.Fields, p.(interface{ String() string }).String(), c.Where())
			requireEncodes(t, &c, p)
			sender := packets.CheckSender(p, c.Version, c.Sender)
			optional := packets.CheckOptional(p, c.Version)
			switch c.Outcome {
			case corpus.RejectSender:
				requireRule(t, &c, sender)
			case corpus.Optional:
				require.NoError(t, sender, c.Where())
				requireRule(t, &c, optional)
			case corpus.Accept:
				require.NoError(t, sender, c.Where())
				require.NoError(t, optional, c.Where())
			}
		})
	}
}

// requireRule checks each part of the error that the case names.
func requireRule(t *testing.T, c *corpus.Case, err error) {
	t.Helper()
	var e *mqttwire.Error
	require.ErrorAs(t, err, &e, c.Where())
	assert.Equal(t, c.Rule, e.Rule.String(), c.Where())
	assert.Equal(t, c.Reason, e.Reason, c.Where())
	assert.Equal(t, c.Statement, e.Statement, c.Where())
	assert.ErrorIs(t, err, c.Class, c.Where())
	assert.NotEmpty(t, e.Field, c.Where())
	if c.Outcome == corpus.Reject {
		assert.Equal(t, c.At, e.Offset, c.Where())
	} else {
		assert.Equal(t, mqttwire.NoOffset, e.Offset, c.Where())
	}
}

func requireEncodes(t *testing.T, c *corpus.Case, p mqttwire.Packet) {
	t.Helper()
	b, err := p.Append([]byte("prefix"), c.Version)
	require.NoError(t, err, c.Where())
	assert.Equal(t, "prefix"+string(c.Encodes), string(b), c.Where())
	assert.Equal(t, len(c.Encodes), p.Size(c.Version), c.Where())
}

func TestAPacketOfTheShortestFormEncodesToTheSameBytes(t *testing.T) {
	same := 0
	for _, c := range loadCorpus(t) {
		if !c.Decodes() {
			continue
		}
		if string(c.Encodes) == string(c.Bytes) {
			same++
		} else if c.Version != v31 { // which has bits that a receiver ignores
			require.Less(t, len(c.Encodes), len(c.Bytes), c.Where())
		}
		requireShortest(t, &c)
	}
	require.Greater(t, same, 500)
}

// requireShortest checks that what the case encodes to comes back as it is, and
// that no beginning of its body says the same.
func requireShortest(t *testing.T, c *corpus.Case) {
	t.Helper()
	f, rest, err := mqttwire.CutFrame(c.Encodes, 0)
	require.NoError(t, err, c.Where())
	require.Empty(t, rest, c.Where())
	p, err := packets.Decode(f, c.Version)
	require.NoError(t, err, c.Where())
	again, err := p.Append(nil, c.Version)
	require.NoError(t, err, c.Where())
	require.Equal(t, string(c.Encodes), string(again), c.Where())
	for n := max(0, len(f.Body)-3); n < len(f.Body); n++ {
		b, err := mqttwire.AppendFrame(nil, f.Header.Type, f.Header.Flags, f.Body[:n])
		require.NoError(t, err)
		short, _, err := mqttwire.CutFrame(b, 0)
		require.NoError(t, err)
		if q, err := packets.Decode(short, c.Version); err == nil {
			require.NotEqual(t, textOf(p), textOf(q), "%s: the first %d bytes of the body say the same", c.Where(), n)
		}
	}
}

func TestEveryPacketTypeHasAnAcceptedCaseInEveryVersion(t *testing.T) {
	type key struct {
		t mqttwire.PacketType
		v mqttwire.Version
	}
	shown := map[key]bool{}
	for _, c := range loadCorpus(t) {
		if c.Outcome == corpus.Accept {
			shown[key{c.Frame().Header.Type, c.Version}] = true
		}
	}
	for typ := mqttwire.CONNECT; typ <= mqttwire.AUTH; typ++ {
		for v := mqttwire.V31; v <= mqttwire.V5; v++ {
			if typ.Known(v) {
				assert.True(t, shown[key{typ, v}], "no accepted case for %s in %s", typ, v)
			}
		}
	}
}

func TestEveryPropertyHasCorpusCases(t *testing.T) {
	accepted := map[mqttwire.PropertyID]map[mqttwire.PropertyOwner]bool{}
	repeated := map[string]bool{}
	for _, c := range loadCorpus(t) {
		if c.Rule == mqttwire.RulePropertyRepeated.String() {
			repeated[c.Statement] = true
		}
		if !c.Decodes() || c.Version != v5 {
			continue
		}
		p, err := packets.Decode(c.Frame(), c.Version)
		require.NoError(t, err)
		for owner, list := range listsOf(p) {
			for q := range list.All() {
				if accepted[q.ID] == nil {
					accepted[q.ID] = map[mqttwire.PropertyOwner]bool{}
				}
				accepted[q.ID][owner] = true
			}
		}
	}
	for id := range mqttwire.PropertyID(255) {
		for owner := mqttwire.WillProperties; owner <= mqttwire.PropertyOwner(mqttwire.AUTH); owner++ {
			if !id.AllowedIn(owner) {
				continue
			}
			packet := max(mqttwire.PacketType(owner), mqttwire.CONNECT) // which has the will
			assert.True(t, accepted[id][owner], "no accepted case has %s in %s", id.Field(owner), packet)
			if once, _ := id.Statements(owner); once != "" {
				assert.True(t, repeated[once], "no case repeats %s in %s: %s", id.Field(owner), packet, once)
			}
		}
	}
}

// listsOf returns the property lists of a packet by their owner.
func listsOf(p mqttwire.Packet) map[mqttwire.PropertyOwner]mqttwire.Properties {
	owner := mqttwire.PropertyOwner(p.Type())
	one := func(list mqttwire.Properties) map[mqttwire.PropertyOwner]mqttwire.Properties {
		return map[mqttwire.PropertyOwner]mqttwire.Properties{owner: list}
	}
	switch p := p.(type) {
	case *packets.Connect:
		lists := one(p.Properties)
		if p.Will != nil {
			lists[mqttwire.WillProperties] = p.Will.Properties
		}
		return lists
	case *packets.Connack:
		return one(p.Properties)
	case *packets.Publish:
		return one(p.Properties)
	case *packets.Puback:
		return one(p.Properties)
	case *packets.Pubrec:
		return one(p.Properties)
	case *packets.Pubrel:
		return one(p.Properties)
	case *packets.Pubcomp:
		return one(p.Properties)
	case *packets.Subscribe:
		return one(p.Properties)
	case *packets.Suback:
		return one(p.Properties)
	case *packets.Unsubscribe:
		return one(p.Properties)
	case *packets.Unsuback:
		return one(p.Properties)
	case *packets.Disconnect:
		return one(p.Properties)
	case *packets.Auth:
		return one(p.Properties)
	}
	return nil
}

func TestEveryCutOfAPacketIsAnErrorOrIncomplete(t *testing.T) {
	for _, c := range loadCorpus(t) {
		if !c.Decodes() || testing.Short() && len(c.Bytes) > 1024 {
			continue
		}
		for n := range c.Bytes {
			_, rest, err := mqttwire.CutFrame(c.Bytes[:n:n], 0)
			require.ErrorIs(t, err, mqttwire.ErrIncomplete, "%s: first %d bytes", c.Where(), n)
			require.Len(t, rest, n)
		}
		// The same cut with a remaining length that fits what is left: the packet
		// lacks its last fields, or ends in its payload.
		f := c.Frame()
		for n := range f.Body {
			short := f
			short.Body = f.Body[:n:n]
			short.Header.RemainingLength = uint32(n)
			short.Header.Size = 0
			p, err := packets.Decode(short, c.Version)
			var e *mqttwire.Error
			if err != nil {
				require.ErrorAs(t, err, &e, "%s: body of %d bytes", c.Where(), n)
				require.LessOrEqual(t, e.Offset, 5+n)
				continue
			}
			b, err := p.Append(nil, c.Version)
			require.NoError(t, err, "%s: body of %d bytes decodes, so it must encode", c.Where(), n)
			require.LessOrEqual(t, len(b), 5+n+1)
		}
	}
}

func TestBytesAfterTheFrameChangeNothing(t *testing.T) {
	for _, c := range loadCorpus(t) {
		want, wantErr := decodeCase(t, &c)
		if errors.Is(wantErr, mqttwire.ErrIncomplete) {
			continue
		}
		for _, sentinel := range []string{"\x00\x00\x00\x00\x00", "\xFF\xFF\xFF\xFF\xFF", "\xC0\x00\xC0\x00"} {
			b := append(append([]byte(nil), c.Bytes...), sentinel...)
			f, rest, err := mqttwire.CutFrame(b, c.Max)
			var got mqttwire.Packet
			if err == nil {
				require.Equal(t, sentinel, string(rest), c.Where())
				got, err = packets.Decode(f, c.Version)
			}
			assert.Equal(t, wantErr, err, c.Where())
			assert.Equal(t, want, got, c.Where())
		}
	}
}

func TestASetLeavesNothingOfThePacketBefore(t *testing.T) {
	cases := loadCorpus(t)
	for i, before := range cases {
		if i%7 != 0 { // every packet after each seventh one of its type
			continue
		}
		for _, c := range cases {
			if len(before.Bytes) < 2 || !c.Decodes() || c.Bytes[0]>>4 != before.Bytes[0]>>4 {
				continue
			}
			var set packets.Set
			if f, _, err := mqttwire.CutFrame(before.Bytes, 0); err == nil {
				_, _ = set.Decode(f, before.Version)
			}
			fresh, err := packets.Decode(c.Frame(), c.Version)
			require.NoError(t, err)
			reused, err := set.Decode(c.Frame(), c.Version)
			require.NoError(t, err, "%s after %s", c.Where(), before.Where())
			assert.Equal(t, fresh.(interface{ String() string }).String(), reused.(interface{ String() string }).String())
			a, err := fresh.Append(nil, c.Version)
			require.NoError(t, err)
			b, err := reused.Append(nil, c.Version)
			require.NoError(t, err)
			assert.Equal(t, a, b, "%s after %s", c.Where(), before.Where())
		}
	}
}
