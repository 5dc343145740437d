package mochi

import (
	"bytes"
	"errors"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2/packets"

	"github.com/mqttwire/mqttwire"
)

// encoded is what Encode appends.
func encoded(t *testing.T, pk mochi.Packet) string {
	t.Helper()
	var buf bytes.Buffer
	if err := Encode(&pk, &buf); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// puback is a PUBACK of packet 1 in version v.
func puback(v byte) mochi.Packet {
	return mochi.Packet{FixedHeader: mochi.FixedHeader{Type: mochi.Puback}, ProtocolVersion: v, PacketID: 1}
}

func TestARefusalIsMochisCodesAndTheCodecsError(t *testing.T) {
	pk := mochi.Packet{FixedHeader: mochi.FixedHeader{Type: mochi.Publish, Dup: true, Remaining: 4}, ProtocolVersion: 5}
	err := Decode(&pk, []byte("\x00\x01a\x00"))
	if !errors.Is(err, mochi.ErrMalformedPacket) || !errors.Is(err, mochi.ErrMalformedTopic) {
		t.Errorf("%v is not of mochi's codes for 0x81", err)
	}
	if errors.Is(err, mochi.ErrProtocolViolation) {
		t.Errorf("%v is one of mochi's codes for 0x82", err)
	}
	var e *mqttwire.Error
	if !errors.As(err, &e) || e.Statement != "MQTT-3.3.1-2" || !errors.Is(err, mqttwire.ErrMalformed) {
		t.Errorf("%v is not the codec's own error", err)
	}
}

func TestABodyThatIsNotOfTheRemainingLengthIsRefused(t *testing.T) {
	for _, remaining := range []int{1, 3} {
		pk := puback(5)
		pk.FixedHeader.Remaining = remaining
		if err := Decode(&pk, []byte("\x00\x01")); !errors.Is(err, mochi.ErrMalformedPacket) {
			t.Errorf("2 bytes of %d: %v", remaining, err)
		}
	}
}

func TestWhatIsRefusedAppendsNothing(t *testing.T) {
	buf := bytes.NewBufferString("before")
	pk := puback(5)
	pk.PacketID = 0
	if err := Encode(&pk, buf); !errors.Is(err, mochi.ErrProtocolViolation) || buf.String() != "before" {
		t.Errorf("got %v and %q", err, buf)
	}
	pk.FixedHeader.Type = mochi.Reserved
	if err := Encode(&pk, buf); !errors.Is(err, mochi.ErrNoValidPacketAvailable) || buf.String() != "before" {
		t.Errorf("got %v and %q", err, buf)
	}
}

func TestEncodeAppendsToWhatIsThere(t *testing.T) {
	buf := bytes.NewBufferString("before")
	pk := puback(5)
	if err := Encode(&pk, buf); err != nil || buf.String() != "before\x40\x02\x00\x01" || pk.FixedHeader.Remaining != 2 {
		t.Errorf("got %v, %q and remaining length %d", err, buf, pk.FixedHeader.Remaining)
	}
}

func TestCodesThat3xHasNotAreLeftOut(t *testing.T) {
	pk := puback(4)
	pk.ReasonCode = 0x87
	if got := encoded(t, pk); got != "\x40\x02\x00\x01" {
		t.Errorf("PUBACK: %x", got)
	}
	pk.FixedHeader.Type, pk.ReasonCodes = mochi.Unsuback, []byte{0x87}
	if got := encoded(t, pk); got != "\xB0\x02\x00\x01" {
		t.Errorf("UNSUBACK: %x", got)
	}
}

func TestPropertiesThatAPacketCannotHaveAreLeftOut(t *testing.T) {
	pk := puback(5)
	pk.Properties = mochi.Properties{ContentType: "text", TopicAlias: 1, TopicAliasFlag: true, ReasonString: "no"}
	if got := encoded(t, pk); got != "\x40\x09\x00\x01\x00\x05\x1F\x00\x02no" {
		t.Errorf("got %x", got)
	}
}

func TestSubscriptionIdentifier0IsNone(t *testing.T) {
	pk := mochi.Packet{FixedHeader: mochi.FixedHeader{Type: mochi.Publish}, ProtocolVersion: 5, TopicName: "a"}
	pk.Properties.SubscriptionIdentifier = []int{0, 7}
	if got := encoded(t, pk); got != "\x30\x06\x00\x01a\x02\x0B\x07" {
		t.Errorf("got %x", got)
	}
}

func TestWhatTheReceiverDoesNotWishIsLeftOut(t *testing.T) {
	const bare, whole = "\x40\x02\x00\x01", "\x40\x10\x00\x01\x00\x0C\x1F\x00\x02no\x26\x00\x01k\x00\x01v"
	for name, c := range map[string]struct {
		mods mochi.Mods
		want string
	}{
		"all is wished":         {mochi.Mods{}, whole},
		"no problem info":       {mochi.Mods{DisallowProblemInfo: true}, bare},
		"as much as fits":       {mochi.Mods{MaxSize: 18}, whole},
		"no User Property fits": {mochi.Mods{MaxSize: 17}, "\x40\x09\x00\x01\x00\x05\x1F\x00\x02no"},
		"no Reason String fits": {mochi.Mods{MaxSize: 10}, bare},
	} {
		t.Run(name, func(t *testing.T) {
			pk := puback(5)
			pk.Properties = mochi.Properties{ReasonString: "no", User: []mochi.UserProperty{{Key: "k", Val: "v"}}}
			pk.Mods = c.mods
			if got := encoded(t, pk); got != c.want {
				t.Errorf("got %x, want %x", got, c.want)
			}
		})
	}
}

func TestAPublishKeepsItsUserProperties(t *testing.T) {
	pk := mochi.Packet{FixedHeader: mochi.FixedHeader{Type: mochi.Publish}, ProtocolVersion: 5, TopicName: "a"}
	pk.Properties.User = []mochi.UserProperty{{Key: "k", Val: "v"}}
	pk.Mods = mochi.Mods{DisallowProblemInfo: true, MaxSize: 1}
	if got := encoded(t, pk); got != "\x30\x0B\x00\x01a\x07\x26\x00\x01k\x00\x01v" { // [MQTT-3.3.2-17]
		t.Errorf("got %x", got)
	}
}

func TestResponseInformationIsForThoseWhoAskedForIt(t *testing.T) {
	pk := mochi.Packet{FixedHeader: mochi.FixedHeader{Type: mochi.Connack}, ProtocolVersion: 5}
	pk.Properties.ResponseInfo = "r"
	if got := encoded(t, pk); got != "\x20\x03\x00\x00\x00" { // [MQTT-3.1.2-28]
		t.Errorf("not asked for: %x", got)
	}
	pk.Mods.AllowResponseInfo = true
	if got := encoded(t, pk); got != "\x20\x07\x00\x00\x04\x1A\x00\x01r" {
		t.Errorf("asked for: %x", got)
	}
}

func TestACONNECTTellsItsOwnVersion(t *testing.T) {
	const body = "\x00\x04MQTT\x05\x02\x00\x3C\x00\x00\x01a"
	header := mochi.FixedHeader{Type: mochi.Connect, Remaining: len(body)}
	for _, expected := range []byte{0, 4, 5} { // mochi's server begins with 4
		pk := mochi.Packet{FixedHeader: header, ProtocolVersion: expected}
		if err := Decode(&pk, []byte(body)); err != nil || pk.ProtocolVersion != 5 {
			t.Errorf("with version %d before: %v, version %d", expected, err, pk.ProtocolVersion)
		}
	}
}

// What the comment of packets.Disconnect says of mochi.
func TestMochiLooksAtTheCodeOfADisconnectOnlyIfMoreFollows(t *testing.T) {
	for body, want := range map[string]byte{"\x04": 0, "\x04\x07\x1F\x00\x04gone": 4} {
		pk := mochi.Packet{ProtocolVersion: 5, FixedHeader: mochi.FixedHeader{Type: mochi.Disconnect, Remaining: len(body)}}
		if err := pk.DisconnectDecode([]byte(body)); err != nil || pk.ReasonCode != want {
			t.Errorf("%q: code 0x%02x %v", body, pk.ReasonCode, err)
		}
	}
}
