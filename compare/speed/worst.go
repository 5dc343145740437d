package main

import (
	"strings"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/interleaved"
	"github.com/mqttwire/mqttwire/packets"
)

// nameOrdinary is the contender of the worst cases that decodes the mixed stream
// of the same version from memory; an operation is one of its packets.
const nameOrdinary = "ordinary traffic"

// longest is the largest length of a string.
const longest = 65535

// worstRows are legal packets that are made to cost much for each of their bytes.
func worstRows() []row {
	var rows []row
	for _, c := range worstCases() {
		w := sized(c.name, v5, c.packet)
		r := row{kind: kindWorst, name: c.name, v: w.v, packet: w.kind(), bytes: float64(len(w.wire))}
		r.add(nameMqttwire, mqttwireDecode(w))
		r.add(nameFloorText, floorCodec(nameFloorText, true).decode(w))
		m := newMixed(w.v)
		r.contenders = append(r.contenders,
			contender{name: nameOrdinary, Contender: interleaved.Contender{Run: mixedDecode(&m)}, bytes: float64(len(m.wire)) / mixedPackets})
		rows = append(rows, r)
	}
	return rows
}

type worstCase struct {
	name   string
	packet mqttwire.Packet
}

func worstCases() []worstCase {
	list := []worstCase{
		{"topic of 65535 bytes, ASCII", longTopic("a")},
		{"topic of 2-byte characters", longTopic("ü")},
		{"topic of 3-byte characters", longTopic("語")},
		{"topic of 4-byte characters", longTopic("😀")},
		{"topic of 7 ASCII bytes and a 2-byte character in turn", longTopic("abcdefgü")},
		{"topic of 65535 levels", longTopic("/")},
		{"filter of 3-byte characters", longFilter("語", 0)},
		{"filter of 65535 levels", longFilter("/", 0)},
		{"filter of 32768 levels of +", longFilter("+/", 0)},
		{"shared filter of 65528 levels", sharedFilter()},
	}
	return append(list, worstLists()...)
}

func worstLists() []worstCase {
	wide := []byte(fill("語"))
	var strings mqttwire.Properties
	strings.AddUser(wide, wide)
	var empty, ids mqttwire.PropertyBuilder
	empty.Reset()
	ids.Reset()
	for len(empty.Bytes()) < 64<<10 {
		empty.AddUser(nil, nil)
	}
	for len(ids.Bytes()) < 64<<10 {
		ids.AddSubscriptionID(1)
	}
	return []worstCase{
		{"CONNECT of the longest strings", &packets.Connect{Version: v5, ClientID: wide, UserName: wide, Will: &packets.Will{Topic: wide}}},
		{"user property of the longest strings", &packets.Publish{Topic: topicName, Properties: strings}},
		{"64 KiB of empty user properties", &packets.Publish{Topic: topicName, Properties: empty.Properties()}},
		{"64 KiB of user properties", &packets.Publish{Topic: topicName, Properties: userProperties(3000)}},
		{"64 KiB of subscription identifiers", &packets.Publish{Topic: topicName, Properties: ids.Properties()}},
		{"SUBSCRIBE of 60000 filters", subscribe(60_000)},
		{"SUBSCRIBE of 60000 filters of one byte", shortFilters(60_000)},
		{"UNSUBSCRIBE of 60000 filters of one byte", shortTopics(60_000)},
		{"SUBACK of 60000 codes", &packets.Suback{PacketID: 10, ReasonCodes: codes(60_000)}},
	}
}

// fill repeats s up to the longest string.
func fill(s string) string { return strings.Repeat(s, longest/len(s)) }

func longTopic(s string) *packets.Publish { return &packets.Publish{Topic: []byte(fill(s))} }

func longFilter(s string, qos mqttwire.QoS) *packets.Subscribe {
	return &packets.Subscribe{PacketID: 10, Subscriptions: []packets.Subscription{{Filter: []byte(fill(s)), QoS: qos}}}
}

func sharedFilter() *packets.Subscribe {
	p := longFilter("/", 0)
	copy(p.Subscriptions[0].Filter, "$share/a")
	return p
}

func shortFilters(n int) *packets.Subscribe {
	return &packets.Subscribe{PacketID: 10, Subscriptions: times(n, packets.Subscription{Filter: []byte("a")})}
}

func shortTopics(n int) *packets.Unsubscribe {
	return &packets.Unsubscribe{PacketID: 10, Filters: times(n, []byte("a"))}
}

// times returns a list of n times the entry.
func times[T any](n int, entry T) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = entry
	}
	return list
}
