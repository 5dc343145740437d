package fuzz

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// FuzzTolerance decodes any bytes the strict way and with every violation let
// pass. Both must find the same first violation, and what was let pass must be
// safe to look at and never become illegal bytes.
func FuzzTolerance(f *testing.F) {
	for _, c := range corpusCases(f) {
		if len(c.Bytes) <= 4096 {
			f.Add(c.Bytes, uint8(c.Version))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, version uint8) {
		before := bytes.Clone(b)
		frame, _, err := mqttwire.CutFrame(b, 0)
		if err != nil {
			return
		}
		v := mqttwire.Version(version)
		_, strict := packets.Decode(frame, v)
		all := &mqttwire.Tolerance{Allow: mqttwire.ReportAll, Max: 4*len(b) + 100}
		p, err := packets.DecodeTolerant(frame, v, all)
		checkFindings(t, frame, all, strict, err)
		if err == nil {
			checkTolerated(t, p, v)
			checkTolerated(t, reflect.ValueOf(p).MethodByName("Clone").Call(nil)[0].Interface().(mqttwire.Packet), v)
		}
		checkInterop(t, frame, v, all, err)
		if !bytes.Equal(before, b) {
			t.Fatal("decoding wrote to its input")
		}
	})
}

// checkFindings compares what was found with what the strict way says, which is
// its first.
func checkFindings(t *testing.T, frame mqttwire.Frame, to *mqttwire.Tolerance, strict, err error) {
	t.Helper()
	all := make([]error, 0, len(to.Findings)+1)
	for _, e := range to.Findings {
		if !e.Rule.Readable() {
			t.Fatalf("let pass, though the rest cannot be read: %v", e)
		}
		all = append(all, e)
	}
	if err != nil {
		all = append(all, err)
	}
	seen := map[mqttwire.Error]bool{}
	for _, err := range all {
		requireKnownError(t, err)
		e := err.(*mqttwire.Error)
		if e.Offset < 0 || e.Offset > frame.Header.PacketSize() || seen[*e] {
			t.Fatalf("outside the packet of %d bytes, or twice: %v", frame.Header.PacketSize(), e)
		}
		seen[*e] = true
	}
	switch {
	case to.Dropped != 0:
		t.Fatalf("more findings than the bytes allow: %d", to.Dropped)
	case strict == nil && len(all) > 0:
		t.Fatalf("the strict way accepts, but: %v", all)
	case strict != nil && (len(all) == 0 || !reflect.DeepEqual(all[0], strict)):
		t.Fatalf("the strict way says %v, but: %v", strict, all)
	}
}

// checkTolerated looks at every part of a packet that may break rules. What it
// encodes to, if it does, must be legal.
func checkTolerated(t *testing.T, p mqttwire.Packet, v mqttwire.Version) {
	t.Helper()
	if p.(interface{ String() string }).String() == "" {
		t.Fatal("no text")
	}
	if c, ok := p.(*packets.Connect); ok {
		v = c.Version
	}
	for _, from := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
		_ = packets.CheckSender(p, v, from)
	}
	_ = packets.CheckOptional(p, v)
	for v := mqttwire.V31; v <= mqttwire.V5; v++ {
		size := p.Size(v)
		out, err := p.Append([]byte("prefix"), v)
		if err != nil {
			requireKnownError(t, err)
			if string(out) != "prefix" {
				t.Fatalf("an error changed dst: %x", out)
			}
			continue
		}
		if len(out) != len("prefix")+size {
			t.Fatalf("%v: Size %d, appended %d", p, size, len(out)-len("prefix"))
		}
		frame, rest, err := mqttwire.CutFrame(out[len("prefix"):], 0)
		if err != nil || len(rest) > 0 {
			t.Fatalf("%v encodes to no packet: %x: %v", p, out, err)
		}
		if _, err := packets.Decode(frame, v); err != nil {
			t.Fatalf("%v encodes to what the strict way refuses: %x: %v", p, out, err)
		}
	}
}

// checkInterop checks that the profile lets its own rules pass and no others.
func checkInterop(t *testing.T, frame mqttwire.Frame, v mqttwire.Version, all *mqttwire.Tolerance, allErr error) {
	t.Helper()
	passes := allErr == nil
	for _, e := range all.Findings {
		passes = passes && mqttwire.Interop(e)
	}
	interop := &mqttwire.Tolerance{Allow: mqttwire.Interop}
	if _, err := packets.DecodeTolerant(frame, v, interop); (err == nil) != passes {
		t.Fatalf("expected to pass: %t, found: %v", passes, err)
	}
}
