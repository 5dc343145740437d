package packets

import (
	"os"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

// requireSameDecoding decodes a frame by Decode, without a Judge as long as it can,
// and by judged, with one, into packets that were used before.
func requireSameDecoding(t *testing.T, f mqttwire.Frame, v mqttwire.Version) {
	t.Helper()
	silent, judged := New(f.Header.Type), New(f.Header.Type)
	if silent == nil {
		return
	}
	dirty(silent)
	dirty(judged)
	err := silent.Decode(f, v)
	want := judged.(packet).judged(f, v, nil)
	if !reflect.DeepEqual(err, want) {
		t.Fatalf("%x of %s: %v, expected %v", f, v, err, want)
	}
	if !reflect.DeepEqual(silent, judged) {
		t.Fatalf("%x of %s: %s", f, v, cmp.Diff(judged, silent, cmp.Exporter(func(reflect.Type) bool { return true })))
	}
	if !freshRoom(silent) || !freshRoom(judged) {
		t.Fatalf("%x of %s: the room behind the list keeps what was in it", f, v)
	}
}

// freshRoom reports whether what a list has room for beyond its entries keeps
// nothing alive.
func freshRoom(p mqttwire.Packet) bool {
	switch p := p.(type) {
	case *Subscribe:
		for _, s := range p.Subscriptions[len(p.Subscriptions):cap(p.Subscriptions)] {
			if s.Filter != nil {
				return false
			}
		}
	case *Unsubscribe:
		for _, f := range p.Filters[len(p.Filters):cap(p.Filters)] {
			if f != nil {
				return false
			}
		}
	}
	return true
}

// dirty leaves something in the packet that decoding has to overwrite.
func dirty(p mqttwire.Packet) {
	list := mqttwire.Properties{}
	list.SetReasonString([]byte("old"))
	switch p := p.(type) {
	case *Publish:
		*p = Publish{Topic: []byte("old"), Payload: []byte("old"), Properties: list, PacketID: 1, QoS: 1, Dup: true, Retain: true}
	case *Puback:
		*p = Puback{list, 1, 1}
	case *Pubrec:
		*p = Pubrec{list, 1, 1}
	case *Pubrel:
		*p = Pubrel{list, 1, 1, true}
	case *Pubcomp:
		*p = Pubcomp{list, 1, 1}
	case *Connect:
		w := Will{[]byte("old"), []byte("old"), list, 1, true}
		*p = Connect{mqttwire.V31, true, true, 1, []byte("old"), &w, []byte("old"), []byte("old"), list}
	case *Connack:
		*p = Connack{true, 1, list}
	case *Subscribe:
		old := Subscription{[]byte("old"), 1, true, true, 1}
		*p = Subscribe{list, append(make([]Subscription, 0, 8), old, old, old), 1, true}
	case *Suback:
		*p = Suback{list, append(make([]mqttwire.ReasonCode, 0, 8), 1, 1, 1), 1}
	case *Unsubscribe:
		*p = Unsubscribe{list, append(make([][]byte, 0, 8), []byte("old"), []byte("old"), []byte("old")), 1, true}
	case *Unsuback:
		*p = Unsuback{list, append(make([]mqttwire.ReasonCode, 0, 8), 1, 1, 1), 1}
	case *Disconnect:
		*p = Disconnect{list, 1}
	case *Auth:
		*p = Auth{list, 1}
	}
}

func TestAPacketIsReadAlikeWithAndWithoutAJudge(t *testing.T) {
	cases, err := corpus.Load()
	require.NoError(t, err)
	for _, c := range cases {
		f, _, err := mqttwire.CutFrame(c.Bytes, 0)
		if err != nil || len(f.Body) > 300 {
			continue
		}
		for v := mqttwire.Version(0); v <= 6; v++ {
			requireSameDecoding(t, f, v)
		}
		body := append([]byte(nil), f.Body...)
		for i := range body { // one byte of the packet is another
			for _, b := range []byte{0x00, 0x01, '#', '+', 0x7F, 0x80, 0xFF} {
				body[i] = b
				requireSameDecoding(t, mqttwire.Frame{Header: f.Header, Body: body}, c.Version)
			}
			body[i] = f.Body[i]
		}
		for flags := range uint8(16) {
			h := f.Header
			h.Flags = flags
			requireSameDecoding(t, mqttwire.Frame{Header: h, Body: f.Body}, c.Version)
		}
		for size := range uint8(6) { // the remaining length in more bytes, or from no wire
			h := f.Header
			h.Size = size
			requireSameDecoding(t, mqttwire.Frame{Header: h, Body: f.Body}, c.Version)
		}
		for n := range f.Body { // the packet ends early
			h := f.Header
			h.RemainingLength = uint32(n)
			requireSameDecoding(t, mqttwire.Frame{Header: h, Body: f.Body[:n]}, c.Version)
		}
	}
}

// TestShortBodiesAreReadAlikeWithAndWithoutAJudge goes over all first bytes
// and all bodies of up to four bytes of the edges of their fields; with EVERY_FRAME, as in
// CI, of up to five.
func TestShortBodiesAreReadAlikeWithAndWithoutAJudge(t *testing.T) {
	edges := []byte{0x00, 0x01, 0x02, 'a', '+', 0x23, 0x80}
	most := 4
	if testing.Short() {
		most = 3
	}
	if os.Getenv("EVERY_FRAME") != "" {
		most = 5
	}
	for n := 0; n <= most; n++ {
		total := 1
		for range n {
			total *= len(edges)
		}
		body := make([]byte, n)
		for x := range total {
			for i := range body {
				body[i] = edges[x%len(edges)]
				x /= len(edges)
			}
			for first := 0x20; first <= 0xFF; first++ {
				h := mqttwire.FixedHeader{Type: mqttwire.PacketType(first >> 4), Flags: uint8(first & 15), Size: 2, RemainingLength: uint32(n)}
				if n == 5 && h.Type != mqttwire.PUBLISH && h.Flags != h.Type.Flags() {
					continue // refused whatever the body, as the shorter ones show
				}
				for v := mqttwire.V31; v <= mqttwire.V5; v++ {
					requireSameDecoding(t, mqttwire.Frame{Header: h, Body: body}, v)
				}
			}
		}
	}
}

// FuzzWithAndWithoutAJudge decodes a body of any type with any fixed header.
func FuzzWithAndWithoutAJudge(f *testing.F) {
	cases, err := corpus.Load()
	require.NoError(f, err)
	for _, c := range cases {
		if frame, _, err := mqttwire.CutFrame(c.Bytes, 0); err == nil && len(frame.Body) < 1<<10 {
			f.Add(c.Bytes[0], frame.Header.Size, frame.Body, byte(c.Version))
		}
	}
	f.Fuzz(func(t *testing.T, first, size byte, body []byte, v byte) {
		h := mqttwire.FixedHeader{Type: mqttwire.PacketType(first >> 4), Flags: first & 15, Size: size, RemainingLength: uint32(len(body))}
		requireSameDecoding(t, mqttwire.Frame{Header: h, Body: body}, mqttwire.Version(v))
	})
}
