package outcome

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/against/record"
	"github.com/mqttwire/mqttwire/packets"
)

// readable are the notes about a packet.
func readable(b []byte, choice uint64) string {
	r := record.Record{Readable: true, Words: true}
	New().Decode(&r, b, choice)
	return string(r.Bytes())
}

func TestAllThatCanBeDoneWithAPacketIsNoted(t *testing.T) {
	got := readable([]byte("\x32\x0a\x00\x03a/b\x00\x0a\x00hi"), 255)
	for _, want := range []string{
		"all, cut: rest = 0\n", "5.0, strict: topic = 3 bytes 612f62 \"a/b\"\n", "5.0, strict: packet identifier = 10\n",
		"5.0, strict: encoded = 12 bytes 320a0003612f62000a006869 ", "5.0, strict: size = 12\n", "5.0, strict: in words = ",
		"5.0, strict: pinned = ", "5.0, set: topic", "5.0, report all: findings = 0\n", "5.0, interop: topic", "5.0, header only: payload = 2\n",
		"3.1.1, strict: payload = 3 bytes 006869 ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no note %q in\n%s", want, got)
		}
	}
}

func TestWhatIsWrongIsNotedWithAllThatTheErrorTells(t *testing.T) {
	got := readable([]byte("\x32\x07\x00\x03a/#\x00\x0a"), 255)
	for _, want := range []string{
		"5.0, strict: rule = \"topic-wildcard\"\n", "5.0, strict: field = \"Topic Name\"\n", "5.0, strict: offset = 6\n", "5.0, strict: found = 35\n",
		"5.0, strict: statement = \"MQTT-3.3.2-2\"\n", "5.0, strict: reason code = ", "3.1.1, report all: findings = 1\n",
		"3.1.1, report all: rule = \"topic-wildcard\"\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no note %q in\n%s", want, got)
		}
	}
}

func TestAPanicIsNoted(t *testing.T) {
	s := &Side{} // has no packets to decode into
	r := record.Record{Readable: true}
	s.Decode(&r, []byte{0xC0, 0}, 255)
	if got := string(r.Bytes()); !strings.Contains(got, ": panic = ") || !r.Panicked {
		t.Errorf("got %s", got)
	}
	r.Reset()
	if !s.Decode(&r, []byte{0xC0, 0}, 255) {
		t.Error("after a panic a PINGREQ is refused")
	}
}

func TestNilAndEmptyAreNotTheSame(t *testing.T) {
	var a, b record.Record
	notePacket(&a, &packets.Publish{Topic: []byte("a"), Payload: nil})
	notePacket(&b, &packets.Publish{Topic: []byte("a"), Payload: []byte{}})
	if bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the notes of a nil and of an empty payload are the same")
	}
}

func TestEveryTypeIsCopiedAsItIs(t *testing.T) {
	for i := mqttwire.CONNECT; i <= mqttwire.AUTH; i++ {
		if got := clone(packets.New(i)).Type(); got != i {
			t.Errorf("the copy of %s is %s", i, got)
		}
	}
}

// A field that soil forgets could be left behind by a decoder unseen.
func TestNoFieldStaysClean(t *testing.T) {
	for i := mqttwire.CONNECT; i <= mqttwire.AUTH; i++ {
		p := packets.New(i)
		soil(p)
		fields := reflect.ValueOf(p).Elem()
		for j := range fields.NumField() {
			if fields.Field(j).IsZero() {
				t.Errorf("%s.%s is not set", i, fields.Type().Field(j).Name)
			}
		}
	}
}
