package capture

import (
	"net/netip"

	"github.com/mqttwire/mqttwire"
)

// inlet is where an assembler delivers the bytes of a direction.
type inlet struct{ d *direction }

func (in inlet) take(data []byte, m mark) { outlet{in.d.conv, 0, m}.Bytes(in.d.index, data) }
func (in inlet) lose(n int64, m mark)     { outlet{in.d.conv, 0, m}.Lost(in.d.index, n) }

// outlet is the Outlet of the stage below a level: what it gives goes to the stage
// of that level or, behind the last one, to be cut into packets.
type outlet struct {
	conv  *conversation
	level int
	mark  mark // of the record that is being read
}

// above returns the stage that what is given goes to, or nil.
func (o outlet) above() Stage {
	if o.level < len(o.conv.stages) {
		return o.conv.stages[o.level]
	}
	return nil
}

// next is the outlet of the stage above.
func (o outlet) next() Outlet { return outlet{o.conv, o.level + 1, o.mark} }

func (o outlet) Bytes(i Direction, data []byte) {
	d := o.conv.sides[i]
	if len(data) == 0 || d.state == done {
		return
	}
	if s := o.above(); s != nil {
		s.Take(i, data, o.next())
		return
	}
	d.take(data, o.mark)
}

func (o outlet) Lost(i Direction, n int64) {
	d := o.conv.sides[i]
	if d.state == done {
		return
	}
	if s := o.above(); s != nil {
		s.Lose(i, n, o.next())
		return
	}
	d.lose(n, o.mark)
}

func (o outlet) Client(i Direction) {
	if o.conv.client == nil {
		o.conv.client = o.conv.sides[i]
	}
}

func (o outlet) ClientAddr(addr netip.AddrPort) { o.conv.proxied = addr }

func (o outlet) Note(i Direction, note string) {
	e := o.conv.sides[i].event(StageNote, o.mark)
	e.Note = note
	o.conv.emit(&e)
}

func (o outlet) Stop(i Direction, note string) {
	d := o.conv.sides[i]
	switch {
	case d.state == done:
	case o.conv.mqtt:
		e := d.event(NotMQTT, o.mark)
		e.Note, e.Stopped = note, true
		d.stop()
		o.conv.emit(&e)
	default:
		o.conv.other = true
		o.conv.end(0, note, o.mark)
	}
}

// openStage asks for a stage that reads what a direction begins with, and gives it
// the bytes of both directions that wait. It reports whether there is one.
func (c *conversation) openStage(foreign mqttwire.Foreign, d *direction) bool {
	if c.mqtt || foreign == 0 || len(c.stages) == maxStages {
		return false
	}
	start := c.stageStart(foreign, d)
	for _, open := range c.all.options.Stages {
		if s := open(start); s != nil {
			c.foreign = foreign
			c.push(s, d)
			return true
		}
	}
	return false
}

// stageStart is what is known of the conversation when a direction begins with
// another protocol.
func (c *conversation) stageStart(foreign mqttwire.Foreign, d *direction) StageStart {
	return StageStart{
		Stream:    c.stream,
		Foreign:   foreign,
		By:        d.index,
		Midstream: !d.fromStart() || !d.search.atStart(),
		First:     d.search.buf,
		Src:       [2]netip.AddrPort{c.sides[0].src, c.sides[1].src},
		Sender:    [2]mqttwire.Sender{c.sender(c.sides[0]), c.sender(c.sides[1])},
		Via:       c.via,
	}
}

// push puts a stage on the others, and gives it what has come: first the bytes of
// the direction that told what they are.
func (c *conversation) push(s Stage, by *direction) {
	c.stages = append(c.stages, s)
	if c.via != "" {
		c.via += ", "
	}
	c.via += s.Protocol()
	level := len(c.stages)
	searches := [2]boundarySearch{c.sides[0].search, c.sides[1].search}
	for _, d := range c.sides {
		d.search = boundarySearch{}
	}
	for _, d := range [...]*direction{by, c.opposite(by)} {
		d.replay(searches[d.index], s, level)
	}
}

// replay gives a stage the bytes of a direction that waited.
func (d *direction) replay(waited boundarySearch, s Stage, level int) {
	if n := waited.lost + waited.skipped; n > 0 {
		s.Lose(d.index, n, outlet{d.conv, level, d.bytes.last})
	}
	for _, p := range waited.pieces {
		if d.state == done {
			return
		}
		s.Take(d.index, waited.buf[:p.size], outlet{d.conv, level, p.mark})
		waited.buf = waited.buf[p.size:]
	}
}

// endStages tells the stages that no more bytes of the direction come.
func (d *direction) endStages(m mark) {
	if d.ended {
		return
	}
	d.ended = true
	for i, s := range d.conv.stages {
		if d.state == done {
			return
		}
		s.End(d.index, outlet{d.conv, i + 1, m})
	}
}

// fromStart reports whether what is searched or cut is of a direction, or of what
// the stages made of one, that the capture has from its first byte on.
func (d *direction) fromStart() bool { return d.bytes.fromStart }
