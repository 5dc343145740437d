package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheExchangeEndsWithADisconnect(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(&out))
	assert.Equal(t, `server received CONNECT version=5.0 client_id="thermometer" clean_start keep_alive=60
client received CONNACK code=0x00
server received PUBLISH topic="attic/temperature" qos=1 packet_id=1 payload=4B properties=[User Property: "unit"="C"]
client received PUBACK packet_id=1 code=0x00 (Success)
server received DISCONNECT code=0x00 (Normal disconnection)
`, out.String())
}
