package sessiontest_test

import (
	"fmt"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/sessiontest"
)

// printed is a sessiontest.TB for examples, in place of the *testing.T of a test.
type printed struct{}

func (printed) Helper() {}

func (printed) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func (printed) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// t is the *testing.T of a test.
var t printed

// forgetful is a journal that keeps changes and no snapshots.
type forgetful struct{ session.Journal }

func (j forgetful) Append(records []session.Record) error {
	for _, r := range records {
		if r.Snapshot {
			continue
		}
		if err := j.Journal.Append([]session.Record{r}); err != nil {
			return err
		}
	}
	return nil
}

func ExampleJournal() {
	journals := map[string]session.Journal{}
	sessiontest.Journal(t, func(name string) (session.Journal, error) {
		if journals[name] == nil { // a journal in files opens the one of that name, such as in t.TempDir()
			journals[name] = forgetful{session.MemoryJournal()}
		}
		return journals[name], nil
	})
	// Output:
	// a snapshot takes the place of what was before it: session "a": 1 records were appended and are needed, 2 are loaded, and they differ from record 0 on
	// an empty snapshot ends the records of a session: session "c": 1 records were appended and are needed, 0 are loaded, and they differ from record 0 on
	// a key may be any bytes: session "a": 1 records were appended and are needed, 2 are loaded, and they differ from record 0 on
}

func ExampleTornJournal() {
	sessiontest.TornJournal(t, func(content []byte) (sessiontest.File, error) {
		// In a test, write content to a file in t.TempDir() and open that.
		j, err := openListed(content, "")
		return sessiontest.File{Journal: j, Content: func() ([]byte, error) { return j.content, nil }}, err
	})
	fmt.Println("nothing is lost in silence")
	// Output: nothing is lost in silence
}

func ExampleConnect() {
	// A server that sends a message again which the client has taken on.
	p := sessiontest.Connect(t, sessiontest.Options{Side: mqttwire.FromClient})
	m := &packets.Publish{Topic: []byte("t"), Payload: []byte("x"), QoS: 2, PacketID: 7}
	p.Say(m)
	m.Dup = true
	p.Say(m)
	for _, packet := range p.Got() {
		fmt.Println(packet)
	}
	fmt.Println("handed on", len(p.All(session.Arrived)), "time")
	// Output:
	// PUBREC packet_id=7 code=0x00 (Success)
	// PUBREC packet_id=7 code=0x00 (Success)
	// handed on 1 time
}

func ExampleNewPeer() {
	// A server that refuses a CONNECT.
	s := session.New(session.Options{Side: mqttwire.FromServer})
	l := session.NewLink(session.LinkOptions{Side: mqttwire.FromServer})
	p := sessiontest.NewPeer(t, mqttwire.V311, l, s, time.Now())
	p.Feed(&packets.Connect{Version: mqttwire.V311, ClientID: []byte("c"), CleanStart: true})
	if _, ok := l.Packet(); ok {
		if err := l.Refuse(p.Now, &packets.Connack{ReasonCode: mqttwire.ReasonNotAuthorized}); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(p.Got()[0])
	// Output: CONNACK code=0x05 (Refused: not authorized)
}
