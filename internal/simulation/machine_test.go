package simulation

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/session"
)

// machine draws what happens to a pair.
type machine struct {
	*Pair
}

func TestWhateverHappensToAConnectionWhatIsPromisedIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SampledFrom([]mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5}).Draw(t, "version")
		journal := rapid.Bool().Draw(t, "journal")
		o := session.Options{
			Journal: journal, QueueQoS0: rapid.Bool().Draw(t, "queue QoS 0"), Known: true,
			InFlight: rapid.SampledFrom([]uint16{0, 1, 2}).Draw(t, "in flight"),
			OnLost:   rapid.SampledFrom([]session.Lost{session.ResendQoS1, session.FailAll, session.ResendAll}).Draw(t, "on lost"),
			Full:     rapid.SampledFrom([]session.Policy{session.RefuseNew, session.DropOldest, session.DropNewest, session.DropQoS0First}).Draw(t, "full"),
			Queue:    session.Bounds{Count: rapid.SampledFrom([]int{3, 100}).Draw(t, "queue")},
		}
		m := machine{NewPair(t, v, o, o)}
		m.Connect(Terms{Expiry: 3600, Aliases: 2, AliasMaximum: [2]uint16{2, 2}})
		m.Run()
		actions := map[string]func(*rapid.T){
			"publish":     m.publish,
			"publish too": m.publish,
			"burst":       m.burst,
			"send":        m.send,
			"take on":     func(t *rapid.T) { m.side(t).takeOn(rapid.IntRange(0, 3).Draw(t, "which")) },
			"subscribe":   m.subscribe,
			"cancel":      m.cancel,
			"acknowledge": m.acknowledge,
			"move":        m.move,
			"half":        m.half,
			"half again":  m.half,
			"reconnect":   m.reconnect,
			"run":         func(*rapid.T) { m.Run() },
			"cut":         func(*rapid.T) { m.Cut() },
			"connect":     m.connect,
			"disconnect":  m.disconnect,
			"repeat":      m.repeat,
			"advance":     m.advance,
			"lose":        m.lose,
			"settle":      func(*rapid.T) { m.Settle() },
			"":            func(*rapid.T) { m.check() },
		}
		if journal {
			actions["crash"] = m.crash
			actions["rash"] = func(t *rapid.T) { m.side(t).rash() }
			actions["compact"] = func(t *rapid.T) { m.side(t).compact() }
		}
		t.Repeat(actions)
		m.Settle()
	})
}

func (m machine) side(t *rapid.T) *end {
	return map[string]*end{"client": m.client, "server": m.server}[rapid.SampledFrom([]string{"client", "server"}).Draw(t, "side")]
}

func (m machine) publish(t *rapid.T) {
	e := m.side(t)
	topic := rapid.SampledFrom([]string{"a", "bbb"}).Draw(t, "topic")
	q := mqttwire.QoS(rapid.IntRange(0, 2).Draw(t, "QoS"))
	size := rapid.SampledFrom([]int{1, 60, 200}).Draw(t, "size")
	expiry := rapid.SampledFrom([]uint32{0, 0, 5}).Draw(t, "expiry")
	m.Publish(e, topic, q, size, expiry)
}

// send sends messages of QoS 0 at once.
func (m machine) send(t *rapid.T) {
	e := m.side(t)
	for range rapid.IntRange(1, 3).Draw(t, "messages") {
		m.Send(e, rapid.SampledFrom([]string{"a", "bbb"}).Draw(t, "topic"), rapid.SampledFrom([]int{1, 60, 200}).Draw(t, "size"))
	}
}

func (m machine) subscribe(t *rapid.T) {
	m.Subscribe(rapid.SampledFrom([]string{"a/#", "b"}).Draw(t, "filter"), rapid.Bool().Draw(t, "unsubscribe"))
}

func (m machine) cancel(t *rapid.T) {
	if len(m.ledger.messages) == 0 {
		t.Skip("nothing was published")
	}
	m.Cancel(m.ledger.messages[rapid.IntRange(0, len(m.ledger.messages)-1).Draw(t, "message")])
}

func (m machine) acknowledge(t *rapid.T) {
	e := m.side(t)
	code := mqttwire.ReasonCode(0)
	if m.version == mqttwire.V5 && rapid.Bool().Draw(t, "refuse") {
		code = mqttwire.ReasonNotAuthorized
	}
	e.acknowledge(rapid.IntRange(0, 3).Draw(t, "which"), code)
}

func (m machine) move(t *rapid.T) {
	n := rapid.SampledFrom([]int{1, 2, 7, 100, 1000}).Draw(t, "write")
	m.Move(m.side(t), n, rapid.IntRange(0, 50).Draw(t, "receive"))
}

// burst publishes messages of one QoS, none of which expires or is large.
func (m machine) burst(t *rapid.T) {
	e := m.side(t)
	q := mqttwire.QoS(rapid.IntRange(1, 2).Draw(t, "QoS"))
	for range rapid.IntRange(2, 4).Draw(t, "messages") {
		m.Publish(e, "ccc", q, 1, 0)
	}
}

// half lets one side write all it has, and the other one read that.
func (m machine) half(t *rapid.T) {
	m.Move(m.side(t), 1<<20, 1<<20)
}

// reconnect cuts the connection, and makes one on which the session goes on.
func (m machine) reconnect(t *rapid.T) {
	m.Cut()
	hold := rapid.Bool().Draw(t, "hold")
	n := rapid.SampledFrom([]uint16{0, 1, 2}).Draw(t, "maximum")
	m.Connect(Terms{
		Expiry: 3600, ReceiveMaximum: [2]uint16{n, n}, AliasMaximum: [2]uint16{n, n}, Hold: [2]bool{hold, hold}, Aliases: 2,
	})
	m.Move(m.client, 1<<20, 1<<20)
	m.Move(m.server, 1<<20, rapid.SampledFrom([]int{0, 1 << 20, 1 << 20}).Draw(t, "read"))
}

func (m machine) connect(t *rapid.T) {
	m.Connect(Terms{
		CleanStart:     rapid.IntRange(0, 9).Draw(t, "clean start") == 0,
		Expiry:         rapid.SampledFrom([]uint32{3600, 3600, 10, 0, 1<<32 - 1}).Draw(t, "expiry"),
		ReceiveMaximum: [2]uint16{maximum(t), maximum(t)},
		AliasMaximum:   [2]uint16{maximum(t), maximum(t)},
		PacketSize:     [2]uint32{packetSize(t), packetSize(t)},
		Hold:           [2]bool{rapid.Bool().Draw(t, "hold"), rapid.Bool().Draw(t, "hold")},
		Aliases:        rapid.IntRange(-1, 2).Draw(t, "aliases"),
	})
}

func maximum(t *rapid.T) uint16 {
	return rapid.SampledFrom([]uint16{0, 1, 2, 5}).Draw(t, "maximum")
}

func packetSize(t *rapid.T) uint32 {
	return rapid.SampledFrom([]uint32{0, 0, 120}).Draw(t, "packet size")
}

func (m machine) disconnect(t *rapid.T) {
	if e := m.side(t); e.link != nil {
		if err := e.link.Disconnect(m.now, nil); err != nil && err != session.ErrState {
			t.Fatalf("Disconnect: %v", err)
		}
	}
}

func (m machine) repeat(t *rapid.T) {
	of := rapid.SampledFrom([]mqttwire.PacketType{mqttwire.PUBLISH, mqttwire.PUBACK, mqttwire.PUBREC, mqttwire.PUBREL, mqttwire.PUBCOMP}).Draw(t, "type")
	if of == mqttwire.PUBLISH && (m.terms.Hold[0] || m.terms.Hold[1]) {
		t.Skip("what is held and repeated may be acknowledged in the order of either")
	}
	m.side(t).out.repeat(of, m.version)
}

func (m machine) advance(t *rapid.T) {
	m.Advance(time.Duration(rapid.SampledFrom([]int{1, 6, 50, 130}).Draw(t, "seconds")) * time.Second)
}

func (m machine) lose(t *rapid.T) {
	if !rapid.Bool().Draw(t, "really") {
		t.Skip("seldom")
	}
	m.LoseServer()
}

func (m machine) crash(t *rapid.T) {
	m.side(t).crash(rapid.IntRange(0, 3).Draw(t, "changes"))
}

// check holds the pair to what is to be true at any time.
func (m machine) check() {
	for _, e := range []*end{m.client, m.server} {
		e.same()
		st := e.session.Stats()
		if b := e.options.Queue; b.Count > 0 && st.Waiting+st.InFlight > b.Count {
			m.t.Fatalf("%v: %d messages wait and are in flight, and the queue is for %d", e.side, st.Waiting+st.InFlight, b.Count)
		}
	}
}
