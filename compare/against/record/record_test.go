package record

import (
	"bytes"
	"testing"
)

// notes are the bytes that some notes have.
func notes(note func(*Record)) []byte {
	var r Record
	note(&r)
	return r.Bytes()
}

func TestDifferentNotesHaveDifferentBytes(t *testing.T) {
	all := []func(*Record){
		func(r *Record) { r.Number("", 0) },
		func(r *Record) { r.Number("", 254) },
		func(r *Record) { r.Number("", 255) },
		func(r *Record) { r.Number("", -1) },
		func(r *Record) { r.Number("", 1<<40) },
		func(r *Record) { r.Slice("", nil) },
		func(r *Record) { r.Slice("", []byte{}) },
		func(r *Record) { r.Slice("", []byte{0}) },
		func(r *Record) { r.Text("", "ab"); r.Text("", "c") },
		func(r *Record) { r.Text("", "a"); r.Text("", "bc") },
	}
	for i := range all {
		for j := range all[:i] {
			if bytes.Equal(notes(all[i]), notes(all[j])) {
				t.Errorf("notes %d and %d have the same bytes", i, j)
			}
		}
	}
}

func TestReadableNotesSayWhereAndWhat(t *testing.T) {
	r := Record{Readable: true}
	r.In("5.0", "strict")
	r.Number("offset", -1)
	r.Slice("topic", []byte("a\x00"))
	r.Slice("payload", nil)
	want := "5.0, strict: offset = -1\n5.0, strict: topic = 2 bytes 6100 \"a\\x00\"\n5.0, strict: payload = nil\n"
	if got := string(r.Bytes()); got != want {
		t.Errorf("got %q", got)
	}
	r.Reset()
	if len(r.Bytes()) != 0 {
		t.Error("Reset leaves notes")
	}
}
