package packets

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
)

// connections returns connections in which packets of the side may come, each in
// another state.
func connections(v mqttwire.Version, from mqttwire.Sender) (list []connection) {
	for _, optional := range []bool{false, true} {
		for _, method := range []bool{false, true} {
			for limit := range 8 {
				list = append(list, connectionsLimited(Options{From: from, Version: v, Optional: optional}, method, limit)...)
			}
		}
	}
	return list
}

// connectionsLimited returns the states that a connection goes through: new, after
// CONNECT, after CONNACK, and after it was refused or has ended.
func connectionsLimited(o Options, method bool, limit int) (list []connection) {
	connect, connack := &Connect{Version: o.Version, CleanStart: true, ClientID: []byte("c")}, &Connack{}
	if method {
		connect.Properties.SetAuthenticationMethod([]byte("m"))
	}
	if limit&1 != 0 {
		connect.Properties.SetMaximumPacketSize(20)
		connack.Properties.SetMaximumPacketSize(20)
		connect.Properties.SetTopicAliasMaximum(5)
		connack.Properties.SetTopicAliasMaximum(5)
	}
	if limit&2 != 0 {
		connect.Properties.SetRequestProblemInformation(false)
		connack.Properties.SetMaximumQoS(0)
		connack.Properties.SetRetainAvailable(false)
	}
	if limit&4 != 0 {
		connack.Properties.SetWildcardSubscriptionAvailable(false)
		connack.Properties.SetSharedSubscriptionAvailable(false)
		connack.Properties.SetSubscriptionIdentifierAvailable(false)
	}
	c := newConnection(o)
	list = append(list, c)
	c.note(connect, mqttwire.FromClient)
	list = append(list, c)
	refused := c
	refused.note(&Connack{ReasonCode: mqttwire.ReasonNotAuthorized}, mqttwire.FromServer)
	list = append(list, refused)
	c.note(connack, mqttwire.FromServer)
	list = append(list, c)
	c.note(&Disconnect{}, o.From)
	return append(list, c)
}

// What is free breaks no rule of the connection and changes nothing in it.
func TestAFreePacketLeavesCheckAndNoteNothingToDo(t *testing.T) {
	cases, err := corpus.Load()
	require.NoError(t, err)
	free := map[string]int{}
	for _, from := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
		for v := mqttwire.V31; v <= mqttwire.V5; v++ {
			states := connections(v, from)
			for _, k := range cases {
				if k.Version != v || !k.Decodes() {
					continue
				}
				p, err := Decode(k.Frame(), v)
				require.NoError(t, err, k.Where())
				for i := range states {
					if c := states[i]; c.isFree(p.Type(), p) {
						requireNothingToDo(t, c, p, k.Where())
						free[fmt.Sprint(from, v, p.Type())]++
					}
				}
			}
		}
	}
	require.Len(t, free, 2*3*8, "sides, versions, and types: %v", free)
}

func requireNothingToDo(t *testing.T, c connection, p mqttwire.Packet, where string) {
	t.Helper()
	before := c
	if rule := c.orderFault(p.Type()); rule != 0 {
		t.Fatalf("%s: %s", where, rule)
	}
	c.check(p)
	if c.err != nil {
		t.Fatalf("%s: %s", where, c.err)
	}
	c.note(p, c.from)
	before.about(p)
	if !reflect.DeepEqual(before, c) {
		t.Fatalf("%s: %+v, before %+v", where, c, before)
	}
}

// A packet type whose name stands in no rule of the connection is checked each time,
// so that who adds one and forgets to look here loses speed, not a check.
func TestATypeThatTheConnectionDoesNotKnowIsNeverFree(t *testing.T) {
	const unknown = 0
	for _, c := range connections(mqttwire.V5, mqttwire.FromServer) {
		require.True(t, c.binds(unknown))
	}
}

// In the ordinary state of a connection, what makes up most of a stream is free.
func TestMostPacketsOfAStreamAreFree(t *testing.T) {
	message := func(set func(*Publish)) *Publish {
		p := &Publish{Topic: []byte("a"), QoS: 1, PacketID: 1}
		set(p)
		return p
	}
	plain := message(func(*Publish) {})
	typed := message(func(p *Publish) { p.Properties.SetContentType([]byte("text/plain")) })
	aliased := message(func(p *Publish) { p.Properties.SetTopicAlias(1) })
	for _, from := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
		c := connectionsLimited(Options{From: from, Version: mqttwire.V5}, false, 0)[3]
		for _, p := range []mqttwire.Packet{plain, typed, &Puback{}, &Pubrec{}, &Pubrel{}, &Pubcomp{}} {
			require.True(t, c.isFree(p.Type(), p), "%s", p)
		}
		for _, p := range []mqttwire.Packet{aliased, &Puback{ReasonCode: mqttwire.ReasonNoMatchingSubscribers}, &Connect{}, &Connack{}, &Disconnect{}, &Auth{}} {
			require.False(t, c.isFree(p.Type(), p), "%s", p)
		}
		require.Equal(t, from == mqttwire.FromClient, c.isFree(mqttwire.SUBSCRIBE, &Subscribe{}))
		require.Equal(t, from == mqttwire.FromServer, c.isFree(mqttwire.SUBACK, &Suback{}))
		ended := connectionsLimited(Options{From: from, Version: mqttwire.V5}, false, 0)[4]
		require.False(t, ended.isFree(mqttwire.PUBLISH, plain))
	}
}
