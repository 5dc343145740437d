package pcap

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// fault returns the events of a capture that is hard to read.
func fault(t *testing.T, name string) []capture.Event {
	t.Helper()
	r, err := Open(filepath.Join("..", "testdata", "captures", "faults", name), capture.Options{})
	require.NoError(t, err)
	defer r.Close()
	var events []capture.Event
	for e, err := range r.Events() {
		require.NoError(t, err)
		events = append(events, e)
	}
	return events
}

func TestALostPublishHidesNoOther(t *testing.T) {
	events := fault(t, "lost-third-publish.pcap")
	var ids, acknowledged []uint16
	var lost []capture.Event
	for _, e := range events {
		switch p := e.Packet.(type) {
		case *packets.Publish:
			ids = append(ids, p.PacketID)
			assert.Equal(t, "dev1", e.ClientID)
			assert.NoError(t, e.Err)
		case *packets.Puback:
			acknowledged = append(acknowledged, p.PacketID)
		}
		if e.Kind == capture.LostBytes {
			lost = append(lost, e)
		}
	}
	require.Len(t, lost, 1)
	assert.Equal(t, int64(21), lost[0].Bytes)
	assert.True(t, lost[0].PacketsLost)
	require.Len(t, acknowledged, 199)
	require.Len(t, ids, 198)
	assert.Equal(t, []uint16{1, 2, 4, 5}, ids[:4])
	assert.Equal(t, uint16(199), ids[197])
}

func TestAHoleInsideAConnectIsToldBeforeItsAnswerAndAccusesNobody(t *testing.T) {
	assert.Equal(t, []string{
		"4/0 client lost bytes 1448",
		"4/0 client partial packet CONNECT 1581 of 3029",
		"5/0 server CONNACK 3.1.1",
		"6/0 client SUBSCRIBE 3.1.1",
		"7/0 server SUBACK 3.1.1",
		"8/0 client DISCONNECT 3.1.1",
	}, packetLines(fault(t, "connect-hole.pcap")))
}

func TestAConnectThatIsCutTellsItsVersion(t *testing.T) {
	events := fault(t, "v5-connect-cut.pcap")
	assert.Equal(t, []string{
		"4/0 client lost bytes 1023",
		"4/0 client partial packet CONNECT 1000 of 2023",
		"4/0 server CONNACK 5.0",
		"5/0 client PUBLISH 5.0",
		"6/0 client PUBLISH 5.0",
		"7/0 client DISCONNECT 5.0",
	}, packetLines(events))
	p, ok := events[1].Partial.(*packets.Connect)
	require.True(t, ok)
	assert.Equal(t, mqttwire.V5, p.Version)
	assert.Equal(t, "c", string(p.ClientID))
	for _, e := range events[1:] {
		assert.Equal(t, "c", e.ClientID)
	}
}

func TestAPacketThatItsSenderNeverFinishedIsNotCalledLost(t *testing.T) {
	events := fault(t, "half-publish-fin.pcap")
	require.GreaterOrEqual(t, len(events), 4)
	e := events[2]
	assert.Equal(t, capture.PartialPacket, e.Kind)
	assert.Equal(t, capture.ClosedInside, e.Cause)
	assert.Equal(t, int64(60), e.Bytes)
	assert.Equal(t, 125, e.Frame.Header.PacketSize())
	p, ok := e.Partial.(*packets.Publish)
	require.True(t, ok)
	assert.NotEmpty(t, p.Topic)
	assert.NotZero(t, p.PacketID)
	assert.NotEmpty(t, p.Payload)
	assert.Equal(t, mqttwire.FromClient, e.Sender)
	assert.Equal(t, capture.Closed, events[3].Kind)
	assert.Equal(t, mqttwire.FromClient, events[3].Sender)
}

func TestAConnectWhoseLengthIsNotEncodedNamesItsSession(t *testing.T) {
	events := fault(t, "length-byte-not-encoded.pcap")
	require.Len(t, events, 2)
	e := events[0]
	var fault *mqttwire.Error
	require.ErrorAs(t, e.Err, &fault)
	assert.Equal(t, mqttwire.FieldRemainingLength, fault.Field)
	assert.Nil(t, e.Packet)
	p, ok := e.Partial.(*packets.Connect)
	require.True(t, ok)
	assert.Equal(t, "58ffe54ebea7820001dc1111", string(p.ClientID))
	assert.Equal(t, "7e6f0030-5806-4d52-a1b0-8f1c48fe1111", string(p.UserName))
	assert.Equal(t, string(p.ClientID), e.ClientID)
	assert.Equal(t, capture.Reset, events[1].Kind)
	assert.Equal(t, mqttwire.FromServer, events[1].Sender)
}

func TestThePacketBeforeALongPauseKeepsItsTime(t *testing.T) {
	events := fault(t, "ping-then-late-publish-17501.pcap")
	require.Equal(t, []string{
		"1/0 client PINGREQ 3.1.1?",
		"2/0 server PINGRESP 3.1.1?",
		"3/0 server PUBLISH 3.1.1?",
		"4/0 client PUBACK 3.1.1?",
	}, packetLines(events))
	assert.Less(t, events[1].Time.Sub(events[0].Time), time.Second)
	assert.Greater(t, events[2].Time.Sub(events[1].Time), 26*time.Second)
}

func TestAConnectionThatNobodyAnswersIsTold(t *testing.T) {
	r, err := Open("../testdata/captures/faults/syn-no-answer.pcap", capture.Options{})
	require.NoError(t, err)
	defer r.Close()
	var events []capture.Event
	for e, err := range r.Events() {
		require.NoError(t, err)
		events = append(events, e)
	}
	require.Len(t, events, 1)
	assert.Equal(t, capture.Unanswered, events[0].Kind)
	assert.Equal(t, 1, events[0].Record)
	assert.Equal(t, 1, r.Summary().Unanswered)
	assert.Equal(t, 1, r.Summary().Streams)
	assert.Zero(t, r.Summary().MQTT)
}

func TestEveryLinkLayerGivesThePacketsOfThePlainOne(t *testing.T) {
	want := packetTypes(fault(t, "plain.pcap"))
	require.Len(t, want, 11)
	for _, name := range []string{"pppoe.pcap", "vxlan.pcap", "exported-pdu252.pcap"} {
		events := fault(t, name)
		assert.Equal(t, want, packetTypes(events), name)
		assert.Equal(t, "dev1", events[0].ClientID, name)
		assert.Equal(t, int64(1700000000), events[0].Time.Unix(), name)
	}
	assert.Equal(t, 11, fault(t, "exported-pdu252.pcap")[10].Record, "its records are counted")
}

func TestFragmentsArePutTogether(t *testing.T) {
	events := fault(t, "ip4-frag-reversed.pcap")
	assert.Equal(t, []mqttwire.PacketType{mqttwire.CONNECT, mqttwire.CONNACK, mqttwire.PUBLISH, mqttwire.DISCONNECT}, packetTypes(events))
	assert.Equal(t, 8, events[2].Record, "that of the fragment which completes it")
}

// packetTypes are the types of the whole packets, which are legal.
func packetTypes(events []capture.Event) (all []mqttwire.PacketType) {
	for _, e := range events {
		if e.Kind == capture.WholePacket && e.Err == nil {
			all = append(all, e.Frame.Header.Type)
		}
	}
	return all
}

// packetLines tells the events that are about packets, in words.
func packetLines(events []capture.Event) []string {
	var about []capture.Event
	for _, e := range events {
		switch e.Kind {
		case capture.WholePacket, capture.PartialPacket, capture.BrokenHeader, capture.LostBytes, capture.SkippedBytes:
			about = append(about, e)
		}
	}
	return tell(about)
}
