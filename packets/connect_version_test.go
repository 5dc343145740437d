package packets_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/packets"
)

func TestConnectVersionReadsNameAndLevelAlone(t *testing.T) {
	for body, want := range map[string]struct {
		v      mqttwire.Version
		bridge bool
	}{
		"\x00\x06MQIsdp\x03":   {mqttwire.V31, false},
		"\x00\x04MQTT\x04":     {mqttwire.V311, false},
		"\x00\x04MQTT\x05\xFF": {mqttwire.V5, false},
		"\x00\x06MQIsdp\x83":   {mqttwire.V31, true},
		"\x00\x04MQTT\x84":     {mqttwire.V311, true},
		"\x00\x04MQTT\x85":     {}, // 5.0 has no bridge bit
		"\x00\x04MQTT\x06":     {},
		"\x00\x04MQTT\x03":     {},
		"\x00\x06MQIsdp\x04":   {},
		"\x00\x04MQTX\x04":     {},
		"\x00\x04MQTT":         {},
		"\x00\x04MQT":          {},
		"\x00":                 {},
		"":                     {},
	} {
		v, bridge := packets.ConnectVersion([]byte(body))
		assert.Equal(t, want.v, v, "%q", body)
		assert.Equal(t, want.bridge, bridge, "%q", body)
	}
}

func TestConnectVersionAgreesWithDecode(t *testing.T) {
	cases, err := corpus.Load()
	require.NoError(t, err)
	connects := 0
	for _, c := range cases {
		if !c.Decodes() || c.Frame().Header.Type != mqttwire.CONNECT {
			continue
		}
		connects++
		var p packets.Connect
		require.NoError(t, p.Decode(c.Frame(), 0), c.Where())
		v, bridge := packets.ConnectVersion(c.Frame().Body)
		assert.Equal(t, p.Version, v, c.Where())
		assert.Equal(t, p.Bridge, bridge, c.Where())
	}
	require.Greater(t, connects, 30)
}
