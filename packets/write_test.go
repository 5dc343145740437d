package packets_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// requireAppendOrNothing checks that Append writes a packet that Decode takes and
// that encodes to the same bytes again, of the size that Size says; or returns dst
// as it was. What AppendHeader and AppendStreamHeader write is the same up to the
// payload, and they refuse what Append does.
func requireAppendOrNothing(t require.TestingT, p mqttwire.Packet, v mqttwire.Version) {
	got, err := p.Append([]byte("prefix"), v)
	if m, ok := p.(*packets.Publish); ok {
		requireHeaders(t, m, v, got, err)
	}
	if err != nil {
		var e *mqttwire.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "prefix", string(got))
		require.Equal(t, mqttwire.NoOffset, e.Offset, "%v", err)
		return
	}
	require.Equal(t, p.Size(v), len(got)-len("prefix"), "%s in %s", textOf(p), v)
	f, rest, err := mqttwire.CutFrame(got[len("prefix"):], 0)
	require.NoError(t, err)
	require.Empty(t, rest)
	q, err := packets.Decode(f, v)
	require.NoError(t, err, "%s in %s", textOf(p), v)
	again, err := q.Append([]byte("prefix"), v)
	require.NoError(t, err)
	require.Equal(t, got, again, "%s in %s", textOf(p), v)
}

// requireHeaders checks what is appended of a PUBLISH without its payload.
func requireHeaders(t require.TestingT, p *packets.Publish, v mqttwire.Version, whole []byte, refused error) {
	header, err := p.AppendHeader([]byte("prefix"), v)
	require.Equal(t, refused, err)
	if err == nil {
		header = append(header, p.Payload...)
	}
	require.Equal(t, whole, header)
	header, err = p.AppendStreamHeader([]byte("prefix"), v, int64(len(p.Payload)))
	require.Equal(t, refused, err)
	if err == nil {
		header = append(header, p.Payload...)
	}
	require.Equal(t, whole, header)
	if refused != nil {
		return
	}
	most := int64(mqttwire.MaxVarint - (p.Size(v) - len(p.Payload) - sizeOfFixedHeader(p.Size(v))))
	for size, fits := range map[int64]bool{0: true, most: true, most + 1: false, mqttwire.MaxVarint: most == mqttwire.MaxVarint, 1<<63 - 1: false, -1: false} {
		header, err := p.AppendStreamHeader(nil, v, size)
		require.Equal(t, fits, err == nil, "%d bytes of payload: %v", size, err)
		if fits {
			n, err := mqttwire.FrameSize(header)
			require.NoError(t, err)
			require.EqualValues(t, int64(len(header))+size, n)
		} else {
			require.ErrorIs(t, err, mqttwire.ErrTooLarge)
		}
	}
}

// sizeOfFixedHeader returns how many bytes of a packet of n bytes are its fixed
// header.
func sizeOfFixedHeader(n int) int {
	for size := 2; ; size++ {
		if 1+mqttwire.SizeVarint(uint32(n-size)) == size {
			return size
		}
	}
}

func TestWhatACorpusPacketIsWrittenAsInAnyVersionIsLegal(t *testing.T) {
	for _, c := range loadCorpus(t) {
		if !c.Decodes() || len(c.Bytes) > 1<<20 {
			continue
		}
		p, err := packets.Decode(c.Frame(), c.Version)
		require.NoError(t, err, c.Where())
		for v := mqttwire.Version(0); v <= 6; v++ {
			requireAppendOrNothing(t, p, v)
		}
	}
}

func TestWhatAGeneratedPacketIsWrittenAsInAnyVersionIsLegal(t *testing.T) {
	checkGenerated(t, 12, func(t *rapid.T, g generated) {
		for v := mqttwire.V31; v <= mqttwire.V5; v++ {
			requireAppendOrNothing(t, g.packet, v)
		}
	})
}

func TestAnyValueIsWrittenLegallyOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for typ := mqttwire.CONNECT; typ <= mqttwire.AUTH; typ++ {
			p := anyPacket(t, typ)
			for v := mqttwire.Version(0); v <= 6; v++ {
				requireAppendOrNothing(t, p, v)
			}
		}
	})
}

func TestListsThatAreTooLargeForAPacketAreRefused(t *testing.T) {
	filter := bytes.Repeat([]byte("x"), 65535) // shared by all, so that there is no need for 256 MiB
	subscribe, unsubscribe := &packets.Subscribe{PacketID: 1}, &packets.Unsubscribe{PacketID: 1}
	for range mqttwire.MaxVarint/65535 + 1 {
		subscribe.Subscriptions = append(subscribe.Subscriptions, packets.Subscription{Filter: filter})
		unsubscribe.Filters = append(unsubscribe.Filters, filter)
	}
	for _, p := range []mqttwire.Packet{subscribe, unsubscribe} {
		_, err := p.Append(nil, v311)
		var e *mqttwire.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, mqttwire.RuleRemainingLength, e.Rule)
	}
}

// The values of fields, legal in some or all versions and not.
var (
	someText = rapid.SampledFrom([][]byte{nil, {}, []byte("a"), []byte("sensor-17"), []byte("site/7/line/12"), []byte("b"), []byte("c/d"), []byte("e/f/g"), []byte("site/+/line/#"), []byte("+"),
		[]byte("a+/site/7/line"), []byte("a/#/b"), []byte("$share/g/a/b/c"), []byte("$share//a"), []byte("$SYS/#"), []byte("meter 7/grüße"),
		[]byte("a\x00b"), []byte("\xFF"), []byte("\xED\xA0\x80"), bytes.Repeat([]byte("x"), 24), bytes.Repeat([]byte("x"), 200),
		bytes.Repeat([]byte("x"), 65535), bytes.Repeat([]byte("x"), 65536)})
	someCode   = rapid.SampledFrom([]mqttwire.ReasonCode{0, 0, 0, 1, 2, 3, 4, 5, 6, 0x10, 0x11, 0x18, 0x19, 0x80, 0x87, 0x92, 0x8E, 0xA2, 0xFF})
	someID     = rapid.SampledFrom([]uint16{0, 1, 10, 256, 65535})
	someQoS    = rapid.SampledFrom([]mqttwire.QoS{0, 0, 1, 2, 3, 4, 255})
	someSwitch = rapid.Custom(func(t *rapid.T) bool { return rapid.IntRange(0, 3).Draw(t, "of four") == 0 })
)

// someProperties makes lists that fit the owner, that fit others, and that hold
// values which were refused.
func someProperties(t *rapid.T) (p mqttwire.Properties) {
	text := func() []byte { return someText.Draw(t, "value") }
	sets := []func(){
		func() { p.AddUser(text(), text()) }, func() { p.SetReasonString(text()) }, func() { p.SetContentType(text()) },
		func() { p.SetTopicAlias(someID.Draw(t, "alias")) }, func() { p.AddSubscriptionID(uint32(someID.Draw(t, "id"))) },
		func() { p.SetAuthenticationMethod(text()) }, func() { p.SetAuthenticationData(text()) },
		func() { p.SetReceiveMaximum(someID.Draw(t, "maximum")) }, func() { p.SetWillDelayInterval(1) }, func() { p.Remove(mqttwire.TopicAlias) },
	}
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3}).Draw(t, "properties") {
		sets[rapid.IntRange(0, len(sets)-1).Draw(t, "property")]()
	}
	return p
}

func anyPacket(t *rapid.T, typ mqttwire.PacketType) mqttwire.Packet {
	list, id, code, dup := someProperties(t), someID.Draw(t, "packet identifier"), someCode.Draw(t, "code"), someSwitch.Draw(t, "dup")
	codes := rapid.SliceOfN(someCode, 0, 3).Draw(t, "codes")
	switch typ {
	case mqttwire.CONNECT:
		return anyConnect(t, list)
	case mqttwire.CONNACK:
		return &packets.Connack{SessionPresent: dup, ReasonCode: code, Properties: list}
	case mqttwire.PUBLISH:
		return &packets.Publish{Topic: someText.Draw(t, "topic"), Payload: someText.Draw(t, "payload"), Properties: list, PacketID: id,
			QoS: someQoS.Draw(t, "QoS"), Dup: dup, Retain: someSwitch.Draw(t, "retain")}
	case mqttwire.PUBACK:
		return &packets.Puback{Properties: list, PacketID: id, ReasonCode: code}
	case mqttwire.PUBREC:
		return &packets.Pubrec{Properties: list, PacketID: id, ReasonCode: code}
	case mqttwire.PUBREL:
		return &packets.Pubrel{Properties: list, PacketID: id, ReasonCode: code, Dup: dup}
	case mqttwire.PUBCOMP:
		return &packets.Pubcomp{Properties: list, PacketID: id, ReasonCode: code}
	case mqttwire.SUBSCRIBE:
		return &packets.Subscribe{Properties: list, PacketID: id, Dup: dup, Subscriptions: rapid.SliceOfN(someSubscription, 0, 3).Draw(t, "subscriptions")}
	case mqttwire.SUBACK:
		return &packets.Suback{Properties: list, PacketID: id, ReasonCodes: codes}
	case mqttwire.UNSUBSCRIBE:
		return &packets.Unsubscribe{Properties: list, PacketID: id, Dup: dup, Filters: rapid.SliceOfN(someText, 0, 3).Draw(t, "filters")}
	case mqttwire.UNSUBACK:
		return &packets.Unsuback{Properties: list, PacketID: id, ReasonCodes: codes}
	case mqttwire.DISCONNECT:
		return &packets.Disconnect{Properties: list, ReasonCode: code}
	case mqttwire.AUTH:
		return &packets.Auth{Properties: list, ReasonCode: code}
	}
	return packets.New(typ)
}

var someSubscription = rapid.Custom(func(t *rapid.T) packets.Subscription {
	return packets.Subscription{Filter: someText.Draw(t, "filter"), QoS: someQoS.Draw(t, "QoS"), NoLocal: someSwitch.Draw(t, "no local"),
		RetainAsPublished: someSwitch.Draw(t, "as published"), RetainHandling: rapid.SampledFrom([]uint8{0, 0, 1, 2, 3, 4}).Draw(t, "handling")}
})

func anyConnect(t *rapid.T, list mqttwire.Properties) mqttwire.Packet {
	p := &packets.Connect{Version: rapid.SampledFrom([]mqttwire.Version{0, 3, 4, 5, 6}).Draw(t, "version"), Bridge: someSwitch.Draw(t, "bridge"),
		CleanStart: someSwitch.Draw(t, "clean"), KeepAlive: someID.Draw(t, "keep alive"), ClientID: someText.Draw(t, "client"),
		UserName: someText.Draw(t, "user"), Password: someText.Draw(t, "password"), Properties: list}
	if someSwitch.Draw(t, "will") {
		p.Will = &packets.Will{Topic: someText.Draw(t, "will topic"), Payload: someText.Draw(t, "will payload"), Properties: someProperties(t),
			QoS: someQoS.Draw(t, "will QoS"), Retain: someSwitch.Draw(t, "will retain")}
	}
	return p
}
