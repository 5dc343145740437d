package fuzz

import (
	"bytes"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// FuzzProperties reads any bytes as the properties of any owner. What is
// accepted is found again whole by the iterator, and by the getters' view.
func FuzzProperties(f *testing.F) {
	for _, c := range corpusCases(f) {
		if c.Version != mqttwire.V5 || !c.Decodes() || len(c.Bytes) > 2048 {
			continue
		}
		p, err := packets.Decode(c.Frame(), c.Version)
		if err != nil {
			f.Fatal(err)
		}
		if publish, ok := p.(*packets.Publish); ok {
			list, _ := publish.Properties.Append(nil, mqttwire.PropertyOwner(mqttwire.PUBLISH))
			f.Add(list, uint8(mqttwire.PUBLISH))
		}
		f.Add(c.Frame().Body, uint8(p.Type()))
	}
	f.Fuzz(func(t *testing.T, b []byte, o uint8) {
		owner := mqttwire.PropertyOwner(o & 15)
		p, rest, err := mqttwire.ConsumeProperties(b, owner)
		if err != nil {
			requireKnownError(t, err)
			return
		}
		taken := b[:len(b)-len(rest)]
		if out, err := p.Append(nil, owner); err != nil || !bytes.Equal(out, taken) || p.Size() != len(taken) {
			t.Fatalf("%x encodes to %x, size %d, %v", taken, out, p.Size(), err)
		}
		if plain := plainList(p); !bytes.Equal(plain, p.Bytes()) {
			t.Fatalf("%x is walked as %x", p.Bytes(), plain)
		}
		users := 0
		for range p.User() {
			users++
		}
		if (users > 0) != p.Has(mqttwire.UserProperty) {
			t.Fatalf("%d user properties, but Has says %t", users, !p.Has(mqttwire.UserProperty))
		}
		_ = p.String()
		if c := p.Clone(); !c.Equal(p) {
			t.Fatal("a clone differs")
		}
	})
}

// plainList encodes what the iterator shows, by the types of section 2.2.2.2.
func plainList(p mqttwire.Properties) (out []byte) {
	text := func(b []byte) { out = append(append(out, byte(len(b)>>8), byte(len(b))), b...) }
	for q := range p.All() {
		out = append(out, byte(q.ID))
		n := q.Number
		switch q.ID {
		case 0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A:
			out = append(out, byte(n))
		case 0x13, 0x21, 0x22, 0x23:
			out = append(out, byte(n>>8), byte(n))
		case 0x02, 0x11, 0x18, 0x27:
			out = append(out, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		case 0x0B:
			for ; n >= 0x80; n >>= 7 {
				out = append(out, byte(n)|0x80)
			}
			out = append(out, byte(n))
		case 0x26:
			text(q.Name())
			text(q.Value())
		default:
			text(q.Value())
		}
	}
	return out
}
