package main

import (
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/interleaved"
)

// kind is what a row measures.
type kind uint8

const (
	kindDecode kind = iota
	kindEncode
	kindBuild
	kindStream
	kindFanOut
	kindSize
	kindWorst
)

// row is a work, and those that do it.
type row struct {
	kind       kind
	name       string
	v          mqttwire.Version
	packet     mqttwire.PacketType
	series     string  // of kindSize: what the rows share that differ in size only
	size       string  // of kindSize: the size
	bytes      float64 // that one operation takes or makes
	operations int     // in one iteration of the loops; 0 means 1
	contenders []contender
}

// contender is one of those that do the work of a row.
type contender struct {
	name                  string
	bytes                 float64 // of one operation, where not that of the row
	interleaved.Contender         // its loop is nil in a row whose loops are not kept
}

func (r *row) add(name string, run loop) {
	r.contenders = append(r.contenders, contender{name: name, Contender: interleaved.Contender{Run: run}})
}

// of returns the contender of that name, or nil.
func (r *row) of(name string) *contender {
	for i := range r.contenders {
		if r.contenders[i].name == name {
			return &r.contenders[i]
		}
	}
	return nil
}

// decodeRows and encodeRows are a row for each workload.

func decodeRows() []row {
	var rows []row
	list := workloads()
	for i := range list {
		w := &list[i]
		r := row{kind: kindDecode, name: w.name, v: w.v, packet: w.kind(), bytes: float64(len(w.wire))}
		for _, c := range codecs() {
			if run := c.decode(w); run != nil {
				r.add(c.name, run)
			}
		}
		rows = append(rows, r)
	}
	return rows
}

func encodeRows() []row {
	var rows []row
	list := workloads()
	for i := range list {
		w := &list[i]
		r := row{kind: kindEncode, name: w.name, v: w.v, packet: w.kind(), bytes: float64(len(w.wire))}
		for _, c := range codecs() {
			if c.encode == nil {
				continue
			}
			if run, _ := c.encode(w); run != nil {
				r.add(c.name, run)
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// buildRows set the properties of a PUBLISH anew each time it is encoded.
func buildRows() []row {
	w := built()
	r := row{kind: kindBuild, name: w.name + "/set anew", v: w.v, packet: w.kind(), bytes: float64(len(w.wire))}
	for _, c := range codecs() {
		if c.build != nil {
			run, _ := c.build(w)
			r.add(c.name, run)
		}
	}
	return []row{r}
}

// built is the workload with eight properties.
func built() *workload {
	list := workloads()
	for i := range list {
		if list[i].name == "PUBLISH/v5.0/qos1/64B/props=8" {
			return &list[i]
		}
	}
	panic("no workload with eight properties")
}

// allRows are all that is measured.
func allRows() []row {
	var rows []row
	for _, list := range [][]row{decodeRows(), encodeRows(), buildRows(), streamRows(), fanOutRows(), sizeRows(), worstRows()} {
		rows = append(rows, list...)
	}
	return rows
}

// verify demands that all contenders of a row whose checksum is that of the
// fields have the same one: of a single packet, or of one turn of a stream.
func verify(r *row) error {
	n := 1
	switch r.kind {
	case kindDecode:
	case kindStream:
		n = mixedPackets
	default:
		return nil
	}
	want := r.contenders[0].Run(n)
	for i := range r.contenders {
		c := &r.contenders[i]
		if got := c.Run(n); c.name != nameMemcpy && got != want {
			return fmt.Errorf("%s: %s reads other fields than %s", r.name, c.name, r.contenders[0].name)
		}
	}
	return nil
}
