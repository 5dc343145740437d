package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
)

// userLines returns a file of users whose passwords are their names.
func userLines(t *testing.T, names ...string) (lines string) {
	t.Helper()
	for _, name := range names {
		hash, err := bcrypt.GenerateFromPassword([]byte(name), bcrypt.MinCost)
		require.NoError(t, err)
		lines += name + ":" + string(hash) + "\n"
	}
	return lines
}

// usersWith returns the users of a file that has one.
func usersWith(name string, hash []byte) *users {
	u := &users{}
	u.add(name, string(hash))
	return u
}

func as(name, password string) map[string]string {
	return map[string]string{"MQTT_USERNAME": name, "MQTT_PASSWORD": password}
}

func TestServeTakesOnlyUsersWithTheirPassword(t *testing.T) {
	s := serve(t, "--users", write(t, "users", "# who\n\n"+userLines(t, "alice")))
	for name, test := range map[string]struct {
		vars map[string]string
		want int
	}{
		"the right one":  {as("alice", "alice"), statusDone},
		"a wrong one":    {as("alice", "bob"), statusRefused},
		"none":           {map[string]string{"MQTT_USERNAME": "alice"}, statusRefused},
		"another user's": {as("bob", "alice"), statusRefused},
		"no user":        {nil, statusRefused},
	} {
		status, p := s.client(test.vars, "pub", "-t", "a", "-m", "x", "-q", "1")
		assert.Equal(t, test.want, status, "%s: %s", name, p.errs.String())
	}
	assert.NotContains(t, s.errs.String(), "$2a$")
	open := serve(t, "--anonymous", "--users", write(t, "users", userLines(t, "alice")))
	status, _ := open.client(nil, "pub", "-t", "a", "-m", "x", "-q", "1")
	assert.Equal(t, statusDone, status)
	status, _ = open.client(as("alice", "bob"), "pub", "-t", "a", "-m", "x", "-q", "1")
	assert.Equal(t, statusRefused, status)
}

func TestServeKeepsToTheACL(t *testing.T) {
	s := serve(t, "--anonymous", "--users", write(t, "users", userLines(t, "alice")), "--acl",
		write(t, "acl", "topic read open/#\nuser alice\ntopic write open/+\ntopic hall/#\ntopic deny hall/secret\npattern write of/%u/%c\n"))
	alice := as("alice", "alice")
	for _, test := range []struct {
		vars map[string]string
		args []string
		want int
	}{
		{alice, []string{"pub", "-t", "open/a", "-m", "x", "-q", "1"}, statusDone},
		{nil, []string{"pub", "-t", "open/a", "-m", "x", "-q", "1"}, statusRefused},
		{nil, []string{"pub", "-t", "open/a", "-m", "x", "-q", "1", "-V", "311"}, statusDone}, // there is no code to say so
		{alice, []string{"pub", "-t", "hall/a", "-m", "x", "-q", "1"}, statusDone},
		{alice, []string{"pub", "-t", "hall/secret", "-m", "x", "-q", "1"}, statusRefused},
		{alice, []string{"pub", "-t", "of/alice/c", "-m", "x", "-q", "1", "-i", "c"}, statusDone},
		{alice, []string{"pub", "-t", "of/bob/c", "-m", "x", "-q", "1", "-i", "c"}, statusRefused},
		{alice, []string{"pub", "-t", "of/alice/d", "-m", "x", "-q", "1", "-i", "c"}, statusRefused},
		{alice, []string{"pub", "-t", "hall/a", "-m", "x", "-q", "1", "-i", "#"}, statusRefused},
		{nil, []string{"sub", "-t", "open/+", "-E"}, statusDone},
		{nil, []string{"sub", "-t", "hall/a", "-E"}, statusRefused},
		{nil, []string{"sub", "-t", "#", "-E"}, statusRefused},
		{alice, []string{"sub", "-t", "hall/#", "-E"}, statusDone},
		{alice, []string{"sub", "-t", "open/a", "-E"}, statusRefused},
		{alice, []string{"sub", "-t", "hall/#", "--share", "g", "-E"}, statusDone},
		{alice, []string{"sub", "-t", "open/#", "--share", "g", "-E"}, statusRefused},
	} {
		status, p := s.client(test.vars, test.args...)
		assert.Equal(t, test.want, status, "%v %v: %s", test.vars, test.args, p.errs.String())
	}
}

func TestServeReadsUsersAndACLAgainAsAWhole(t *testing.T) {
	users, acl := write(t, "users", userLines(t, "alice")), write(t, "acl", "pattern a\n")
	s := serve(t, "--users", users, "--acl", acl)
	alice, bob := as("alice", "alice"), as("bob", "bob")
	connected := &process{vars: alice}
	ended := connected.begin(t.Context(), "sub", "-t", "a", "-d", "-L", s.url("mqtt"))
	connected.errs.await(t, "SUBACK")

	require.NoError(t, os.WriteFile(users, []byte(userLines(t, "bob")), 0o600))
	require.NoError(t, os.WriteFile(acl, []byte("pattern b\nall a\n"), 0o600))
	s.hangups <- syscall.SIGHUP
	s.errs.await(t, "stay as they are")
	assert.Contains(t, s.errs.String(), `acl:2: there is`)
	status, p := s.client(alice, "pub", "-t", "a", "-m", "x", "-q", "1")
	assert.Equal(t, statusDone, status, p.errs.String())
	status, _ = s.client(bob, "pub", "-t", "a", "-m", "x", "-q", "1")
	assert.Equal(t, statusRefused, status)

	require.NoError(t, os.WriteFile(acl, []byte("pattern b\n"), 0o600))
	s.hangups <- syscall.SIGHUP
	s.errs.await(t, "are read again")
	assert.Equal(t, statusConnect, <-ended, "who is no user any more")
	assert.Contains(t, connected.errs.String(), "the peer has disconnected, reason 0x87")
	status, _ = s.client(alice, "pub", "-t", "b", "-m", "x", "-q", "1")
	assert.Equal(t, statusRefused, status)
	status, p = s.client(bob, "pub", "-t", "b", "-m", "x", "-q", "1")
	assert.Equal(t, statusDone, status, p.errs.String())
	status, _ = s.client(bob, "pub", "-t", "a", "-m", "x", "-q", "1")
	assert.Equal(t, statusRefused, status)
}

func TestASubscriptionFromBeforeAReloadGetsNothingThatTheACLNoLongerAllows(t *testing.T) {
	acl := write(t, "acl", "topic a\ntopic b\n")
	s := serve(t, "--acl", acl)
	connected := &process{}
	ended := connected.begin(t.Context(), "sub", "-t", "a", "-t", "b", "-q", "1", "-C", "1", "-W", "20", "-d", "-L", s.url("mqtt"))
	connected.errs.await(t, "SUBACK")
	require.NoError(t, os.WriteFile(acl, []byte("topic write a\ntopic b\n"), 0o600))
	s.hangups <- syscall.SIGHUP
	s.errs.await(t, "are read again")
	for _, topic := range []string{"a", "b"} {
		status, p := s.client(nil, "pub", "-t", topic, "-m", "of "+topic, "-q", "1")
		require.Equal(t, statusDone, status, p.errs.String())
	}
	assert.Equal(t, statusDone, <-ended)
	assert.Equal(t, "of b\n", connected.out.String())
}

func TestANameThatNobodyHasProvedIsNone(t *testing.T) {
	s := serve(t, "--acl", write(t, "acl", "pattern of/%u\ntopic free\n"))
	status, p := s.client(as("alice", "alice"), "pub", "-t", "free", "-m", "x", "-q", "1")
	assert.Equal(t, statusDone, status, p.errs.String())
	status, _ = s.client(as("alice", "alice"), "pub", "-t", "of/alice", "-m", "x", "-q", "1")
	assert.Equal(t, statusRefused, status)
}

func TestASessionFromBeforeThereWereUsersIsThatOfTheFirstUserWhoTakesIt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "store")
	first := serve(t, "--store", file)
	status, p := first.client(nil, "sub", "-t", "a", "-t", "b", "-q", "1", "-i", "me", "-c", "-E")
	require.Equal(t, statusDone, status, p.errs.String())
	require.Equal(t, statusDone, first.end())
	second := serve(t, "--store", file, "--users", write(t, "users", userLines(t, "alice", "bob")),
		"--acl", write(t, "acl", "user alice\ntopic read a\nuser bob\ntopic write #\ntopic read #\n"))
	status, p = second.client(as("alice", "alice"), "sub", "-t", "a", "-q", "1", "-i", "me", "-c", "-E")
	assert.Equal(t, statusDone, status, p.errs.String())
	for _, topic := range []string{"b", "a"} {
		status, p = second.client(as("bob", "bob"), "pub", "-t", topic, "-q", "1", "-m", "of "+topic)
		require.Equal(t, statusDone, status, p.errs.String())
	}
	status, _ = second.client(as("bob", "bob"), "sub", "-t", "a", "-q", "1", "-i", "me", "-c", "-E")
	assert.Equal(t, statusRefused, status, "it is alice's")
	status, p = second.client(as("alice", "alice"), "sub", "-t", "a", "-q", "1", "-i", "me", "-c", "-C", "1", "-W", "20")
	assert.Equal(t, statusDone, status, p.errs.String())
	assert.Equal(t, "of a\n", p.out.String(), "the ACL is asked for the subscriptions that it had")
}

func TestWhatTheACLAllowsOutlivesTheProgram(t *testing.T) {
	users, acl := write(t, "users", userLines(t, "alice", "bob")), write(t, "acl", "user alice\ntopic read a\nuser bob\ntopic write a\n")
	args := []string{"--store", filepath.Join(t.TempDir(), "store"), "--users", users, "--acl", acl}
	first := serve(t, args...)
	status, p := first.client(as("alice", "alice"), "sub", "-t", "a", "-q", "1", "-i", "me", "-c", "-E")
	require.Equal(t, statusDone, status, p.errs.String())
	require.Equal(t, statusDone, first.end())
	second := serve(t, args...)
	status, p = second.client(as("bob", "bob"), "pub", "-t", "a", "-q", "1", "-m", "kept")
	require.Equal(t, statusDone, status, p.errs.String())
	status, p = second.client(as("bob", "bob"), "pub", "-t", "a", "-q", "1", "-m", "x", "-i", "me", "-c")
	assert.Equal(t, statusRefused, status, "the session is alice's")
	assert.Contains(t, p.errs.String(), "Not authorized")
	status, p = second.client(as("alice", "alice"), "sub", "-t", "a", "-q", "1", "-i", "me", "-c", "-C", "1", "-W", "20")
	assert.Equal(t, statusDone, status, p.errs.String())
	assert.Equal(t, "kept\n", p.out.String())
}

func TestServePrintsALineForAUser(t *testing.T) {
	p := &process{in: "secret\n"}
	require.Equal(t, statusDone, p.run(t.Context(), "serve", "--hash", "alice"), p.errs.String())
	all, err := readUsers(write(t, "users", p.out.String()))
	require.NoError(t, err)
	assert.True(t, all.has("alice", []byte("secret")))
	assert.False(t, all.has("alice", []byte("secret2")))
	for _, name := range []string{"", "a:b", "#a", " a", "a\nb"} {
		assert.Equal(t, statusUsage, (&process{in: "secret\n"}).run(t.Context(), "serve", "--hash", name), name)
	}
	assert.Equal(t, statusUsage, (&process{in: strings.Repeat("x", 73)}).run(t.Context(), "serve", "--hash", "a"))
	assert.Equal(t, statusUsage, (&process{}).run(t.Context(), "serve", "--hash", "a"))
}

func TestANameThatThereIsNotIsComparedWithTheDearestHash(t *testing.T) {
	lines := userLines(t, "alice", "bob", "carol")
	dear, err := bcrypt.GenerateFromPassword([]byte("dave"), bcrypt.MinCost+1)
	require.NoError(t, err)
	for _, file := range []string{lines + "dave:" + string(dear), "dave:" + string(dear) + "\n" + lines} {
		all, err := readUsers(write(t, "users", file))
		require.NoError(t, err)
		assert.Equal(t, string(dear), all.dearest)
		assert.False(t, all.has("eve", []byte("dave")), "whose password it is")
	}
}

func TestAFileOfUsersInPlaceOfAnotherShowsNoHash(t *testing.T) {
	users := write(t, "users", userLines(t, "alice"))
	for _, flag := range []string{"--acl", "--config"} {
		p := &process{}
		assert.Equal(t, statusUsage, p.run(t.Context(), "serve", flag, users))
		assert.Contains(t, p.errs.String(), `"alice"...`, flag)
		assert.NotContains(t, p.errs.String(), "$2", flag)
	}
}

// While a password is compared, which takes long, the users may be read again.
func TestAUserWhoGoesWhileThePasswordIsComparedIsNotTaken(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("alice"), 12)
	require.NoError(t, err)
	g := &guard{usersFile: "users"}
	g.rules.Store(&guardRules{users: usersWith("alice", hash)})
	_, knows := g.knows("alice", []byte("alice"))
	assert.True(t, knows)
	known := make(chan mqttwire.ReasonCode)
	go func() {
		_, code := g.connect(t.Context(), &broker.Peer{Name: "alice"}, &packets.Connect{Password: []byte("alice")})
		known <- code
	}()
	for len(compared.room) == 0 {
		runtime.Gosched()
	}
	g.rules.Store(&guardRules{users: usersWith("bob", hash)})
	assert.Equal(t, mqttwire.ReasonBadUserNameOrPassword, <-known)
}

// Behind the hook that compares, and before the connection is in the list that a reload goes
// through.
func TestAUserWhoGoesOrHasAnotherPasswordWhileAConnectionIsMadeIsThrownOut(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("alice"), bcrypt.MinCost)
	require.NoError(t, err)
	other, err := bcrypt.GenerateFromPassword([]byte("other"), bcrypt.MinCost)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		now  *users
		want mqttwire.PacketType
	}{
		"who stays":                {usersWith("alice", hash), mqttwire.PINGRESP},
		"who is gone":              {usersWith("bob", hash), mqttwire.DISCONNECT},
		"who has another password": {usersWith("alice", other), mqttwire.DISCONNECT},
	} {
		g := &guard{usersFile: "users"}
		g.rules.Store(&guardRules{users: usersWith("alice", hash)})
		h := g.hooks()
		asked := h.Connect
		h.Connect = func(ctx context.Context, c *broker.Peer, p *packets.Connect) (*packets.Auth, mqttwire.ReasonCode) {
			a, code := asked(ctx, c, p)
			g.rules.Store(&guardRules{users: test.now})
			return a, code
		}
		s := &server.Server{Broker: broker.New(broker.Options{Hooks: h})}
		near, far := net.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- s.ServeConn(far) }()
		require.NoError(t, near.SetDeadline(time.Now().Add(patience)))
		c := packets.NewStream(near, packets.ConnectionOptions{Side: mqttwire.FromClient})
		require.NoError(t, c.Send(&packets.Connect{Version: mqttwire.V5, ClientID: []byte("c"), UserName: []byte("alice"), Password: []byte("alice"), CleanStart: true}))
		p, err := c.Receive()
		require.NoError(t, err)
		assert.Equal(t, mqttwire.CONNACK, p.Type())
		if test.want == mqttwire.PINGRESP {
			require.NoError(t, c.Send(&packets.Pingreq{}))
		}
		p, err = c.Receive()
		require.NoError(t, err)
		assert.Equal(t, test.want, p.Type(), name)
		require.NoError(t, near.Close())
		<-ended
		require.NoError(t, s.Close())
	}
}
