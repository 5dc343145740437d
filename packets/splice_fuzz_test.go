package packets_test

import (
	"testing"

	"github.com/mqttwire/mqttwire"
)

// FuzzSplice splices any bytes into any bytes. What is accepted was legal and is legal,
// and is what comes of decoding, changing and encoding.
func FuzzSplice(f *testing.F) {
	for _, k := range loadCorpus(f) {
		if len(k.Bytes) <= 256 {
			f.Add(k.Bytes, uint8(k.Version), []byte("a/b"), uint8(mqttwire.UserProperty), uint32(1), uint8(mqttwire.TopicAlias))
			f.Add(k.Bytes, uint8(k.Version), []byte(nil), uint8(mqttwire.AuthenticationData), uint32(1), uint8(mqttwire.ReasonString))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, version uint8, text []byte, id uint8, number uint32, out uint8) {
		x := &parts{text: text, out: []mqttwire.PropertyID{mqttwire.PropertyID(out)}}
		if id != 0 {
			x.more = func(p *mqttwire.Properties) { setAny(p, mqttwire.PropertyID(id), number, text) }
		}
		if len(text) == 0 && number%2 == 0 {
			x.text = nil
		}
		for i := range changes {
			checkSplice(t, &changes[i], x, b, mqttwire.Version(version), changes[i].name)
		}
	})
}

// setAny sets a property of any kind.
func setAny(p *mqttwire.Properties, id mqttwire.PropertyID, number uint32, text []byte) {
	switch q := (mqttwire.Property{ID: id}); {
	case id == mqttwire.UserProperty:
		p.AddUser(text, text)
	case q.IsNumber():
		p.Set(id, number)
	default:
		p.Set(id, text)
	}
}
