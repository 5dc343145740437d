package main

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/against/texts"
	"github.com/mqttwire/mqttwire/compare/interleaved"
	"github.com/mqttwire/mqttwire/packets"
)

const v5 = mqttwire.V5

// row is a work on a text, on ASCII of the same length, and what the standard
// library does on the text.
type row struct {
	name             string
	goal             *goal
	text, ascii, std interleaved.Loop
}

// allRows are the rows of all texts.
func allRows() (list []row) {
	for _, t := range []struct{ name, topic string }{
		{"French", texts.French}, {"Portuguese", texts.Portuguese}, {"Arabic", texts.Arabic}, {"Chinese", texts.Chinese},
	} {
		ascii := asciiLike(t.topic)
		list = append(list, publishRows(t.name, &language, t.topic, ascii)...)
		list = append(list, subscribeRows(t.name+", 1 filter", &language, 1, t.topic+"/+", ascii+"/+")...)
		list = append(list, subscribeRows(t.name+", 8 filters", &language, 8, t.topic, ascii)...)
	}
	for _, t := range []struct{ name, filter string }{{"$SYS", texts.System + "/+"}, {"$share", texts.Shared}} {
		ascii := "s" + t.filter[1:]
		list = append(list, subscribeRows(t.name+", 1 filter", &dollar, 1, t.filter, ascii)...)
		list = append(list, subscribeRows(t.name+", 8 filters", &dollar, 8, t.filter, ascii)...)
	}
	text, ascii := []byte(strings.Repeat("語", 65535/3)), bytes.Repeat([]byte("s"), 65535)
	return append(list,
		row{"topic name of 65535 bytes, Chinese", &longest, checked(text, mqttwire.CheckTopicName), checked(ascii, mqttwire.CheckTopicName), std(text, 1)},
		row{"topic filter of 65535 bytes, Chinese", &longest, checked(text, mqttwire.CheckTopicFilter), checked(ascii, mqttwire.CheckTopicFilter), std(text, 1)},
		row{"string of 65535 bytes, Chinese", &longest, checked(text, mqttwire.CheckString), checked(ascii, mqttwire.CheckString), std(text, 1)})
}

// asciiLike is ASCII with the length of s, and with its slashes and wildcards, as
// far as they do not stand in a character.
func asciiLike(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= utf8.RuneSelf {
			b[i] = 's'
		}
	}
	return string(b)
}

func publishRows(name string, g *goal, topic, ascii string) []row {
	text, plain, looked := publish(topic), publish(ascii), std([]byte(topic), 1)
	return []row{
		{"decode PUBLISH " + name, g, decodePublish(text), decodePublish(plain), looked},
		{"append PUBLISH " + name, g, appendPublish(text), appendPublish(plain), looked},
	}
}

func subscribeRows(name string, g *goal, n int, filter, ascii string) []row {
	text, plain, looked := subscribe(n, filter), subscribe(n, ascii), std([]byte(filter), n)
	return []row{
		{"decode SUBSCRIBE " + name, g, decodeSubscribe(text), decodeSubscribe(plain), looked},
		{"append SUBSCRIBE " + name, g, appendSubscribe(text), appendSubscribe(plain), looked},
	}
}

func publish(topic string) *packets.Publish {
	return &packets.Publish{Topic: []byte(topic), Payload: bytes.Repeat([]byte("x"), 64), QoS: 1, PacketID: 10}
}

func subscribe(n int, filter string) *packets.Subscribe {
	p := &packets.Subscribe{PacketID: 10}
	for range n {
		p.Subscriptions = append(p.Subscriptions, packets.Subscription{Filter: []byte(filter), QoS: 1})
	}
	return p
}

// must stops the program: nothing here is refused.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func encoded(p mqttwire.Packet) []byte {
	b, err := p.Append(nil, v5)
	must(err)
	return b
}

func decodePublish(p *packets.Publish) interleaved.Loop {
	b := encoded(p)
	return func(n int) (sum uint64) {
		var q packets.Publish
		for range n {
			f, _, err := mqttwire.CutFrame(b, 0)
			must(err)
			must(q.Decode(f, v5))
			sum += uint64(len(q.Topic))
		}
		return sum
	}
}

func appendPublish(p *packets.Publish) interleaved.Loop {
	dst := encoded(p)[:0]
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v5)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func decodeSubscribe(p *packets.Subscribe) interleaved.Loop {
	b := encoded(p)
	return func(n int) (sum uint64) {
		var q packets.Subscribe
		for range n {
			f, _, err := mqttwire.CutFrame(b, 0)
			must(err)
			must(q.Decode(f, v5))
			sum += uint64(len(q.Subscriptions))
		}
		return sum
	}
}

func appendSubscribe(p *packets.Subscribe) interleaved.Loop {
	dst := encoded(p)[:0]
	return func(n int) (sum uint64) {
		for range n {
			b, err := p.Append(dst, v5)
			must(err)
			sum += uint64(len(b))
		}
		return sum
	}
}

func checked(b []byte, check func([]byte, mqttwire.Version) error) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n {
			must(check(b, v5))
			sum++
		}
		return sum
	}
}

// std looks at a text as often as it stands in a packet.
func std(b []byte, times int) interleaved.Loop {
	return func(n int) (sum uint64) {
		for range n * times {
			if utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 {
				sum++
			}
		}
		return sum
	}
}
