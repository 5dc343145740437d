package capture

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhoEndedAConnectionIsTold(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(*talk)
		want []string
	}{
		"both close": {func(c *talk) { c.ends(true, "FA"); c.ends(false, "FA") }, []string{
			"5/0 client closed: the client closed the connection", "6/0 server closed: the server closed the connection"}},
		"the server resets": {func(c *talk) { c.ends(false, "RA") }, []string{"5/0 server reset: the server reset the connection"}},
		"the client closes, the server resets": {func(c *talk) { c.ends(true, "FA"); c.ends(false, "R") }, []string{
			"5/0 client closed: the client closed the connection", "6/0 server reset: the server reset the connection"}},
		"the server closes, and the FIN is sent again": {func(c *talk) { c.ends(false, "FA"); c.down--; c.ends(false, "FA") }, []string{
			"5/0 server closed: the server closed the connection"}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newAcking(t)
			c := tr.open(1883)
			c.says(connect311)
			c.hears(connack3)
			test.end(c)
			assert.Equal(t, test.want, tr.lines(Options{})[2:])
		})
	}
}

func TestAConnectionIsClosedOnceAllBeforeThatIsThere(t *testing.T) {
	tr := newAcking(t)
	c := tr.open(1883)
	c.says(connect311)
	c.says(publish3)
	late := tr.segments[3]
	tr.loses()
	c.ends(true, "FA")
	late.Record = 5
	tr.segments = append(tr.segments, late)
	assert.Equal(t, []string{
		"3/0 client CONNECT 3.1.1",
		"5/0 client PUBLISH 3.1.1",
		"4/0 client closed: the client closed the connection",
	}, tr.lines(Options{}))
}

func TestAPacketThatIsNotFinishedTellsWhy(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(*talk)
		want Cause
	}{
		"the capture ends":    {func(*talk) {}, CaptureEnds},
		"its sender closes":   {func(c *talk) { c.ends(true, "FA") }, ClosedInside},
		"its sender resets":   {func(c *talk) { c.ends(true, "RA") }, ResetInside},
		"its receiver resets": {func(c *talk) { c.ends(false, "RA") }, ResetInside},
		"a byte is lost":      {func(c *talk) { c.up++; c.says("o"); c.hears("") }, LostInside},
	} {
		t.Run(name, func(t *testing.T) {
			tr := newAcking(t)
			c := tr.open(1883)
			c.says(connect311)
			c.hears(connack3)
			c.says(publish3[:8])
			test.end(c)
			var partial []Event
			for _, e := range tr.events(Options{}) {
				if e.Kind == PartialPacket {
					partial = append(partial, e)
				}
			}
			require.Len(t, partial, 1)
			assert.Equal(t, test.want, partial[0].Cause)
			assert.Equal(t, test.want.String(), partial[0].Note)
		})
	}
}

func TestWhatComesBehindTheEndOfAConnectionIsNoStream(t *testing.T) {
	tr := newAcking(t)
	c := tr.open(1883)
	c.says(connect311)
	c.hears(connack3)
	c.ends(true, "FA")
	c.ends(false, "FA")
	c.hears("")
	c.says("")
	c.up -= 11
	c.says(publish3) // again, with another checksum, or whatever
	c.ends(true, "R")
	c.up, c.down = 70000, 90000
	tr.record(c.client, c.server, "S", c.up-1, "")
	c.says(connect5)
	lines := tr.lines(Options{})
	require.Len(t, lines, 5)
	assert.Equal(t, "12/1 client CONNECT 5.0", lines[4])
}

func TestConnectionsThatAreRefusedOrNotAnswered(t *testing.T) {
	for port, told := range map[uint16]bool{1883: true, 80: false, 7777: true} {
		tr := newTrace(t)
		c := tr.begin(port)
		tr.record(c.client, c.server, "S", 999, "")
		tr.record(c.server, c.client, "RA", 0, "")
		other := tr.begin(port)
		other.client = client6
		tr.record(other.client, other.server, "S", 999, "")
		tr.record(other.client, other.server, "S", 999, "")
		var want []string
		if told {
			want = []string{"2/0 server refused: the connection was refused", "3/1 client unanswered: nobody answered"}
		}
		all, err := NewConversations(Options{Ports: []uint16{7777}})
		require.NoError(t, err)
		for _, s := range tr.segments {
			all.Add(s)
		}
		all.Finish()
		assert.Equal(t, want, next(all), port)
		assert.Equal(t, Summary{Segments: 4, Streams: 2, Refused: 1, Unanswered: 1}, all.Summary(), port)
	}
}

func TestAClientThatIsSilentForTooLongIsTold(t *testing.T) {
	const second = time.Second
	for name, test := range map[string]struct {
		connect, connack string
		pause            time.Duration
		want             string
	}{
		"shorter than keep alive":       {connect311, connack3, 59 * second, ""},
		"within one and a half of it":   {connect311, connack3, 89 * second, ""},
		"longer":                        {connect311, connack3, 91 * second, "the client sent no packet for 1m31.002000002s; its keep alive allows 1m30s"},
		"no keep alive":                 {"\x10\x0C\x00\x04MQTT\x04\x02\x00\x00\x00\x00", connack3, 3600 * second, ""},
		"the server asks for a shorter": {connect5, "\x20\x06\x00\x00\x03\x13\x00\x0A", 16 * second, "the client sent no packet for 16.002000002s; its keep alive allows 15s"},
	} {
		t.Run(name, func(t *testing.T) {
			for end, after := range map[string]func(*talk){
				"it speaks":         func(c *talk) { c.says(pingreq) },
				"the server closes": func(c *talk) { c.ends(false, "FA") },
			} {
				tr := newAcking(t)
				c := tr.open(1883)
				c.says(test.connect)
				c.hears(test.connack)
				tr.time = tr.time.Add(test.pause)
				after(c)
				var notes []string
				for _, e := range tr.events(Options{}) {
					if e.Kind == Silence {
						notes = append(notes, e.Note)
						assert.Equal(t, test.pause.Truncate(second), e.Gap.Truncate(second))
						assert.Equal(t, 5, e.Record)
					}
				}
				if test.want == "" {
					assert.Empty(t, notes, end)
				} else {
					assert.Equal(t, []string{test.want}, notes, end)
				}
			}
		})
	}
}

func TestAConnectionOnWhichTheClientHasSpokenWasNotRefused(t *testing.T) {
	tr := newTrace(t)
	c := tr.begin(1883)
	tr.record(c.client, c.server, "S", c.up-1, "")
	c.says(connect311)
	c.ends(false, "R")
	assert.Equal(t, []string{"2/0 client CONNECT 3.1.1", "3/0 server reset: the server reset the connection"}, tr.lines(Options{}))
}

func TestBytesFarBehindTheEndOfAConnectionAreOfAnother(t *testing.T) {
	tr := newAcking(t)
	c := tr.open(1883)
	c.says(connect311)
	c.ends(true, "FA")
	c.ends(false, "FA")
	c.up += 2 * maxHeldBytes
	c.says(connect5)
	lines := tr.lines(Options{})
	assert.Equal(t, "6/1 client CONNECT 5.0", lines[len(lines)-1])
}
