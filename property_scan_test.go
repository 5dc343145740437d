package mqttwire

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// requireScansAgree fails the test if the quick scan of a list and the slow one
// do not say the same, or the quick walk over it and the slow one.
func requireScansAgree(t interface{ Fatalf(string, ...any) }, b []byte, owner PropertyOwner) (legal bool) {
	set, legal := scanLegalProperties(b, owner)
	wantSet, bad := scanFaults(b, owner)
	if legal != (bad == nil) || set != wantSet {
		t.Fatalf("% X of %d: legal %t, set %x; one rule after the other: %v, set %x", b, owner, legal, set, bad, wantSet)
	}
	for i, k := 0, 0; ; {
		q, end := propertyAt(b, i)
		id, name, value, n, next := slowPropertyAt(b, k)
		if end != next || q.ID != id || q.Number != n || !bytes.Equal(q.Name(), name) || !bytes.Equal(q.Value(), value) {
			t.Fatalf("% X at %d: %v %q %q %d up to %d; slowly %v %q %q %d up to %d",
				b, i, q.ID, q.Name(), q.Value(), q.Number, end, id, name, value, n, next)
		}
		if end == 0 {
			if legal && i != len(b) {
				t.Fatalf("% X is legal, and walked up to %d of %d", b, i, len(b))
			}
			return legal
		}
		i, k = end, next
	}
}

// slowPropertyAt is propertyAt by the table alone, one byte after the other.
func slowPropertyAt(list []byte, i int) (id PropertyID, name, value []byte, number uint32, end int) {
	if i >= len(list) || !PropertyID(list[i]).known() {
		return 0, nil, nil, 0, 0
	}
	id, rest := PropertyID(list[i]), list[i+1:]
	cut := func(n int) (taken []byte) {
		if rest == nil || n > len(rest) {
			rest = nil
			return nil
		}
		taken, rest = rest[:n], rest[n:len(rest):len(rest)]
		return taken
	}
	prefixed := func() []byte {
		if n := cut(2); n != nil {
			return cut(int(n[0])<<8 + int(n[1]))
		}
		return nil
	}
	switch kind := propertyTable[id].kind; kind {
	case kindByte, kindTwoByte, kindFourByte:
		for _, c := range cut(1 << (kind - kindByte)) {
			number = number<<8 + uint32(c)
		}
	case kindVarint:
		for shift, more := 0, true; more; shift += 7 {
			c := cut(1)
			if c == nil || shift == 28 {
				return 0, nil, nil, 0, 0
			}
			number += uint32(c[0]&0x7F) << shift
			more = c[0] >= 0x80
		}
	case kindPair:
		name = prefixed()
		value = prefixed()
	default:
		value = prefixed()
	}
	if rest == nil {
		return 0, nil, nil, 0, 0
	}
	return id, name, value, number, len(list) - len(rest)
}

// Every list of up to five bytes, of bytes that stand for every kind of property,
// for lengths and for text.
func TestQuickScanOfEveryShortListSaysWhatTheSlowOneDoes(t *testing.T) {
	alphabet := []byte{
		// Lengths, numbers; Payload Format Indicator, Message Expiry Interval; not ASCII.
		0, 1, 2, 0x7F, 0x80,
		byte(ContentType), byte(ResponseTopic), byte(CorrelationData), byte(SubscriptionIdentifier), byte(ReceiveMaximum),
		byte(UserProperty), byte(MaximumPacketSize), numPropertyIDs, '+', 0xC3,
	}
	legal := 0
	var list [5]byte
	var try func(n int)
	try = func(n int) {
		for _, owner := range []PropertyOwner{ofPublish, ofConnect, ofConnack, ofSubscribe} {
			if requireScansAgree(t, list[:n:n], owner) {
				legal++
			}
		}
		if n == len(list) {
			return
		}
		for _, b := range alphabet {
			list[n] = b
			try(n + 1)
		}
	}
	try(0)
	assert.Greater(t, legal, 1000)
}

// Every byte at every place of strings that are shorter than the words in which
// they are looked at, as long, and longer; with bytes before the string and
// without.
func TestScanFindsEveryByteThatAStringMayNotHave(t *testing.T) {
	for n := range 27 {
		text := strings.Repeat("a", n)
		for _, list := range [][]byte{
			prefixedProperty(ContentType, text), prefixedProperty(ResponseTopic, text), prefixedProperty(CorrelationData, text),
			append(prefixedProperty(UserProperty, text), 0, 1, 'v'), append([]byte{byte(UserProperty), 0, 1, 'k'}, prefixedProperty(0, text)[1:]...),
			append([]byte{byte(MessageExpiryInterval), 0, 0, 0, 0, byte(PayloadFormatIndicator), 0}, prefixedProperty(ContentType, text)...),
		} {
			for at := range list {
				was := list[at]
				for b := range 256 {
					list[at] = byte(b)
					requireScansAgree(t, list, ofPublish)
				}
				list[at] = was
			}
		}
	}
}

// Every byte at every place of properties of the same kind in a row, which are gone
// over together, and of others before, between and after them.
func TestQuickScanOfPropertiesInARowSaysWhatTheSlowOneDoes(t *testing.T) {
	id, user := string(rune(SubscriptionIdentifier)), string(rune(UserProperty))
	ids := id + "\x01" + id + "\x7F" + id + "\x80\x01" + id + "\x02" + id + "\x03"
	users := user + "\x00\x00\x00\x00" + user + "\x00\x01a\x00\x00" + user + "\x00\x02\xC3\xBC\x00\x01b" + user + "\x00\x00\x00\x09wordwordw"
	for _, text := range []string{ids, users, ids + users, users + ids + users, "\x01\x00" + users + "\x02\x00\x00\x00\x00" + users + ids} {
		list := []byte(text)
		for at := range list {
			requireScansAgree(t, list[:at:at], ofPublish)
			was := list[at]
			for b := range 256 {
				list[at] = byte(b)
				for _, owner := range []PropertyOwner{ofPublish, ofSubscribe, ofWill} {
					requireScansAgree(t, list, owner)
				}
			}
			list[at] = was
		}
		assert.True(t, requireScansAgree(t, list, ofPublish), "%q", text)
	}
}

// prefixedProperty is the identifier, and a string as its value.
func prefixedProperty(id PropertyID, s string) []byte {
	return appendPrefixed([]byte{byte(id)}, []byte(s))
}

func TestQuickScanOfAnyListSaysWhatTheSlowOneDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		owner := PropertyOwner(rapid.IntRange(0, 15).Draw(t, "owner"))
		text := rapid.SampledFrom([]string{"", "a", "temperature", "site/7/line/12/machine/4", "sïte", "語", "a\x00b", "\xED\xA0\x80", "#", "0123456\xC3"})
		var b []byte
		for _, id := range rapid.SliceOf(rapid.SampledFrom(allIDs())).Draw(t, "ids") {
			switch propertyTable[id].kind {
			case kindString, kindBinary:
				b = append(b, prefixedProperty(id, text.Draw(t, "text"))...)
			case kindPair:
				b = appendPrefixed(append(b, prefixedProperty(id, text.Draw(t, "name"))...), []byte(text.Draw(t, "value")))
			case kindVarint:
				b = appendVarint(append(b, byte(id)), rapid.Uint32Range(0, MaxVarint).Draw(t, "number"))
			default:
				b = append(b, legalValue(id)...)
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			if len(b) > 0 {
				b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
			}
		}
		b = b[:rapid.IntRange(0, len(b)).Draw(t, "length")]
		requireScansAgree(t, b, owner)
	})
}

// What the quick scan takes for granted about the table.
func TestQuickScanKnowsTheTable(t *testing.T) {
	for _, id := range allIDs() {
		row := propertyTable[id]
		switch row.kind {
		case kindByte:
			assert.Equal(t, zeroOrOne, row.check, "%s: scanLegalProperties takes a byte to be 0 or 1", row.name)
		case kindVarint:
			assert.Equal(t, SubscriptionIdentifier, id, "scanLegalProperties takes each number of variable length to be this")
			assert.Equal(t, notZero, row.check, row.name)
		case kindTwoByte, kindFourByte:
			assert.Contains(t, []valueCheck{anyValue, notZero, aliasNotZero}, row.check, row.name)
		default:
			assert.Equal(t, id == ResponseTopic, row.check == topicName, "%s: scanLegalProperties looks for no other topic name", row.name)
			assert.Contains(t, []valueCheck{anyValue, topicName}, row.check, row.name)
		}
	}
}

// A value that a setter took is one that the scan takes, and no other is; texts
// go through a quick way of their own.
func TestSettersTakeWhatTheScanTakes(t *testing.T) {
	for _, s := range []string{"", "a", "temperature", "a/+", "#", "ü", "a\x00b", "\xFF", "0123456789\xC3", strings.Repeat("x", 65535), strings.Repeat("x", 65536)} {
		v := []byte(s)
		for _, id := range []PropertyID{ContentType, ResponseTopic, CorrelationData, UserProperty} {
			var p Properties
			list := prefixedProperty(id, s)
			if id == UserProperty {
				p.AddUser(v, v)
				list = appendPrefixed(list, v)
			} else {
				p.setBytes(id, v)
			}
			_, bad := viewProperties(list, ofPublish)
			taken := bad == nil && len(s) <= maxPrefixed
			assert.Equal(t, taken, p.Err() == nil, "%s %.20q", id, s)
			if taken {
				assert.Empty(t, cmp.Diff(list, p.Bytes()))
			}
		}
	}
}

// scanFaults is the slow twin of scanLegalProperties.
func scanFaults(b []byte, owner PropertyOwner) (propertySet, *propertyFault) {
	var first *propertyFault
	p := tolerateProperties(b, owner, func(f *propertyFault) bool { first = f; return false })
	return p.set &^ tolerated, first
}

func TestPlainListsAreThoseThatTheOwnerMayHave(t *testing.T) {
	for _, id := range allIDs() {
		for times := range 3 {
			raw := bytes.Repeat(legalValue(id), times)
			p := decodedBySomeone(raw)
			if p == nil {
				continue
			}
			for owner := WillProperties; owner <= ofAuth; owner++ {
				list, ok := export{}.PlainProperties(p, owner)
				_, bad := scanProperties(raw, owner)
				require.Equal(t, bad == nil, ok, "%d times %s in %d", times, id, owner)
				require.Equal(t, string(raw), string(list))
			}
		}
	}
	var refused Properties
	refused.SetTopicAlias(0)
	_, ok := export{}.PlainProperties(&refused, ofPublish)
	require.False(t, ok, "a value that was refused")
}

// decodedBySomeone returns the list as one of its owners gets it, or nil if none
// may have it.
func decodedBySomeone(raw []byte) *Properties {
	for owner := WillProperties; owner <= ofAuth; owner++ {
		if p, bad := viewProperties(raw, owner); bad == nil {
			return &p
		}
	}
	return nil
}
