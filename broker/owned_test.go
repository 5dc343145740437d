package broker_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
)

// named gives a client a User Name.
func named(name string) func(*packets.Connect) {
	return func(c *packets.Connect) {
		c.UserName = []byte(name)
		c.CleanStart = false
		c.Properties.SetSessionExpiryInterval(1000)
	}
}

func TestASessionIsTakenOverByItsOwnerAlone(t *testing.T) {
	for _, v := range versions {
		w := newWorld(t, broker.Options{Owned: true})
		alice := w.connect(v, "p", named("alice"))
		alice.subscribe(0, sub("a", 1))
		for _, other := range []string{"bob", ""} {
			bob := w.connect(v, "p", named(other))
			code := bob.connack().ReasonCode
			assert.True(t, code == mqttwire.ReasonNotAuthorized || v != mqttwire.V5 && code == 5, "%v %v", v, code)
			assert.True(t, bob.closed)
			assert.False(t, alice.closed, "it hears nothing of that")
		}
		again := w.connect(v, "p", named("alice"))
		assert.Zero(t, again.connack().ReasonCode)
		assert.True(t, alice.closed)
		again.lose()
		if v != mqttwire.V31 { // whose session ends where it does not ask for one
			assert.NotZero(t, w.connect(v, "p", named("bob")).connack().ReasonCode, "also while nobody is connected")
		}
		w.b.EndSession(w.now, "", "p")
		w.run()
		assert.Zero(t, w.connect(v, "p", named("bob")).connack().ReasonCode, "who is new has no owner")
	}
}

// Such as all that were made before there were users.
func TestASessionOfNobodyIsThatOfTheFirstWithAName(t *testing.T) {
	o := broker.Options{Owned: true, Journal: true, Rand: &counter{}}
	j := &journaled{world: newWorld(t, o)}
	p := j.connect(mqttwire.V5, "p", keeps)
	p.subscribe(0, sub("a", 1))
	j.commit()
	p.lose()
	j.commit()
	again := &journaled{world: newWorld(t, o)}
	var err error
	again.b, _, err = broker.Restore(o, j.now, each(j.durable))
	require.NoError(t, err)
	alice := again.connect(mqttwire.V5, "p", named("alice"))
	again.commit()
	assert.Zero(t, alice.connack().ReasonCode)
	assert.True(t, alice.connack().SessionPresent)
	for _, other := range []string{"bob", ""} {
		again.commit()
		code := again.connect(mqttwire.V5, "p", named(other)).connack().ReasonCode
		assert.Equal(t, mqttwire.ReasonNotAuthorized, code, "it is hers from then on: %q", other)
	}
	assert.False(t, alice.closed)
}

func TestWithoutOwnersWhoKnowsTheIdentifierTakesTheSession(t *testing.T) {
	w := newWorld(t, broker.Options{})
	w.connect(mqttwire.V5, "p", named("alice"))
	assert.True(t, w.connect(mqttwire.V5, "p", named("bob")).connack().SessionPresent)
}

func TestARestoredSessionHasItsName(t *testing.T) {
	j := newJournaled(t)
	for _, name := range []string{"alice", "bob"} {
		p := j.connect(mqttwire.V5, "of "+name, named(name))
		j.commit()
		p.subscribe(0, sub("a", 1))
		j.commit()
		p.lose()
		j.commit()
	}
	renamed := j.connect(mqttwire.V5, "of bob", named("carol"))
	j.commit()
	renamed.lose()
	j.b.EndSession(j.now, "", "of alice")
	j.commit()
	alice := j.connect(mqttwire.V5, "of alice", keeps)
	j.commit()
	alice.lose()
	j.commit()
	for range 2 {
		again, _ := j.restart(len(j.durable))
		bob, ok := again.b.Client("", "of bob")
		assert.True(t, ok)
		assert.Equal(t, "carol", bob.Peer.Name)
		nobody, ok := again.b.Client("", "of alice")
		assert.True(t, ok)
		assert.Empty(t, nobody.Peer.Name, "the session before had a name, and has ended")
		j = again
	}
}
