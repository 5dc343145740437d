package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// TestNoOutputHasWhatControlsATerminal has such characters wherever packets have text,
// and looks at every kind of output.
func TestNoOutputHasWhatControlsATerminal(t *testing.T) {
	const evil = "a\x1B[2Jb\x07\r\n\u009B31m\u202E\u2028\u200B"
	connect := &packets.Connect{Version: mqttwire.V5, ClientID: []byte(evil), CleanStart: true, UserName: []byte(evil), Password: []byte(evil),
		Will: &packets.Will{Topic: []byte(evil), Payload: []byte(evil)}}
	publish := &packets.Publish{PacketID: 3, QoS: 1, Topic: []byte(evil), Payload: []byte(evil)}
	goodbye := &packets.Disconnect{}
	for _, props := range []*mqttwire.Properties{&connect.Properties, &publish.Properties, &goodbye.Properties, &connect.Will.Properties} {
		props.AddUser([]byte(evil), []byte(evil))
	}
	publish.Properties.SetCorrelationData([]byte(evil))
	goodbye.Properties.SetReasonString([]byte(evil))
	subscribe := &packets.Subscribe{PacketID: 4, Subscriptions: []packets.Subscription{{Filter: []byte(evil)}}}
	var text strings.Builder
	for _, p := range []mqttwire.Packet{connect, &packets.Connack{}, publish, subscribe, &packets.Puback{PacketID: 9}, goodbye} {
		b, err := p.Append(nil, mqttwire.V5)
		require.NoError(t, err)
		fmt.Fprintf(&text, "%x\n", b)
	}
	file := temp(t, text.String()+"300500ff1B5B41\n")
	page := filepath.Join(t.TempDir(), "page.html")
	for _, args := range [][]string{
		{}, {"-s"}, {"-v"}, {"-x"}, {"-xs"}, {"-j"}, {"-js"}, {"--case", "-s"}, {"stats"}, {"sessions"}, {"latency"}, {"check"}, {"report", "-o", page},
		{"stats", "-j"}, {"sessions", "-j"}, {"latency", "-j"}, {"check", "-j"}, {"-w", evil}, {"-k", evil}, {"-t", evil + "#"}, {evil},
	} {
		out, notes, _ := dumpAll("", append(args, file)...)
		for _, r := range out + notes {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Fatalf("%v: %q is printed in %q", args, r, out+notes)
			}
		}
	}
	for _, r := range readFile(t, page) {
		assert.True(t, r == '\n' || r == '\t' || unicode.IsPrint(r), "%q", r)
	}
}
