package packets

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

// eachStateAndCase calls f with connections of each side and version, each in another
// state, and the frames of the corpus of that version.
func eachStateAndFrame(t *testing.T, do func(c direction, f mqttwire.Frame, where string)) {
	t.Helper()
	cases, err := corpus.Load()
	require.NoError(t, err)
	for _, from := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
		for v := mqttwire.V31; v <= mqttwire.V5; v++ {
			for _, c := range connections(v, from) {
				if c.free == 0 {
					continue // all goes the long way
				}
				for _, k := range cases {
					if f, _, err := mqttwire.CutFrame(k.Bytes, 0); err == nil && k.Version == v {
						do(c, f, k.Where())
					}
				}
			}
		}
	}
}

// like is a connection as tests compare it: without what only the next error is about.
func (c direction) like() direction {
	c.packetID, c.qos = 0, 0
	return c
}

// requireAlike is require.Equal for what is nearly always so.
func requireAlike(t *testing.T, want, got any, where string) {
	if !reflect.DeepEqual(want, got) {
		t.Helper()
		require.Equal(t, want, got, where)
	}
}

func TestAFreePacketIsDecodedAsOnTheLongWay(t *testing.T) {
	short := map[string]int{}
	eachStateAndFrame(t, func(c direction, f mqttwire.Frame, where string) {
		d, long := Decoder{conn: c}, Decoder{conn: c}
		_, _ = d.set.Decode(f, c.version) // so that the packet is there
		p := d.decodeFree(f)
		want, err := long.decode(f)
		if p == nil {
			if err == nil && f.Header.Size > 0 && c.isFree(f.Header.Type, want) && len(f.Body) < largePacket {
				require.Greater(t, f.Header.PacketSize(), int(c.most), "%s is free and goes the long way", where)
			}
			return
		}
		short[fmt.Sprint(c.from, c.version, p.Type())]++
		require.NoError(t, err, where)
		requireAlike(t, want, p, where)
		requireAlike(t, c.like(), d.conn.like(), where)
		requireAlike(t, c.like(), long.conn.like(), where)
	})
	require.Len(t, short, 2*3*8, "sides, versions, and types: %v", short)
}

func TestAFreePacketIsEncodedAsOnTheLongWay(t *testing.T) {
	eachStateAndFrame(t, func(c direction, f mqttwire.Frame, where string) {
		p, _ := DecodeTolerant(f, c.version, &mqttwire.Tolerance{Allow: mqttwire.ReportAll})
		if p == nil {
			return
		}
		e, long := Encoder{conn: c}, Encoder{conn: c}
		got, err := e.Append([]byte("x"), p)
		want, wantErr := long.appendChecked([]byte("x"), p)
		requireAlike(t, wantErr, err, where)
		requireAlike(t, want, got, where)
		requireAlike(t, long.dropped, e.dropped, where)
		requireAlike(t, long.conn.like(), e.conn.like(), where)
		if m, ok := p.(*Publish); ok {
			requireSameHeader(t, c, m, want, wantErr, where)
		}
	})
}

// requireSameHeader asks for the same of the header alone as of the whole packet.
func requireSameHeader(t *testing.T, c direction, p *Publish, want []byte, wantErr error, where string) {
	t.Helper()
	e := Encoder{conn: c}
	got, err := e.AppendHeader([]byte("x"), p)
	requireAlike(t, wantErr, err, where)
	if err == nil {
		got = append(got, p.Payload...)
	}
	requireAlike(t, want, got, where)
}

// What is too large for the receiver, or is to be streamed, is not free.
func TestALargePacketOfAFreeTypeGoesTheLongWay(t *testing.T) {
	p := &Publish{Topic: []byte("a"), Payload: make([]byte, 20)}
	b, err := p.Append(nil, mqttwire.V5)
	require.NoError(t, err)
	f, _, err := mqttwire.CutFrame(b, 0)
	require.NoError(t, err)
	for limit := len(b) - 1; limit <= len(b); limit++ {
		var connack Connack
		connack.Properties.SetMaximumPacketSize(uint32(limit))
		for _, o := range []Options{{StreamFrom: limit}, {}} {
			o.From, o.Version = mqttwire.FromClient, mqttwire.V5
			d := NewDecoder(o)
			d.conn.note(&Connect{Version: mqttwire.V5}, mqttwire.FromClient)
			if o.StreamFrom == 0 {
				d.Observe(&connack)
			}
			_, _ = d.set.Decode(f, mqttwire.V5)
			require.Equal(t, limit == len(b), d.decodeFree(f) != nil, "%d, %+v", limit, o)
		}
	}
}

func TestAShortPubackIsTheSameAsOneThatIsMade(t *testing.T) {
	limited := func(limit uint32) direction {
		c := newDirection(Options{From: mqttwire.FromClient, Version: mqttwire.V5})
		c.note(&Connect{Version: mqttwire.V5}, mqttwire.FromClient)
		var connack Connack
		connack.Properties.SetMaximumPacketSize(limit)
		c.note(&connack, mqttwire.FromServer)
		return c
	}
	list := []direction{limited(3), limited(4), limited(5)}
	for _, from := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
		for v := mqttwire.V31; v <= mqttwire.V5; v++ {
			list = append(list, connections(v, from)...)
		}
	}
	sent := 0
	for _, c := range list {
		for _, id := range []uint16{0, 1, 0x1234, 65535} {
			short, long := Connection{encoder: Encoder{conn: c}}, Connection{encoder: Encoder{conn: c}}
			short.encoder.dropped = Dropped{ReasonString: true}
			got, err := short.AppendPuback([]byte("x"), id)
			want, wantErr := long.Append([]byte("x"), &Puback{PacketID: id})
			requireAlike(t, wantErr, err, "error")
			requireAlike(t, want, got, "bytes")
			requireAlike(t, Dropped{}, short.Dropped(), "dropped")
			requireAlike(t, long.encoder.conn.like(), short.encoder.conn.like(), "state")
			if err == nil {
				sent++
			}
		}
	}
	require.Positive(t, sent)
	c := Connection{encoder: Encoder{conn: limited(4)}}
	b := make([]byte, 0, 4)
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = c.AppendPuback(b, 7) }))
}
