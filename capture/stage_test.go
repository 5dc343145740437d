package capture

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

// veil is a Stage for tests: each side begins with a line, behind which each byte is
// changed. The server's can be read only when the client's line has come, as in TLS
// a key comes of both sides.
type veil struct {
	name   string
	lines  [2][]byte // as far as they came; nil behind them
	begun  [2]bool
	waits  []byte // of the server
	client Direction
}

func veilOpener(name, greeting string) StageOpener {
	return func(s StageStart) Stage {
		if !bytes.HasPrefix(s.First, []byte(greeting)) {
			return nil
		}
		v := &veil{name: name, client: s.By}
		if s.Sender[s.By] == mqttwire.FromServer {
			v.client = s.By.Opposite()
		}
		return v
	}
}

// veiled is how a side writes packets behind a line.
func veiled(parts ...string) string {
	b := []byte(strings.Join(parts, ""))
	for i := range b {
		b[i] ^= 0x55
	}
	return string(b)
}

func (v *veil) Protocol() string { return v.name }

func (v *veil) Held() int { return len(v.waits) }

func (v *veil) Take(d Direction, data []byte, out Outlet) {
	if !v.begun[d] {
		line, rest, ok := bytes.Cut(append(v.lines[d], data...), []byte("\n"))
		if v.lines[d] = line; !ok {
			return
		}
		v.begun[d] = true
		if bytes.HasSuffix(line, []byte("refused")) {
			out.Note(d, "the veil was refused")
			out.Stop(d, v.name+", refused")
			return
		}
		data = rest
	}
	if d != v.client && !v.begun[v.client] {
		v.waits = append(v.waits, data...)
		return
	}
	out.Bytes(d, []byte(veiled(string(data))))
	if d == v.client && len(v.waits) > 0 {
		out.Bytes(d.Opposite(), []byte(veiled(string(v.waits))))
		v.waits = nil
	}
}

func (v *veil) Lose(d Direction, n int64, out Outlet) { out.Lost(d, n) }

func (v *veil) End(d Direction, out Outlet) { out.Note(d, v.name+" ended") }

// throughVeil are options with a stage for what begins as SSH does.
var throughVeil = Options{Stages: []StageOpener{veilOpener("veil", "SSH-2"), veilOpener("hood", "AMQP")}}

func TestPacketsComeThroughAStage(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(9001)
	c.says("SSH-2\n", veiled(connect5))
	c.hears("SSH-2\n", veiled(connack5))
	c.says(veiled(publish5[:4]))
	c.says(veiled(publish5[4:], pingreq))
	assert.Equal(t, []string{
		"3/0 client CONNECT 5.0 through veil",
		"4/0 server CONNACK 5.0 through veil",
		"6/0 client PUBLISH 5.0 through veil",
		"6/0 client PINGREQ 5.0 through veil",
		"6/0 client note: veil ended through veil",
		"6/0 server note: veil ended through veil",
	}, fixEnds(tr.lines(throughVeil)))
}

// fixEnds gives the notes at the end the record of the last packet.
func fixEnds(lines []string) []string {
	for i, line := range lines {
		if strings.Contains(line, "ended") {
			_, rest, _ := strings.Cut(line, "/")
			lines[i] = "6/" + rest
		}
	}
	return lines
}

func TestAStageMayGiveBytesOfTheOtherDirection(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(9001)
	c.hears("SSH-2\n", veiled(connack5))
	c.hears(veiled(pingresp))
	c.says("SSH-2\n", veiled(connect5))
	lines := tr.lines(throughVeil)
	require.Len(t, lines, 5)
	assert.Equal(t, []string{
		"5/0 client CONNECT 5.0 through veil",
		"5/0 server CONNACK 5.0 through veil",
		"5/0 server PINGRESP 5.0 through veil",
	}, lines[:3])
}

func TestStagesStandOneOnTheOther(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(9001)
	c.says("SSH-2\n", veiled("AMQP\n", veiled(connect5)))
	c.hears("SSH-2\n", veiled("AMQP\n", veiled(connack5)))
	lines := tr.lines(throughVeil)
	require.GreaterOrEqual(t, len(lines), 2)
	assert.Equal(t, "3/0 client CONNECT 5.0 through veil, hood", lines[0])
	assert.Equal(t, "4/0 server CONNACK 5.0 through veil, hood", lines[1])
}

func TestStagesAreNotStackedWithoutEnd(t *testing.T) {
	text := connect5
	for range maxStages + 1 {
		text = "SSH-2\n" + veiled(text)
	}
	tr := newTrace(t)
	tr.open(9001).says(text)
	lines := tr.lines(throughVeil)
	require.NotEmpty(t, lines)
	assert.Equal(t, "3/0 ? SSH, stopped through veil, veil, veil, veil", lines[0])
}

func TestAStageThatStopsEndsWhatIsNoMQTT(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(9001)
	c.says("SSH-2\n")
	c.hears("refused\n")
	c.hears("more")
	c.says(veiled(connect5))
	assert.Equal(t, []string{
		"4/0 server note: the veil was refused through veil",
		"4/0 ? veil, refused, stopped through veil",
	}, tr.lines(throughVeil))
}

func TestWhatIsLostBelowAStageIsLostAboveIt(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(9001)
	c.says("SSH-2\n", veiled(connect5))
	c.says(veiled(publish5[:4]))
	c.up += 3
	c.says(veiled(publish5[7:], pingreq))
	lines := tr.lines(throughVeil)
	require.Greater(t, len(lines), 4)
	assert.Equal(t, []string{
		"3/0 client CONNECT 5.0 through veil",
		"5/0 client lost bytes 3 through veil",
		"5/0 client partial packet PUBLISH 8 of 11 through veil",
		"5/0 client PINGREQ 5.0 through veil",
	}, lines[:4])
}

func TestAStageIsToldWhatIsKnown(t *testing.T) {
	var starts []StageStart
	o := Options{Stages: []StageOpener{func(s StageStart) Stage {
		s.First = bytes.Clone(s.First)
		starts = append(starts, s)
		return nil
	}}}
	tr := newTrace(t)
	tr.begin(7).says("AMQP\x00\x00\x09\x01")
	c := tr.open(9001)
	c.says("SSH-2\n")
	tr.events(o)
	address := func(port uint16) [2]netip.AddrPort {
		return [2]netip.AddrPort{client4, netip.AddrPortFrom(server4.Addr(), port)}
	}
	assert.Equal(t, []StageStart{
		{Stream: 0, Foreign: mqttwire.ForeignAMQP, Midstream: true, First: []byte("AMQP\x00\x00\x09\x01"), Src: address(7)},
		{Stream: 1, Foreign: mqttwire.ForeignSSH, First: []byte("SSH-2\n"), Src: address(9001), Sender: [2]mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer}},
	}, starts)
}

func TestAStreamInWhichAStageFoundNoMQTTIsCountedByItsProtocol(t *testing.T) {
	tr := newTrace(t)
	c := tr.open(9001)
	c.says("SSH-2\n", veiled("text, and no packet"))
	all := newConversations(t, throughVeil)
	for _, s := range tr.segments {
		all.Add(s)
	}
	all.Finish()
	assert.Equal(t, 1, all.Summary().Other)
	assert.Zero(t, all.Summary().NotUnderstood)
}
