package packets_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/packets"
)

// patch is a change of a frame, and the same change of the packet that it decodes to.
type patch struct {
	name  string
	frame func(frame []byte, v mqttwire.Version) error

	// packet reports false if packets of the type, version and QoS have no such field.
	packet func(p mqttwire.Packet, v mqttwire.Version) bool
}

// patches are all patches, with a value each that is made of n.
func patches(n uint32) []patch {
	on, qos, code := n&1 != 0, mqttwire.QoS(n), mqttwire.ReasonCode(n)
	return []patch{
		{"DUP", func(b []byte, v mqttwire.Version) error { return packets.PatchDup(b, v, on) },
			func(p mqttwire.Packet, v mqttwire.Version) bool {
				return (p.Type() == mqttwire.PUBLISH || v == v31) && set(p, "Dup", on)
			}},
		{"RETAIN", func(b []byte, v mqttwire.Version) error { return packets.PatchRetain(b, v, on) },
			func(p mqttwire.Packet, _ mqttwire.Version) bool { return set(p, "Retain", on) }},
		{"QoS", func(b []byte, v mqttwire.Version) error { return packets.PatchQoS(b, v, qos) },
			func(p mqttwire.Packet, _ mqttwire.Version) bool {
				if p, ok := p.(*packets.Publish); ok && p.QoS == 0 {
					p.PacketID = 1 // any will do: there is no room for it
				}
				return set(p, "QoS", qos)
			}},
		{"packet identifier", func(b []byte, v mqttwire.Version) error { return packets.PatchPacketID(b, v, uint16(n)) },
			func(p mqttwire.Packet, _ mqttwire.Version) bool { return packets.SetPacketID(p, uint16(n)) }},
		{"expiry", func(b []byte, v mqttwire.Version) error { return packets.PatchMessageExpiryInterval(b, v, n) },
			func(p mqttwire.Packet, v mqttwire.Version) bool { return v == v5 && setExpiry(p, n) }},
		{"reason code", func(b []byte, v mqttwire.Version) error { return packets.PatchReasonCode(b, v, code) },
			func(p mqttwire.Packet, _ mqttwire.Version) bool {
				_, has := packets.PacketID(p)
				return has && set(p, "ReasonCode", code)
			}},
	}
}

// set sets the field of that name, and reports whether there is one.
func set(p mqttwire.Packet, name string, value any) bool {
	field := reflect.ValueOf(p).Elem().FieldByName(name)
	if field.IsValid() {
		field.Set(reflect.ValueOf(value))
	}
	return field.IsValid()
}

// setExpiry sets the Message Expiry Interval of a PUBLISH in its place, or at the end.
func setExpiry(p mqttwire.Packet, n uint32) bool {
	publish, ok := p.(*packets.Publish)
	if !ok {
		return false
	}
	var list mqttwire.PropertyBuilder
	list.Reset()
	for entry := range publish.Properties.All() {
		if entry.ID == mqttwire.MessageExpiryInterval {
			list.SetMessageExpiryInterval(n)
		} else {
			list.Set(entry.ID, entry)
		}
	}
	if !list.Has(mqttwire.MessageExpiryInterval) {
		list.SetMessageExpiryInterval(n)
	}
	publish.Properties = list.Properties()
	return true
}

// requirePatch demands of a patch of any bytes that it keeps what it promises.
func requirePatch(t tb, p patch, before []byte, v mqttwire.Version) {
	t.Helper()
	after := bytes.Clone(before)
	err := p.frame(after, v)
	if err != nil {
		require.Equal(t, before, after, "%s: %v", p.name, err)
	}
	f, rest, cutErr := mqttwire.CutFrame(before, 0)
	if cutErr != nil || len(rest) > 0 {
		require.Error(t, err, p.name)
		return
	}
	packet, decodeErr := packets.Decode(f, v)
	switch {
	case !v.Known():
		requireRefusal(t, err, mqttwire.RuleVersion)
	case decodeErr != nil:
		requirePatchOfFaulty(t, p, decodeErr, err, after, v)
	default:
		requirePatchOfLegal(t, p, packet, err, before, after, v)
	}
}

func requireRefusal(t tb, err error, rule mqttwire.Rule) {
	t.Helper()
	var e *mqttwire.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, rule, e.Rule)
}

// requirePatchOfLegal demands that the patch of a frame which decodes to the packet is
// to decode, to change and to encode.
func requirePatchOfLegal(t tb, p patch, packet mqttwire.Packet, err error, before, after []byte, v mqttwire.Version) {
	t.Helper()
	unchanged, encodeErr := packet.Append(nil, v)
	require.NoError(t, encodeErr)
	if !p.packet(packet, v) {
		require.Equal(t, packets.ErrNoField, err, p.name)
		return
	}
	changed, encodeErr := packet.Append(nil, v)
	switch {
	case encodeErr != nil:
		require.Equal(t, encodeErr, err, p.name)
		return
	case err != nil:
		require.Equal(t, packets.ErrPatchLength, err, p.name)
		require.NotEqual(t, len(unchanged), len(changed), p.name)
		return
	}
	f, rest, err := mqttwire.CutFrame(after, 0)
	require.NoError(t, err, p.name)
	require.Empty(t, rest, p.name)
	got, err := packets.Decode(f, v)
	require.NoError(t, err, p.name)
	again, err := got.Append(nil, v)
	require.NoError(t, err, p.name)
	require.Equal(t, changed, again, p.name)
	if bytes.Equal(unchanged, before) && len(changed) == len(after) { // or something in it is not in its usual form
		require.Equal(t, changed, after, p.name)
	}
}

// requirePatchOfFaulty demands of a frame that does not decode that the patch has found
// the same fault or, further on, another one; or that the fault is still there.
func requirePatchOfFaulty(t tb, p patch, decodeErr, err error, after []byte, v mqttwire.Version) {
	t.Helper()
	var want, got *mqttwire.Error
	require.ErrorAs(t, decodeErr, &want)
	switch e, ok := err.(*mqttwire.Error); {
	case err == nil:
		f, rest, err := mqttwire.CutFrame(after, 0)
		require.NoError(t, err, p.name)
		require.Empty(t, rest, p.name)
		_, err = packets.Decode(f, v)
		require.Equal(t, decodeErr, err, p.name)
	case !ok:
		require.Contains(t, []error{packets.ErrNoField, packets.ErrPatchLength}, err, p.name)
	case e.Own:
		require.Equal(t, mqttwire.NoOffset, e.Offset, p.name)
	case want.Rule == e.Rule:
		require.Equal(t, want, e, p.name)
	default:
		got = e
		require.Less(t, want.Offset, got.Offset, "%s: %v, and decoding says %v", p.name, got, want)
	}
}

func drawPatchValue(t *rapid.T) uint32 {
	return rapid.OneOf(rapid.Uint32Range(0, 3), rapid.Uint32Range(0, 255), rapid.Uint32(), rapid.Just(uint32(1<<16))).Draw(t, "value")
}

func TestAPatchIsToDecodeToChangeAndToEncode(t *testing.T) {
	done := map[string]int{}
	checkGenerated(t, 12, func(t *rapid.T, g generated) {
		for _, p := range patches(drawPatchValue(t)) {
			requirePatch(t, p, g.bytes, g.version)
			if p.frame(bytes.Clone(g.bytes), g.version) == nil {
				done[p.name]++
			}
		}
	})
	for _, p := range patches(0) {
		if !testing.Short() { // then too few are drawn
			assert.NotZero(t, done[p.name], p.name)
		}
	}
}

func TestAPatchOfEveryCorpusCaseInEveryVersion(t *testing.T) {
	for _, c := range loadCorpus(t) {
		if c.Max != 0 || len(c.Bytes) > 1<<20 || testing.Short() && len(c.Bytes) > 1<<10 {
			continue
		}
		for v := v31; v <= v5+1; v++ {
			for _, n := range []uint32{0, 1, 2, 3, 0x10, 0x92, 0xFFFFFFFF} {
				for _, p := range patches(n) {
					requirePatch(caseOf{t, &c}, p, c.Bytes, v)
				}
			}
		}
	}
}

// caseOf is a test that tells the case.
type caseOf struct {
	*testing.T
	c *corpus.Case
}

func (c caseOf) Errorf(format string, args ...any) {
	c.T.Helper()
	c.T.Errorf("%s: "+format, append([]any{c.c.Where()}, args...)...)
}

// A frame that was cut off anywhere, or is followed by more, is not patched.
func TestAPatchNeedsAllBytesOfOnePacketAndNoMore(t *testing.T) {
	checkGenerated(t, 4, func(t *rapid.T, g generated) {
		if len(g.bytes) > 2000 {
			return
		}
		for _, p := range patches(rapid.Uint32Range(1, 2).Draw(t, "value")) {
			for n := range len(g.bytes) {
				part := bytes.Clone(g.bytes[:n:n])
				require.Error(t, p.frame(part, g.version), "%s of %x", p.name, part)
				require.Equal(t, g.bytes[:n], part)
			}
			more := append(bytes.Clone(g.bytes), 0)
			require.Error(t, p.frame(more, g.version), p.name)
			require.Equal(t, g.bytes, more[:len(g.bytes)])
		}
	})
}

func TestWhatAPatchAnswers(t *testing.T) {
	publish0, publish1 := "\x30\x03\x00\x01a", "\x32\x05\x00\x01a\x00\x07"
	for _, c := range []struct {
		name   string
		v      mqttwire.Version
		before string
		patch  func(b []byte, v mqttwire.Version) error
		after  string
		err    error         // or
		rule   mqttwire.Rule // one of these
	}{
		{"DUP", v311, publish1, dup(true), "\x3A\x05\x00\x01a\x00\x07", nil, 0},
		{"DUP cleared", v311, "\x3A\x05\x00\x01a\x00\x07", dup(false), publish1, nil, 0},
		{"DUP of QoS 0", v311, publish0, dup(true), "", nil, mqttwire.RuleDup},
		{"DUP of QoS 0 in 3.1", v31, publish0, dup(true), "\x38\x03\x00\x01a", nil, 0},
		{"DUP of PUBREL in 3.1", v31, "\x62\x02\x00\x07", dup(true), "\x6A\x02\x00\x07", nil, 0},
		{"DUP of PUBREL", v311, "\x62\x02\x00\x07", dup(true), "", packets.ErrNoField, 0},
		{"DUP of PUBACK in 3.1", v31, "\x40\x02\x00\x07", dup(false), "", packets.ErrNoField, 0},
		{"RETAIN", v311, publish1, retain(true), "\x33\x05\x00\x01a\x00\x07", nil, 0},
		{"RETAIN cleared", v311, "\x33\x05\x00\x01a\x00\x07", retain(false), publish1, nil, 0},
		{"RETAIN of PUBACK", v311, "\x40\x02\x00\x07", retain(false), "", packets.ErrNoField, 0},
		{"QoS 2", v311, publish1, qos(2), "\x34\x05\x00\x01a\x00\x07", nil, 0},
		{"QoS 3", v311, publish1, qos(3), "", nil, mqttwire.RuleQoS},
		{"QoS 0", v311, publish1, qos(0), "", packets.ErrPatchLength, 0},
		{"QoS 1 of 0", v311, publish0, qos(1), "", packets.ErrPatchLength, 0},
		{"QoS 0 with DUP", v311, "\x3A\x05\x00\x01a\x00\x07", qos(0), "", nil, mqttwire.RuleDup},
		{"QoS of SUBSCRIBE", v311, "\x82\x06\x00\x07\x00\x01a\x00", qos(1), "", packets.ErrNoField, 0},
		{"identifier", v5, "\x32\x06\x00\x01a\x00\x07\x00", id(0x1234), "\x32\x06\x00\x01a\x12\x34\x00", nil, 0},
		{"identifier of SUBSCRIBE", v311, "\x82\x06\x00\x07\x00\x01a\x00", id(0x1234), "\x82\x06\x12\x34\x00\x01a\x00", nil, 0},
		{"identifier 0", v311, publish1, id(0), "", nil, mqttwire.RulePacketIDZero},
		{"identifier that was 0", v311, "\x32\x05\x00\x01a\x00\x00", id(1), "", nil, mqttwire.RulePacketIDZero},
		{"identifier of QoS 0", v311, publish0, id(1), "", packets.ErrNoField, 0},
		{"identifier of PINGREQ", v311, pingreq, id(1), "", packets.ErrNoField, 0},
		{"identifier behind a cut topic", v311, "\x32\x05\x00\x09a\x00\x07", id(1), "", nil, mqttwire.RuleStringLength},
		{"expiry", v5, "\x30\x09\x00\x01a\x05\x02\x00\x00\x00\x01", expiry(0x01020304), "\x30\x09\x00\x01a\x05\x02\x01\x02\x03\x04", nil, 0},
		{"expiry of none", v5, "\x30\x04\x00\x01a\x00", expiry(1), "", packets.ErrPatchLength, 0},
		{"expiry before 5.0", v311, publish0, expiry(1), "", packets.ErrNoField, 0},
		{"expiry of PUBACK", v5, "\x40\x02\x00\x07", expiry(1), "", packets.ErrNoField, 0},
		{"expiry in a list that is not legal", v5, "\x30\x0B\x00\x01a\x07\x02\x00\x00\x00\x01\x01\x02", expiry(1), "", nil, mqttwire.RulePropertyBool},
		{"expiry behind identifier 0", v5, "\x32\x0B\x00\x01a\x00\x00\x05\x02\x00\x00\x00\x01", expiry(1), "", nil, mqttwire.RulePacketIDZero},
		{"code", v5, "\x40\x03\x00\x07\x10", code(0x87), "\x40\x03\x00\x07\x87", nil, 0},
		{"code 0 in its place", v5, "\x40\x03\x00\x07\x10", code(0), "\x40\x03\x00\x07\x00", nil, 0},
		{"code of a short form", v5, "\x40\x02\x00\x07", code(0x87), "", packets.ErrPatchLength, 0},
		{"code 0 of a short form", v5, "\x40\x02\x00\x07", code(0), "\x40\x02\x00\x07", nil, 0},
		{"code of another type", v5, "\x62\x03\x00\x07\x92", code(0x87), "", nil, mqttwire.RuleReasonCode},
		{"code with a list that is not legal", v5, "\x40\x05\x00\x07\x10\x01\x01", code(0), "", nil, mqttwire.RulePropertyNotAllowed},
		{"failure before 5.0", v311, "\x40\x02\x00\x07", code(0x87), "", nil, mqttwire.RuleNotInVersion},
		{"success before 5.0", v311, "\x40\x02\x00\x07", code(0x10), "\x40\x02\x00\x07", nil, 0},
		{"code of DISCONNECT", v5, "\xE0\x01\x8E", code(0), "", packets.ErrNoField, 0},
		{"no byte", v5, "", dup(true), "", nil, mqttwire.RuleFrameLength},
		{"cut in its length", v5, "\x30\x80", dup(true), "", nil, mqttwire.RuleFrameLength},
		{"no such type", v5, "\x00\x00", dup(true), "", nil, mqttwire.RulePacketType},
		{"AUTH before 5.0", v311, "\xF0\x00", id(1), "", nil, mqttwire.RulePacketType},
		{"cut off", v311, publish1[:6], retain(true), "", nil, mqttwire.RuleFrameLength},
		{"flags", v311, "\x41\x02\x00\x07", id(1), "", nil, mqttwire.RuleFlags},
		{"a longer length than need be", v5, "\x30\x84\x00\x00\x01a\x00", retain(true), "", nil, mqttwire.RuleVarintMinimal},
		{"a longer length than need be in 3.1.1", v311, "\x30\x83\x00\x00\x01a", retain(true), "\x31\x83\x00\x00\x01a", nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			frame := []byte(c.before)
			err := c.patch(frame, c.v)
			if c.rule != 0 {
				requireBreach(t, c.rule, err)
			} else {
				require.Equal(t, c.err, err)
			}
			if err != nil {
				c.after = c.before
			}
			require.Equal(t, c.after, string(frame))
		})
	}
}

func dup(on bool) func([]byte, mqttwire.Version) error { return patches(flagOf(on))[0].frame }

func retain(on bool) func([]byte, mqttwire.Version) error { return patches(flagOf(on))[1].frame }

func flagOf(on bool) uint32 {
	if on {
		return 1
	}
	return 0
}

func qos(n uint32) func([]byte, mqttwire.Version) error { return patches(n)[2].frame }

func id(n uint32) func([]byte, mqttwire.Version) error { return patches(n)[3].frame }

func expiry(n uint32) func([]byte, mqttwire.Version) error { return patches(n)[4].frame }

func code(n uint32) func([]byte, mqttwire.Version) error { return patches(n)[5].frame }

// FuzzPatch patches any bytes.
func FuzzPatch(f *testing.F) {
	for i, c := range loadCorpus(f) {
		if len(c.Bytes) <= maxSeed {
			f.Add(c.Bytes, uint8(c.Version), uint32(i%256))
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte, version uint8, n uint32) {
		for _, p := range patches(n) {
			requirePatch(t, p, frame, mqttwire.Version(version))
		}
	})
}
