package packets_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestDecoderGoesOnBehindAProxyHeader(t *testing.T) {
	const proxy = "PROXY TCP4 198.51.100.1 192.0.2.2 40001 1883\r\n"
	r := mqttwire.NewReader(strings.NewReader(proxy+connect311+pingreq), mqttwire.Limits{})
	h, err := r.ProxyHeader()
	require.NoError(t, err)
	assert.Equal(t, "198.51.100.1:40001", h.Source.String())
	d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
	for _, want := range []mqttwire.PacketType{mqttwire.CONNECT, mqttwire.PINGREQ} {
		p, err := d.Next(r)
		require.NoError(t, err)
		assert.Equal(t, want, p.Type())
	}
}

func TestDecoderNamesAProtocolBehindAProxyHeader(t *testing.T) {
	f := mqttwire.NewFeeder(mqttwire.Limits{})
	f.Feed([]byte("PROXY UNKNOWN\r\n\x16\x03\x01\x00\xc4\x01"))
	_, err := f.ProxyHeader()
	require.NoError(t, err)
	_, err = packets.NewDecoder(packets.Options{From: mqttwire.FromClient}).Next(f)
	assert.Equal(t, mqttwire.ForeignTLS, requireBreach(t, mqttwire.RuleNotMQTT, err).Foreign)
}
