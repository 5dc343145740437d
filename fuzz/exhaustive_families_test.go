package fuzz

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

const (
	// telling are bytes that mean something somewhere, the most telling first.
	telling = "\x00\x01\x02\x61\x26\x80\x03\x23\x04\x18\x2B\x1F\xFF\x05\x10\x2F\x7F\x81\xC0"

	// utf8Borders are the bytes at the borders of what UTF-8 allows.
	utf8Borders = "\x00\x61\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xED\xEF\xF0\xF4\xF5\xFF"

	topicCharacters = "a/+#$"
)

// families are all that is tried.
func families(t *testing.T) []family {
	t.Helper()
	var list []family
	for flags := range 16 {
		list = append(list, family{fmt.Sprintf("short bodies after flags %X", flags), everyVersion, shortBodies(byte(flags))})
	}
	for _, c := range connects {
		list = append(list, family{"flags and fields of " + c.name, toldByItself, connectBodies(c)})
	}
	for _, o := range owners {
		list = append(list,
			family{"properties of " + o.name, only5, o.with(blocks(either(propertyLists(), o.needed(propertyLists()))))},
			family{"property lengths of " + o.name, only5, o.with(propertyLengths(o))})
	}
	for _, s := range stringFields {
		list = append(list, family{"strings as " + s.name, s.versions, s.with(fields(texts()))})
	}
	for _, s := range topicFields {
		list = append(list, family{"topics as " + s.name, s.versions, s.with(fields(topics(deep(5, 3))))})
	}
	for _, v := range everyVersion {
		list = append(list, family{"neighbours of the corpus in " + v.String(), []mqttwire.Version{v}, neighbours(t, v)})
	}
	return append(list,
		family{"names and levels of CONNECT", toldByItself, namesAndLevels()},
		family{"client identifiers", toldByItself, clientIdentifiers()},
		family{"subscription options", everyVersion, subscriptionOptions()},
		family{"lists of topic filters", everyVersion, filterLists()},
		family{"reason codes", everyVersion, reasonCodes()},
		family{"lists of codes", everyVersion, codeLists()},
		family{"bodies of CONNACK", everyVersion, connackBodies()},
		family{"bodies of PUBLISH", everyVersion, publishBodies()},
		family{"remaining lengths", everyVersion, remainingLengths()},
	)
}

// shortBodies are all bodies of up to two bytes, and longer ones of telling
// bytes, the longer the fewer, after each packet type.
func shortBodies(flags byte) all {
	var sets []all
	for packet := range byte(16) {
		sets = append(sets, packetsOf(packet<<4|flags, either(
			repeats(everyByte, 0, deep(2, 1)),
			repeats(each(telling[:deep(19, 8)]), 2, 3),
			repeats(each(telling[:deep(11, 5)]), 4, 4),
			repeats(each(telling[:deep(7, 3)]), 5, 5),
			repeats(each(telling[:deep(5, 2)]), 6, 6))))
	}
	return either(sets...)
}

// protocol is the begin of a CONNECT, and what its fields may look like.
type protocol struct {
	name, bytes string
	fields      []string
}

var (
	fieldsBefore5 = []string{"\x00\x00", "\x00\x01a", "\x00\x01+", "\x00"}
	fieldsOf5     = []string{"\x00\x00", "\x00\x01a", "\x00"}

	connects = []protocol{
		{"CONNECT of 3.1", "\x00\x06MQIsdp\x03", fieldsBefore5},
		{"CONNECT of 3.1 from a bridge", "\x00\x06MQIsdp\x83", fieldsBefore5},
		{"CONNECT of 3.1.1", "\x00\x04MQTT\x04", fieldsBefore5},
		{"CONNECT of 3.1.1 from a bridge", "\x00\x04MQTT\x84", fieldsBefore5},
		{"CONNECT of 5.0", "\x00\x04MQTT\x05", fieldsOf5},
	}
)

// connectBodies have all flags, before some fields and before some bytes.
func connectBodies(p protocol) all {
	const keepAlive = "\x00\x3C"
	return packetsOf(0x10, just(p.bytes), just(everyByte...), just(keepAlive), either(
		repeats(p.fields, 0, deep(7-len(p.fields)/4, 4)),
		repeats(each("\x00\x01\x02a\x80"), 0, deep(4, 2))))
}

// namesAndLevels are the protocol names, changed in each byte, before all levels.
func namesAndLevels() all {
	names := []string{"", "MQ", "MQTTT", "MQIsdpp", "mqtt", "MQISDP"}
	for _, name := range []string{"MQTT", "MQIsdp"} {
		for i := range name {
			for _, b := range everyByte {
				names = append(names, name[:i]+b+name[i+1:])
			}
		}
	}
	levels := append(each("\x02\x03\x04\x05\x06\x83\x84\x85"), everyByte[:deep(256, 0)]...)
	return packetsOf(0x10, fields(just(names...)), just(levels...), just("\x02\x00\x00"),
		just("\x00\x00", "\x00\x01a", "\x00\x00\x00", "\x00\x00\x01a"))
}

// clientIdentifiers are of up to 25 characters, with and without a clean session.
func clientIdentifiers() all {
	var sets []all
	for _, c := range []string{"a", "é", "語", "𝄞", "\xED\xA0\xB4", "\xED\xA0\xB4\xED\xB4\x9E", "\xC0\x80"} {
		sets = append(sets, runs(c, 0, 25))
	}
	return packetsOf(0x10,
		just("\x00\x06MQIsdp\x03", "\x00\x04MQTT\x04", "\x00\x04MQTT\x05"), just("\x00\x00\x00", "\x02\x00\x00"),
		just("", "\x00"), fields(either(sets...)))
}

// place is a place in a packet, between what comes before it and what follows.
type place struct {
	name          string
	versions      []mqttwire.Version
	first         byte
	before, after string
}

// with are packets with the strings of a set in the place.
func (p place) with(set all) all {
	return packetsOf(p.first, just(p.before), set, just(p.after))
}

// owner is the place of a property list. needs is a property without which
// others, or the whole packet, are not accepted.
type owner struct {
	place
	needs string
}

// needed are the strings of a set after the property that is needed; none if
// there is no such property.
func (o owner) needed(set all) all {
	if o.needs == "" {
		return either()
	}
	return row(just(o.needs), set)
}

const method = "\x15\x00\x01M"

var owners = []owner{
	{place{"CONNECT", only5, 0x10, "\x00\x04MQTT\x05\x02\x00\x00", "\x00\x00"}, method},
	{place{"the will", only5, 0x10, "\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x00", "\x00\x01a\x00\x00"}, ""},
	{place{"CONNACK", only5, 0x20, "\x00\x00", ""}, ""},
	{place{"PUBLISH", only5, 0x30, "\x00\x01a", ""}, ""},
	{place{"PUBLISH without a topic name", only5, 0x30, "\x00\x00", ""}, "\x23\x00\x01"},
	{place{"PUBACK", only5, 0x40, "\x00\x01\x00", ""}, ""},
	{place{"PUBREC", only5, 0x50, "\x00\x01\x00", ""}, ""},
	{place{"PUBREL", only5, 0x62, "\x00\x01\x00", ""}, ""},
	{place{"PUBCOMP", only5, 0x70, "\x00\x01\x00", ""}, ""},
	{place{"SUBSCRIBE", only5, 0x82, "\x00\x01", "\x00\x01a\x00"}, ""},
	{place{"SUBACK", only5, 0x90, "\x00\x01", "\x00"}, ""},
	{place{"UNSUBSCRIBE", only5, 0xA2, "\x00\x01", "\x00\x01a"}, ""},
	{place{"UNSUBACK", only5, 0xB0, "\x00\x01", "\x00"}, ""},
	{place{"DISCONNECT", only5, 0xE0, "\x00", ""}, ""},
	{place{"AUTH", only5, 0xF0, "\x00", ""}, method},
}

// propertyIdentifiers are the 27 and some that are none.
const propertyIdentifiers = "\x01\x02\x03\x08\x09\x0B\x11\x12\x13\x15\x16\x17\x18\x19\x1A\x1C\x1F\x21\x22\x23\x24\x25" +
	"\x26\x27\x28\x29\x2A\x00\x04\x0A\x14\x2B\x7F\x80\xA6\xFF"

// propertyLists are each identifier before all short values of telling bytes, and
// all lists of a few whole properties.
func propertyLists() all {
	return either(
		row(just(everyByte...), repeats(everyByte[:deep(256, 4)], 0, 1)),
		row(just(each(propertyIdentifiers)...), repeats(each("\x00\x01\x02a\x80\xFF"), 2, deep(5, 3))),
		row(just(each(propertyIdentifiers)...), repeats(each("\x00\x01+"[:deep(3, 2)]), 6, 6)),
		repeats(wholeProperties, 2, deep(3, 2)))
}

// wholeProperties has one or two of each identifier.
var wholeProperties = []string{
	"\x01\x00", "\x01\x01", "\x02\x00\x00\x00\x00", "\x03\x00\x00", "\x08\x00\x01a", "\x08\x00\x01#", "\x09\x00\x00",
	"\x0B\x01", "\x0B\x80\x01", "\x0B\xFF\xFF\xFF\x7F", "\x0B\x00", "\x11\x00\x00\x00\x00", "\x12\x00\x00", "\x13\x00\x00",
	"\x15\x00\x00", "\x16\x00\x00", "\x17\x00", "\x18\x00\x00\x00\x00", "\x19\x01", "\x1A\x00\x00", "\x1C\x00\x00",
	"\x1F\x00\x00", "\x21\x00\x01", "\x22\x00\x00", "\x23\x00\x01", "\x23\x01\x00", "\x24\x01", "\x25\x00",
	"\x26\x00\x00\x00\x00", "\x26\x00\x01a\x00\x01b", "\x27\x00\x00\x00\x01", "\x27\x80\x00\x00\x00", "\x28\x01", "\x29\x01",
	"\x2A\x01", "\x26",
}

// propertyLengths are all property lengths of up to five telling bytes before
// some lists, and lists at the borders of the sizes of a length.
func propertyLengths(o owner) all {
	user := func(n, m int) all { return row(just(o.needs, "\x26\x00\x01a"), fields(runs("b", n, m))) }
	return either(
		row(repeats(each("\x00\x01\x05\x09\x80\x84\x85\x89\xFF"), 0, deep(5, 3)),
			just("", o.needs, "\x26\x00\x00\x00\x00", o.needs+"\x26\x00\x00\x00\x00")),
		blocks(user(115, 130)),
		blocks(user(16370, 16390)))
}

// texts are all short ones, and longer ones at the borders of UTF-8.
func texts() all {
	return either(repeats(everyByte, 0, deep(2, 1)), repeats(each(utf8Borders), 2, deep(4, 3)))
}

// topics are those of up to some characters, ordinary and shared.
func topics(longest int) all {
	return either(
		repeats(each(topicCharacters), 0, longest),
		row(just("$share", "$share/", "$share/g/", "$share/g", "$Share/", "$shar", "/$share/", "a/$share/"),
			repeats(each(topicCharacters), 0, longest-1)))
}

// topicFields are the places of topic names and topic filters.
var topicFields = []place{
	{"the topic name", everyVersion, 0x30, "", "\x00"},
	{"the topic name beside an alias", only5, 0x30, "", "\x03\x23\x00\x01"},
	{"the topic name of QoS 1", everyVersion, 0x32, "", "\x00\x01\x00"},
	{"the will topic of 3.1", toldByItself, 0x10, "\x00\x06MQIsdp\x03\x06\x00\x00\x00\x01a", "\x00\x00"},
	{"the will topic of 3.1.1", toldByItself, 0x10, "\x00\x04MQTT\x04\x06\x00\x00\x00\x00", "\x00\x00"},
	{"the will topic of 5.0", toldByItself, 0x10, "\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x00\x00", "\x00\x00"},
	{"a filter of SUBSCRIBE", before5, 0x82, "\x00\x01", "\x00"},
	{"a filter of SUBSCRIBE in 5.0", only5, 0x82, "\x00\x01\x00", "\x00"},
	{"a filter with No Local", only5, 0x82, "\x00\x01\x00", "\x04"},
	{"a filter of UNSUBSCRIBE", before5, 0xA2, "\x00\x01", ""},
	{"a filter of UNSUBSCRIBE in 5.0", only5, 0xA2, "\x00\x01\x00", ""},
}

// stringFields are the places of strings and binary data.
var stringFields = []place{
	{"the topic name", everyVersion, 0x30, "", "\x00"},
	{"the client identifier of 3.1", toldByItself, 0x10, "\x00\x06MQIsdp\x03\x02\x00\x00", ""},
	{"the client identifier of 3.1.1", toldByItself, 0x10, "\x00\x04MQTT\x04\x02\x00\x00", ""},
	{"the client identifier of 5.0", toldByItself, 0x10, "\x00\x04MQTT\x05\x02\x00\x00\x00", ""},
	{"the will topic of 3.1", toldByItself, 0x10, "\x00\x06MQIsdp\x03\x06\x00\x00\x00\x01a", "\x00\x00"},
	{"the user name of 3.1", toldByItself, 0x10, "\x00\x06MQIsdp\x03\x80\x00\x00\x00\x01a", ""},
	{"the user name of 3.1.1", toldByItself, 0x10, "\x00\x04MQTT\x04\x82\x00\x00\x00\x00", ""},
	{"the user name of 5.0", toldByItself, 0x10, "\x00\x04MQTT\x05\x82\x00\x00\x00\x00\x00", ""},
	{"a filter of SUBSCRIBE", before5, 0x82, "\x00\x01", "\x00"},
	{"a filter of UNSUBSCRIBE in 5.0", only5, 0xA2, "\x00\x01\x00", ""},
}

// subscriptionOptions are all options of some filters.
func subscriptionOptions() all {
	return packetsOf(0x82, just("\x00\x01", "\x00\x01\x00"), fields(topics(deep(4, 2))), just(everyByte...))
}

// filterLists are made of whole topic filters, options, and bytes at the wrong
// place.
func filterLists() all {
	lists := row(just("\x00\x01", "\x00\x01\x00"),
		repeats([]string{"\x00\x01a", "\x00\x01+", "\x00\x00", "\x00", "\x01", "\x02", "\x03"}, 0, deep(6, 4)))
	return either(packetsOf(0x82, lists), packetsOf(0xA2, lists))
}

// reasonCodes are all codes of the packets that have one, before what may follow.
func reasonCodes() all {
	tails := just("", "\x00", "\x00\x00", "\x01", "\x80", "\x80\x00", "\x03\x1F\x00\x00", "\x05\x26\x00\x00\x00\x00",
		"\x04"+method, "\x05"+method, "\x03"+method, "\x05\x11\x00\x00\x00\x01", "\x03\x1C\x00\x00")
	var sets []all
	for _, first := range []byte{0x40, 0x50, 0x62, 0x70} {
		sets = append(sets, packetsOf(first, just("\x00\x01", "\x00\x00", "\xFF\xFF"), just(everyByte...), tails))
	}
	return either(append(sets, packetsOf(0xE0, just(everyByte...), tails), packetsOf(0xF0, just(everyByte...), tails))...)
}

// codeLists are all lists of up to two codes in SUBACK and UNSUBACK.
func codeLists() all {
	lists := row(just("\x00\x01", "\x00\x01\x00"), either(
		repeats(everyByte, 0, deep(2, 1)),
		repeats(each("\x00\x01\x02\x03\x11\x80\x87\x97\xFF"), 3, deep(4, 3))))
	return either(packetsOf(0x90, lists), packetsOf(0xB0, lists))
}

// connackBodies have all acknowledge flags with all codes.
func connackBodies() all {
	flags := append(each("\x00\x01\x02\x80\xFF"), everyByte[:deep(256, 0)]...)
	return packetsOf(0x20, just(flags...), just(everyByte...), just("", "\x00", "\x03\x1F\x00\x00"))
}

// publishBodies are made of whole parts, after all flags.
func publishBodies() all {
	var sets []all
	for flags := range byte(16) {
		sets = append(sets, packetsOf(0x30|flags, repeats(
			[]string{"\x00\x00", "\x00\x01a", "\x00\x01+", "\x00", "\x03\x23\x00\x01", "\x02\x01\x01"}, 0, deep(6, 4))))
	}
	return either(sets...)
}

// remainingLengths are all of up to five telling bytes before bodies of each
// packet, legal ones and none.
func remainingLengths() all {
	return either(
		row(just(everyByte...), repeats(each("\x00\x01\x02\x80\x82\xFF"), 0, deep(5, 3)), just("", "\x00\x01")),
		row(just("\x10", "\x90"), repeats(each("\x00\x01\x03\x0C\x0D\x0F\x80\x83\x8C\x8D\x8F"), 1, deep(5, 3)),
			just("\x00\x01\x00", "\x00\x06MQIsdp\x03\x02\x00\x00\x00\x01a", "\x00\x04MQTT\x04\x02\x00\x00\x00\x00",
				"\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00")))
}

// neighbours are the packets that are one byte away from a case of the corpus:
// with a byte changed, with a byte less, with a byte more, or cut.
func neighbours(t *testing.T, v mqttwire.Version) all {
	t.Helper()
	cases, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	var sets []all
	for _, c := range cases {
		if c.Version == v && len(c.Bytes) <= deep(40, 20) {
			sets = append(sets, neighboursOf(c.Bytes))
		}
	}
	return either(sets...)
}

func neighboursOf(b []byte) all {
	replacements := append(each(telling), everyByte[:deep(256, 0)]...)
	return func(yield func([]byte) bool) {
		changed := bytes.Clone(b)
		for i := range b {
			for _, r := range replacements {
				changed[i] = r[0]
				if !yield(changed) {
					return
				}
			}
			changed[i] = b[i]
			if !yield(b[:i]) || !yield(without(b, i)) {
				return
			}
			for _, r := range each(telling[:deep(19, 3)]) {
				if !yield(withMore(b, i, r)) {
					return
				}
			}
		}
	}
}

// without is b without byte i. A remaining length of one byte is set right.
func without(b []byte, i int) []byte {
	return setRight(append(bytes.Clone(b[:i]), b[i+1:]...), i)
}

// withMore is b with more bytes after byte i.
func withMore(b []byte, i int, more string) []byte {
	return setRight(append(append(bytes.Clone(b[:i+1]), more...), b[i+1:]...), i)
}

// setRight sets a remaining length of one byte, unless that is what byte i was.
func setRight(b []byte, i int) []byte {
	if i > 1 && b[1] < 0x80 {
		b[1] = byte(len(b) - 2)
	}
	return b
}
