package broker_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
)

// A driver may look for the next packet at any time, also while another goroutine brings
// what the CONNECT has waited for.
func TestAConnectIsShownOnceThoughItsAnswerComesMeanwhile(t *testing.T) {
	for name, outcome := range map[string]broker.Outcome{"it is taken": broker.Done, "it is refused": broker.Refused} {
		t.Run(name, func(t *testing.T) {
			w := newBy(t, broker.Options{})
			for i := range 3000 {
				conn := w.b.Attach(t.Context(), w.now, session.NewLink(session.LinkOptions{Side: mqttwire.FromServer}), broker.Origin{}, func() {})
				b, err := (&packets.Connect{Version: mqttwire.V5, ClientID: fmt.Append(nil, i), CleanStart: true}).Append(nil, mqttwire.V5)
				require.NoError(t, err)
				conn.Feed(w.now, b)
				_, ok := conn.Packet()
				require.True(t, ok)
				conn.Handle(w.now)
				asked := w.asks(broker.Claim)
				require.Len(t, asked, 1)
				answered := make(chan struct{})
				go func() {
					defer close(answered)
					w.b.Reply(w.now, broker.Reply{Token: asked[0].Token, Outcome: outcome, Epoch: 1})
				}()
				for waits := true; waits; waits = conn.Waits() {
					p, again := conn.Packet()
					require.False(t, again, "%v once more", p)
					runtime.Gosched()
				}
				<-answered
				connack := conn.Append(nil, 100)
				require.Greater(t, len(connack), 3)
				assert.Equal(t, outcome == broker.Done, connack[3] == 0, "%x", connack)
				conn.Lost(w.now, nil)
				w.held = nil
			}
		})
	}
}
