package pcap

import (
	"bytes"
	"net/netip"
	"slices"
	"time"
)

// What is held of IP packets that are not complete yet: bytes in all, packets, pieces
// of each; and for how long of the capture's time. RFC 8200 section 4.5 has a receiver
// wait 60 seconds.
const (
	maxFragmentBytes  = 4 << 20
	maxFragmented     = 1 << 10
	maxFragmentPieces = 512
	maxFragmentWait   = 60 * time.Second
)

// maxIPSize is how long an IP packet may be, in bytes.
const maxIPSize = 1 << 16

// fragments puts IP packets together that were sent in pieces. A packet that is never
// completed gives what is there of its first part.
type fragments struct {
	packets map[fragmentKey]*fragmented
	oldest  []*fragmented // in the order in which they came; those that are complete stay until their turn
	bytes   int
}

// fragmentKey tells a packet.
type fragmentKey struct {
	src, dst netip.Addr
	id       uint32
	next     protocol
}

// fragmented is a packet that is not complete.
type fragmented struct {
	key    fragmentKey
	pieces []fragmentPiece // in order, none of which overlaps another
	size   int             // of the whole, or -1 until its last piece came
	held   int
	first  layer // the record that began it
	done   bool
}

// fragmentPiece is a part of a packet.
type fragmentPiece struct {
	at, size int
	data     []byte // what is recorded of it
}

// join takes a piece of an IP packet, and goes on with the whole if it completes that;
// done says that it does not.
func (d *headerDecoder) join(l *layer, id uint32, at int, more bool) (done bool) {
	f := &d.fragments
	d.expire(l.time)
	size := len(l.data) + l.missing
	if l.partial || at+size > maxIPSize || more && size%8 != 0 || size == 0 {
		d.counts.Other++
		return true
	}
	key := fragmentKey{l.src, l.dst, id, l.next}
	p := f.packets[key]
	if p == nil {
		p = f.begin(key, *l)
	}
	p.add(fragmentPiece{at, size, bytes.Clone(l.data)}, f)
	if !more {
		p.size = at + size
	}
	if !p.complete() {
		d.counts.Fragments++
		if len(p.pieces) > maxFragmentPieces {
			d.giveUp(p)
		}
		d.holdLess()
		return true
	}
	data := p.start()
	l.data, l.missing = data, p.size-len(data)
	f.end(p)
	return false
}

// begin begins a packet with its first piece, whichever that is.
func (f *fragments) begin(key fragmentKey, l layer) *fragmented {
	l.data = nil
	p := &fragmented{key: key, size: -1, first: l}
	if f.packets == nil {
		f.packets = make(map[fragmentKey]*fragmented)
	}
	f.packets[key] = p
	f.oldest = append(f.oldest, p)
	return p
}

// add puts a piece where it belongs, unless bytes of it are there: they were recorded
// twice, or somebody wants them read in two ways.
func (p *fragmented) add(n fragmentPiece, f *fragments) {
	i, _ := slices.BinarySearchFunc(p.pieces, n.at, func(o fragmentPiece, at int) int { return o.at - at })
	if i < len(p.pieces) && p.pieces[i].at < n.at+n.size || i > 0 && p.pieces[i-1].at+p.pieces[i-1].size > n.at {
		return
	}
	p.pieces = slices.Insert(p.pieces, i, n)
	const overhead = 64
	p.held += len(n.data) + overhead
	f.bytes += len(n.data) + overhead
}

// complete reports whether all pieces are there.
func (p *fragmented) complete() bool {
	at := 0
	for _, n := range p.pieces {
		if n.at != at {
			return false
		}
		at += n.size
	}
	return p.size >= 0 && at >= p.size
}

// start is what is there of the packet from its first byte on.
func (p *fragmented) start() (data []byte) {
	for _, n := range p.pieces {
		if n.at != len(data) {
			break
		}
		data = append(data, n.data...)
	}
	return data
}

// end forgets a packet.
func (f *fragments) end(p *fragmented) {
	if p.done {
		return
	}
	p.done, p.pieces = true, nil
	f.bytes -= p.held
	delete(f.packets, p.key)
}

// giveUp goes on with what is there of a packet's first part.
func (d *headerDecoder) giveUp(p *fragmented) {
	if p.done {
		return
	}
	d.counts.Incomplete++
	data, size := p.start(), p.size
	d.fragments.end(p)
	if len(data) == 0 {
		return
	}
	l := p.first
	l.next, l.data, l.missing, l.partial = p.key.next, data, max(size-len(data), 0), true
	d.descend(&l)
}

// expire gives up what waits for too long.
func (d *headerDecoder) expire(now time.Time) {
	f := &d.fragments
	for len(f.oldest) > 0 && (f.oldest[0].done || now.Sub(f.oldest[0].first.time) > maxFragmentWait) {
		d.giveUpOldest()
	}
}

// holdLess gives up the oldest packets while more is held than may be.
func (d *headerDecoder) holdLess() {
	f := &d.fragments
	for len(f.oldest) > 0 && (f.bytes > maxFragmentBytes || len(f.packets) > maxFragmented || len(f.oldest) > 4*maxFragmented) {
		d.giveUpOldest()
	}
}

func (d *headerDecoder) giveUpOldest() {
	f := &d.fragments
	p := f.oldest[0]
	f.oldest[0] = nil
	f.oldest = f.oldest[1:]
	d.giveUp(p)
}

// finish gives up all packets that wait, since no more records come.
func (d *headerDecoder) finish() {
	for len(d.fragments.oldest) > 0 {
		d.giveUpOldest()
	}
}
