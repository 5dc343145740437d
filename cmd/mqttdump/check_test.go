package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCheckFindsWhatNoPacketShowsByItself: every packet of the capture is legal, and
// still the server sends what was not asked for, and the client a QoS that the server
// does not take.
func TestCheckFindsWhatNoPacketShowsByItself(t *testing.T) {
	file := filepath.Join(ownCaptures, "mqttjs-v5-auth.pcap")
	_, _, status := dumpAll("", file)
	require.Equal(t, statusDecoded, status)
	out, _, status := dumpAll("", "check", file)
	assert.Equal(t, statusViolation, status)
	assert.Contains(t, out, "MQTT-3.1.2-28  the server      1\n")
	assert.Contains(t, out, "MQTT-3.2.2-11  the client      1\n")
}

func TestCheckOfWhatPassesTheFilterAlone(t *testing.T) {
	file := filepath.Join(ownCaptures, "raw-invalid-connects.pcap")
	out, _, status := dumpAll("", "check", "--stream", "9", file)
	assert.Equal(t, statusViolation, status)
	assert.Contains(t, out, "[MQTT-3.3.2-2]")
	assert.NotContains(t, out, "#8")
	out, _, status = dumpAll("", "check", "--stream", "2", file)
	assert.Equal(t, statusDecoded, status)
	assert.Equal(t, "no violations\n", out)
}

func TestOptionalRulesAreLookedAtOnDemand(t *testing.T) {
	file := filepath.Join(ownCaptures, "mosq-bridge.pcap") // with the bit of a bridge, which is in no standard
	_, _, status := dumpAll("", "check", file)
	assert.Equal(t, statusDecoded, status)
	out, _, status := dumpAll("", "check", "--optional", file)
	assert.Equal(t, statusViolation, status)
	assert.Contains(t, out, "bridge")
}

// TestNoCaptureOfGoodClientsAndServersIsAccused: what is found in the others is looked
// at in the golden files.
func TestNoCaptureOfGoodClientsAndServersIsAccused(t *testing.T) {
	for _, name := range []string{
		"mosq-v31-qos012.pcap", "mqttjs-v5-full.pcap", "mqttjs-v5-midstream.pcap", "mosq-bridge.pcap", "zeek-mqtt.pcap", "paho-py-v5-ipv6-sll.pcapng",
		"paho-py-v311-sll2.pcap", "chopped-v5-mqttjs.pcap", "tcp-split-and-swapped.pcap", "tcp-lost-segments-small.pcap", "ipfixprobe-mqtt.pcap",
		"file-cut-in-record.pcap", "nanosecond-le.pcap", "paho-py-ws-v5.pcap", "faults/lost-third-publish.pcap", "faults/connect-hole.pcap", "faults/v5-connect-cut.pcap",
	} {
		out, _, _ := dumpAll("", "check", "-q", filepath.Join(ownCaptures, name))
		assert.Equal(t, "no violations\n", out, name)
	}
}
