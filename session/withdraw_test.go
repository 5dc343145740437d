package session_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/session"
)

func TestOnlyWhatThePeerHasNotSeenIsWithdrawn(t *testing.T) {
	for _, v := range versions {
		p := newPair(t, v, session.Options{InFlight: 1}, session.Options{})
		p.open()
		first := p.publish(&p.client, "first", mqttwire.AtLeastOnce)
		p.write(&p.client)
		waits := p.publish(&p.client, "waits", mqttwire.AtLeastOnce)
		last := p.publish(&p.client, "last", mqttwire.AtLeastOnce)
		assert.False(t, p.client.session.Withdraw(first), "it was written")
		assert.True(t, p.client.session.Withdraw(waits))
		assert.False(t, p.client.session.Withdraw(waits), "it is gone")
		p.run()
		assert.Equal(t, []string{"t first", "t last"}, p.server.got, v)
		var done []session.Token
		for _, e := range p.client.all(session.Done) {
			done = append(done, e.Token)
		}
		assert.Equal(t, []session.Token{first, last}, done, "the first one is told of all the same")
		assert.False(t, p.client.session.Withdraw(first), "it has ended")
	}
}
