package floor

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

func TestAPacketThatIsCutOffIsRefused(t *testing.T) {
	var list mqttwire.Properties
	list.SetMessageExpiryInterval(60)
	list.SetContentType([]byte("text/plain"))
	list.AddUser([]byte("name"), []byte("value"))
	list.AddSubscriptionID(300)
	p := packets.Publish{Topic: []byte("a/b"), QoS: 1, PacketID: 10, Properties: list}
	b, err := p.Append(nil, mqttwire.V5)
	if err != nil {
		t.Fatal(err)
	}
	f, rest, ok := Cut(b)
	var got Publish
	if !ok || len(rest) > 0 || !got.Decode(f, mqttwire.V5, true) || len(got.List) != 4 {
		t.Fatalf("the whole packet gives %v", got)
	}
	for n := range b {
		if _, _, ok := Cut(b[:n]); ok {
			t.Errorf("%d bytes are a packet", n)
		}
	}
	for n := range f.Body {
		if got.Decode(Frame{f.First, f.Body[:n]}, mqttwire.V5, true) {
			t.Errorf("%d bytes are a body", n)
		}
	}
}

// TestTextChecksAgreeWithTheStandardLibrary puts each character at each place of an
// ASCII string.
func TestTextChecksAgreeWithTheStandardLibrary(t *testing.T) {
	for _, c := range []string{"\x00", "+", "#", "a", "\x7F", "\x80", "\xFF", "ü", "語", "😀", "\xED\xA0\x80", "\xC3"} {
		for length := range 20 {
			for at := range length + 1 {
				b := bytes.Repeat([]byte("a"), length)
				b = append(append(append([]byte(nil), b[:at]...), c...), b[at:]...)
				text := utf8.Valid(b) && !bytes.ContainsRune(b, 0)
				if Text(b) != text {
					t.Errorf("Text(%q) is %t", b, !text)
				}
				if topic := text && !bytes.ContainsAny(b, "+#"); Topic(b) != topic {
					t.Errorf("Topic(%q) is %t", b, !topic)
				}
			}
		}
	}
}
