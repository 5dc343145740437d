package main

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// blocksOf has connections end in an order, and returns the streams as they are printed.
func blocksOf(t *testing.T, streams []int) (printed []string) {
	t.Helper()
	var out strings.Builder
	s := &sessionBlocks{app: newApp(context.Background(), nil, &out, nil), times: &timeColumn{style: timeUTC}}
	for _, stream := range streams {
		s.over(newConnection("", &capture.Event{Stream: stream}))
		require.LessOrEqual(t, len(s.waiting), mostBlocks)
	}
	s.print(len(s.waiting))
	require.NoError(t, s.err)
	require.NoError(t, s.app.stdout.Flush())
	for _, found := range regexp.MustCompile(`(?m)^#(\d+)  `).FindAllStringSubmatch(out.String(), -1) {
		printed = append(printed, found[1])
	}
	return printed
}

func TestConnectionsAreToldInTheOrderInWhichTheyBegan(t *testing.T) {
	assert.Equal(t, []string{"0", "1", "2", "3"}, blocksOf(t, []int{2, 0, 3, 1}))
}

func TestManyConnectionsDoNotAllWait(t *testing.T) {
	var streams []int
	for i := range 3 * mostBlocks {
		streams = append(streams, i)
	}
	assert.Len(t, blocksOf(t, streams), len(streams))
}

// TestABlockTellsOfEverything has a connection with some of each.
func TestABlockTellsOfEverything(t *testing.T) {
	k := newTalk(t, mqttwire.V5)
	c := k.open().connects("dev", func(p *packets.Connect, _ *packets.Connack) {
		p.UserName, p.Password, p.Will = []byte("secret-user"), []byte("secret-word"), &packets.Will{Topic: []byte("w"), QoS: 1, Payload: []byte("secret-will")}
	})
	c.client(subscribeTwo).server(&packets.Suback{PacketID: 7, ReasonCodes: []mqttwire.ReasonCode{1, mqttwire.ReasonNotAuthorized}}).
		client(&packets.Unsubscribe{PacketID: 8, Filters: [][]byte{[]byte("a/+")}}).server(&packets.Unsuback{PacketID: 8, ReasonCodes: []mqttwire.ReasonCode{0}}).
		client(publishOf(1, 1, "t")).server(&packets.Puback{PacketID: 9}).server(&packets.Disconnect{ReasonCode: mqttwire.ReasonSessionTakenOver}).closes(mqttwire.FromServer)
	s := &sessionBlocks{times: &timeColumn{style: timeStart}}
	text := string(s.build(k.follow()[0]))
	for _, line := range []string{
		"#0  192.0.2.1:40001 > 192.0.2.9:1883  dev  MQTT 5.0\n",
		"    time        0.000000, for 10ms\n",
		"    connect     clean, keep alive 10 s, user name, password, will \"w\" QoS 1; CONNACK 0x00 (Success) after 1ms\n",
		"    subscribed  \"a/+\" QoS 1: 0x01 (Granted QoS 1), until UNSUBSCRIBE\n",
		"    subscribed  \"b\" QoS 0: 0x87 (Not authorized)\n",
		"    exchanges   PUBLISH to PUBACK: 0 of 1, 0s on average, 0s at most\n",
		"    exchanges   SUBSCRIBE to SUBACK: 1 of 1, 1ms on average, 1ms at most\n",
		"    unfinished  PUBLISH of record 9 by the client, id 1, \"t\" QoS 1: no PUBACK\n",
		"    trouble     0.003000 record 6: the server answered SUBACK 0x87 (Not authorized)\n",
		"    VIOLATION   0.007000 record 10: the server sent PUBACK for packet identifier 9, which is not in use [MQTT-2.2.1-5]\n",
		"    ended       the server sent DISCONNECT 0x8E (Session taken over); the server closed the connection\n",
		"    at fault    the server: the server sent PUBACK for packet identifier 9, which is not in use [MQTT-2.2.1-5]\n",
	} {
		assert.Contains(t, text, line)
	}
	assert.NotContains(t, text, "secret")
}
