package codecs

import (
	"errors"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
)

// plain has packets that every codec of the version has to know.
var plain = map[mqttwire.Version]map[string]string{
	mqttwire.V31: {
		"CONNECT": "\x10\x0F\x00\x06MQIsdp\x03\x02\x00\x3C\x00\x01a",
		"PUBLISH": "\x32\x08\x00\x01t\x00\x0Aon!",
	},
	mqttwire.V311: {
		"CONNECT": "\x10\x0D\x00\x04MQTT\x04\x02\x00\x3C\x00\x01a",
		"PUBLISH": "\x32\x08\x00\x01t\x00\x0Aon!",
	},
	mqttwire.V5: {
		"CONNECT": "\x10\x0E\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x01a",
		"PUBLISH": "\x32\x09\x00\x01t\x00\x0A\x00on!",
	},
}

// versions are those that each codec is documented to know.
var versions = map[string][]mqttwire.Version{
	"github.com/mqttwire/mqttwire":        {mqttwire.V31, mqttwire.V311, mqttwire.V5},
	"github.com/mochi-mqtt/server/v2":     {mqttwire.V31, mqttwire.V311, mqttwire.V5},
	"github.com/eclipse/paho.golang":      {mqttwire.V5},
	"github.com/eclipse/paho.mqtt.golang": {mqttwire.V31, mqttwire.V311},
}

// each calls f for each codec and each version that it knows.
func each(t *testing.T, f func(*testing.T, mqttwiretest.Codec, mqttwire.Version)) {
	for _, e := range All() {
		for _, v := range versions[e.Module] {
			t.Run(e.Module+"/"+v.String(), func(t *testing.T) { f(t, e.Codec, v) })
		}
	}
}

func TestAPlainPacketComesBackAsItWas(t *testing.T) {
	each(t, func(t *testing.T, c mqttwiretest.Codec, v mqttwire.Version) {
		for name, packet := range plain[v] {
			got, err := c.Decode([]byte(packet), v, mqttwire.FromClient)
			if err != nil || string(got) != packet {
				t.Errorf("%s: %x, %v, want %x", name, got, err, packet)
			}
		}
	})
}

func TestATruncatedPacketIsRefused(t *testing.T) {
	each(t, func(t *testing.T, c mqttwiretest.Codec, v mqttwire.Version) {
		for name, packet := range plain[v] {
			if _, err := c.Decode([]byte(packet[:len(packet)-1]), v, mqttwire.FromClient); err == nil {
				t.Errorf("%s without its last byte was accepted", name)
			}
		}
	})
}

func TestACONNECTOfAnotherVersionIsRefused(t *testing.T) {
	each(t, func(t *testing.T, c mqttwiretest.Codec, v mqttwire.Version) {
		for other := range plain {
			if other == v {
				continue
			}
			if _, err := c.Decode([]byte(plain[other]["CONNECT"]), v, mqttwire.FromClient); err == nil {
				t.Errorf("CONNECT of %s was accepted as one of %s", other, v)
			}
		}
	})
}

func TestOtherVersionsAreSaidToBeUnknown(t *testing.T) {
	for _, e := range All() {
		known := map[mqttwire.Version]bool{}
		for _, v := range versions[e.Module] {
			known[v] = true
		}
		for v := range plain {
			_, err := e.Codec.Decode([]byte(plain[v]["PUBLISH"]), v, mqttwire.FromClient)
			if got := errors.Is(err, mqttwiretest.ErrVersion); got == known[v] {
				t.Errorf("%s, version %s: unknown is %t", e.Module, v, got)
			}
		}
	}
}
