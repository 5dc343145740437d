package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// process is a command that runs.
type process struct {
	in       string
	vars     map[string]string
	terminal bool // the standard input and error are one
	typed    string
	hangups  chan os.Signal
	out      output
	errs     output
}

// output is a writer that can be read meanwhile.
type output struct {
	mu   sync.Mutex
	b    bytes.Buffer
	more chan struct{} // gets something with each write
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.b.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// patience is for a machine whose disk is slow, and which has much else to do.
const patience = 2 * time.Minute

// await waits until the output has a text.
func (o *output) await(t *testing.T, text string) {
	t.Helper()
	for !strings.Contains(o.String(), text) {
		select {
		case <-o.more:
		case <-time.After(patience):
			require.Contains(t, o.String(), text)
			return
		}
	}
}

// run runs a command, and returns its status.
func (p *process) run(ctx context.Context, args ...string) int {
	return run(ctx, args, environment{
		in: strings.NewReader(p.in), out: &p.out, errs: &p.errs,
		getenv:   func(name string) string { return p.vars[name] },
		terminal: func(any) bool { return p.terminal },
		ask:      func() ([]byte, error) { return []byte(p.typed), nil },
		hangups:  func() <-chan os.Signal { return p.hangups },
	})
}

// begin runs a command beside the test, and returns what gets its status.
func (p *process) begin(ctx context.Context, args ...string) chan int {
	p.out.more, p.errs.more = make(chan struct{}, 1), make(chan struct{}, 1)
	status := make(chan int, 1)
	go func() { status <- p.run(ctx, args...) }()
	return status
}

func TestPubPublishesWhatTheFlagsSay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte("of a file\n"), 0o600))
	for name, test := range map[string]struct {
		args []string
		in   string
		want []string
		qos  mqttwire.QoS
	}{
		"a message":           {[]string{"-t", "a/b", "-m", "hello"}, "", []string{"a/b hello"}, 0},
		"with QoS 1":          {[]string{"-t", "a/b", "-m", "hello", "-q", "1"}, "", []string{"a/b hello"}, 1},
		"with QoS 2":          {[]string{"-t", "a/b", "-m", "hello", "-q", "2"}, "", []string{"a/b hello"}, 2},
		"none":                {[]string{"-t", "a/b", "-n"}, "", []string{"a/b "}, 0},
		"a file":              {[]string{"-t", "a/b", "-f", file}, "", []string{"a/b of a file\n"}, 0},
		"the input":           {[]string{"-t", "a/b", "-s"}, "one\ntwo", []string{"a/b one\ntwo"}, 0},
		"the lines":           {[]string{"-t", "a/b", "-l", "-q", "1"}, "one\r\n\n two\nthree", []string{"a/b one", "a/b ", "a/b  two", "a/b three"}, 1},
		"no lines":            {[]string{"-t", "a/b", "-l"}, "", nil, 0},
		"several times":       {[]string{"-t", "a/b", "-m", "x", "--repeat", "3", "--repeat-delay", "0.001"}, "", []string{"a/b x", "a/b x", "a/b x"}, 0},
		"over the old 3.1":    {[]string{"-t", "a/b", "-m", "x", "-V", "mqttv31", "-q", "2"}, "", []string{"a/b x"}, 2},
		"with few at a time":  {[]string{"-t", "a/b", "-l", "-q", "2", "-M", "1"}, "1\n2\n3\n", []string{"a/b 1", "a/b 2", "a/b 3"}, 2},
		"with a long one":     {[]string{"-t", "a/b", "-s", "-q", "1"}, strings.Repeat("x", 6<<20), []string{"a/b " + strings.Repeat("x", 6<<20)}, 1},
		"from an address":     {[]string{"-t", "a/b", "-m", "x", "-A", "127.0.0.1", "-q", "1"}, "", []string{"a/b x"}, 1},
		"without a ping":      {[]string{"-t", "a/b", "-m", "x", "-k", "0"}, "", []string{"a/b x"}, 0},
		"with words like -D":  {[]string{"-t", "a/b", "-m", "-D"}, "", []string{"a/b -D"}, 0},
		"quietly, and debug":  {[]string{"-t", "a/b", "-m", "x", "-d", "--quiet"}, "", []string{"a/b x"}, 0},
		"with a prefix as id": {[]string{"-t", "a/b", "-m", "x", "-I", "pre-"}, "", []string{"a/b x"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBroker(t)
			p := process{in: test.in}
			require.Equal(t, statusDone, p.run(t.Context(), b.flags(append([]string{"pub"}, test.args...)...)...), p.errs.String())
			assert.True(t, len(test.want) == len(b.messages()) && strings.Join(test.want, "|") == strings.Join(b.messages(), "|"), "%d messages", len(b.got))
			for _, m := range b.got {
				assert.Equal(t, test.qos, m.QoS)
			}
			assert.Empty(t, p.out.String())
		})
	}
}

func TestTheBrokerSeesWhatTheFlagsSayOfTheConnection(t *testing.T) {
	b := newBroker(t)
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte("secret\n"), 0o600))
	connect := func(p *process, args ...string) *packets.Connect {
		t.Helper()
		require.Equal(t, statusDone, p.run(t.Context(), b.flags(append([]string{"pub", "-t", "a", "-m", "x", "-q", "1"}, args...)...)...), p.errs.String())
		return b.connects[len(b.connects)-1]
	}
	c := connect(&process{}, "-i", "me", "-u", "user", "--pw-file", file, "-k", "7", "--will-topic", "gone", "--will-payload", "bye",
		"--will-qos", "1", "--will-retain", "-D", "will", "will-delay-interval", "5", "-D", "connect", "user-property", "k", "v=w",
		"-D", "connect.receive-maximum=20", "-x", "60")
	assert.Equal(t, "me user secret", strings.Join([]string{string(c.ClientID), string(c.UserName), string(c.Password)}, " "))
	assert.Equal(t, uint16(7), c.KeepAlive)
	assert.True(t, c.CleanStart)
	require.NotNil(t, c.Will)
	delay, _ := c.Will.Properties.WillDelayInterval()
	assert.Equal(t, "gone bye", string(c.Will.Topic)+" "+string(c.Will.Payload))
	assert.Equal(t, uint32(5), delay)
	assert.True(t, c.Will.Retain && c.Will.QoS == 1)
	expiry, _ := c.Properties.SessionExpiryInterval()
	receive, _ := c.Properties.ReceiveMaximum()
	assert.Equal(t, []uint32{60, 20}, []uint32{expiry, uint32(receive)})
	for q := range c.Properties.All() {
		if q.ID == mqttwire.UserProperty {
			assert.Equal(t, "k v=w", string(q.Name())+" "+string(q.Value()))
		}
	}
	assert.True(t, c.Properties.Has(mqttwire.UserProperty))

	c = connect(&process{vars: map[string]string{"MQTT_PASSWORD": "other", "MQTT_USERNAME": "env"}}, "-c", "-i", "me")
	assert.Equal(t, "env other", string(c.UserName)+" "+string(c.Password))
	assert.False(t, c.CleanStart)
	expiry, _ = c.Properties.SessionExpiryInterval()
	assert.Equal(t, uint32(1<<32-1), expiry)

	p := &process{terminal: true, typed: "by hand"}
	c = connect(p, "-u", "user", "-P", "-c", "-i", "me", "-x", "∞")
	assert.Equal(t, "by hand", string(c.Password))
	assert.Contains(t, p.errs.String(), "Password: \n")
	assert.Equal(t, mqttwire.V311, connect(&process{}, "-V", "311").Version)
	assert.Equal(t, mqttwire.V5, connect(&process{}).Version)
	c = connect(&process{}, "-I", "pre-")
	assert.Regexp(t, `^pre-\d+$`, string(c.ClientID))

	_, port, _ := strings.Cut(b.address, ":")
	require.Equal(t, statusDone, (&process{}).run(t.Context(), "pub", "-L", "mqtt://you@127.0.0.1:"+port+"/a/of/url", "-m", "x"))
	assert.Equal(t, "you", string(b.connects[len(b.connects)-1].UserName))
	assert.Equal(t, "a/of/url x", b.messages()[len(b.got)-1])

	p = &process{}
	connect(p, "-d", "-u", "user", "--pw-file", file, "-D", "publish.content-type=text/plain", "-D", "publish.payload-format-indicator=true")
	assert.NotContains(t, p.errs.String(), "secret")
	assert.Contains(t, p.errs.String(), "level=")
	m := b.got[len(b.got)-1]
	kind, _ := m.Properties.ContentType()
	form, _ := m.Properties.PayloadFormatIndicator()
	assert.Equal(t, "text/plain", string(kind))
	assert.Equal(t, uint8(1), form)
}

func TestWrongFlagsAreToldWithStatus1(t *testing.T) {
	for args, want := range map[string]string{
		"pub":                                           "there is no topic",
		"pub -t a":                                      "the message comes from one of -m, -f, -s, -l, -n",
		"pub -t a -m x -n":                              "the message comes from one of -m, -f, -s, -l, -n",
		"pub -t a -m x -q 3":                            "a QoS is 0, 1 or 2",
		"pub -t a -l --repeat 2":                        "--repeat and -l do not go together",
		"pub -t a -m x --repeat 0":                      "--repeat is 1 or more",
		"pub -t a -m x --repeat-delay -1":               "--repeat-delay not below 0",
		"pub -t a/# -m x":                               "a topic name has neither + nor #",
		"pub -t a -m x -V 4":                            "-V is 5, 311 or 31",
		"pub -t a -m x -c":                              "-c needs -i",
		"pub -t a -m x -x soon":                         "-x is a number of seconds",
		"pub -t a -m x y":                               `there is "y" behind the flags`,
		"pub -t a -m x -P secret":                       "a password does not belong in the command line",
		"pub -t a -m x -P":                              "the standard input is no terminal",
		"pub -m x -L mqtt://u:secret@host/t":            "a password does not belong in the command line",
		"pub -t a -m x -L http://host/t":                "its scheme is none of",
		"pub -m x -L %%":                                "-L: this is no URL",
		"pub -t a -m x --will-retain":                   "a will needs --will-topic",
		"pub -t a -m x --will-topic w --will-qos 3":     "a QoS is 0, 1 or 2",
		"pub -t a -m x -D x.y=z":                        "it has the form packet.name=value",
		"pub -t a -m x -D publish.name=z":               "no property of publish has this name; there are content-type, correlation-data, message-expiry-interval",
		"pub -t a -m x -D publish.topic-alias=1":        "no property of publish has this name",
		"pub -t a -m x -D connect.receive-maximum=0":    "Receive Maximum",
		"pub -t a -m x -D connect.receive-maximum=many": "the value is a number",
		"pub -t a -m x -D publish.user-property=k":      "a user property has the form name=value",
		"pub -t a -m x --cert x":                        "--cert and --key belong together",
		"pub -t a -m x --tls-version 1":                 "--tls-version is tlsv1.2 or tlsv1.3",
		"pub -t a -m x --cafile /none":                  "no such file",
		"pub -t a -m x --pw-file /none":                 "no such file",
		"pub -t a -m x -A nowhere.invalid":              "nowhere.invalid",
		"pub -h":                                        "it is the host, and mqtt pub --help shows the help",
		"pub --nothing":                                 "unknown flag: --nothing; see mqtt pub --help",
		"sub":                                           "there is no topic filter",
		"sub a/#":                                       "a topic filter stands behind -t",
		"sub -t a/#/b":                                  "# is the last level of a filter",
		"sub -t a -q 3":                                 "a QoS is 0, 1 or 2",
		"sub -t a -C -1":                                "-C and -W are not below 0",
		"sub -t a -R --retained-only":                   "leave nothing to print",
		"sub -t a --retain-handling 3":                  "--retain-handling is 0, 1 or 2",
		"sub -t a --share g --no-local":                 "do not go together",
		"sub -t a -F %":                                 "-F: it ends in a %",
		"sub -t a -F %z":                                "-F: %z is not known",
		"sub -t a -F @k":                                "-F: @k is not known",
		`sub -t a -F \z`:                                `-F: \z is not known`,
		"sub -t a -F %99999t":                           "-F: a width is at most 10000",
		"other":                                         `unknown command "other"`,
	} {
		p := process{}
		assert.Equal(t, statusUsage, p.run(t.Context(), strings.Fields(args)...), args)
		assert.Contains(t, p.errs.String(), want, args)
		assert.NotContains(t, p.errs.String(), "secret", args)
		assert.True(t, strings.HasPrefix(p.errs.String(), "mqtt: "), args)
	}
}

func TestTheStatusSaysWhatHasHappened(t *testing.T) {
	b := newBroker(t)
	p := &process{}
	assert.Equal(t, statusConnect, p.run(t.Context(), "pub", "-h", "127.0.0.1", "-p", "1", "-t", "a", "-m", "x"))
	assert.Contains(t, p.errs.String(), "connection refused")
	p = &process{}
	assert.Equal(t, statusFile, p.run(t.Context(), b.flags("pub", "-t", "a", "-f", "/none")...))
	assert.Contains(t, p.errs.String(), "/none")

	refuse := func(kind mqttwire.PacketType, code mqttwire.ReasonCode) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.refuse = func(p mqttwire.Packet) mqttwire.ReasonCode {
			if p.Type() != kind {
				return 0
			}
			return code
		}
	}
	refuse(mqttwire.CONNECT, mqttwire.ReasonBadUserNameOrPassword)
	for _, v := range []string{"5", "311"} {
		p = &process{}
		assert.Equal(t, statusRefused, p.run(t.Context(), b.flags("pub", "-t", "a", "-m", "x", "-V", v)...))
		assert.Contains(t, strings.ToLower(p.errs.String()), "bad user name or password")
	}
	refuse(mqttwire.PUBLISH, mqttwire.ReasonNotAuthorized)
	p = &process{in: "one\ntwo\n"}
	assert.Equal(t, statusRefused, p.run(t.Context(), b.flags("pub", "-t", "a", "-l", "-q", "1")...))
	assert.Contains(t, p.errs.String(), "line 1: client: refused by the server")
	assert.Contains(t, p.errs.String(), "line 2: client: refused by the server")
	refuse(mqttwire.SUBSCRIBE, mqttwire.ReasonNotAuthorized)
	p = &process{}
	assert.Equal(t, statusRefused, p.run(t.Context(), b.flags("sub", "-t", "a")...))
	assert.Contains(t, p.errs.String(), "the subscription of a")
	refuse(0, 0)

	p = &process{}
	assert.Equal(t, statusTimeout, p.run(t.Context(), b.flags("sub", "-t", "a", "-W", "0.05")...))
	assert.Empty(t, p.errs.String())
	p = &process{}
	assert.Equal(t, statusDone, p.run(t.Context(), b.flags("sub", "-t", "a", "-E")...))
	p = &process{}
	assert.Equal(t, statusDone, p.run(t.Context(), b.flags("sub", "-U", "a", "-E")...))
}

func TestPubThatIsInterruptedSaysWhatIsNotKnown(t *testing.T) {
	b := newBroker(t)
	b.silent = true
	ctx, stop := context.WithCancelCause(t.Context())
	p := &process{}
	status := p.begin(ctx, b.flags("pub", "-t", "a", "-m", "x", "-q", "1")...)
	b.await("publish")
	stop(errors.New("interrupted"))
	assert.Equal(t, statusUnsure, <-status)
	b.await("disconnect")
	assert.Contains(t, p.errs.String(), "interrupted; 1 messages were not acknowledged")
}

// What is on its way is bounded, however fast the input is.
func TestPubReadsNoFartherAheadThanTheWindow(t *testing.T) {
	b := newBroker(t)
	b.silent = true
	ctx, stop := context.WithCancel(t.Context())
	p := &process{in: strings.Repeat(strings.Repeat("x", 1<<20)+"\n", 8)}
	status := p.begin(ctx, b.flags("pub", "-t", "a", "-l", "-q", "1")...)
	for range windowBytes >> 20 {
		b.await("publish")
	}
	stop()
	assert.Equal(t, statusUnsure, <-status)
	assert.Contains(t, p.errs.String(), "interrupted; 4 messages were not acknowledged")
}

func TestPubHasNoMoreUnderWayThanItMay(t *testing.T) {
	b := newBroker(t)
	b.silent = true
	ctx, stop := context.WithCancel(t.Context())
	p := &process{in: "1\n2\n3\n"}
	status := p.begin(ctx, b.flags("pub", "-t", "a", "-l", "-q", "1", "-M", "1")...)
	b.await("publish")
	stop()
	b.await("disconnect")
	assert.Equal(t, statusUnsure, <-status)
	assert.Equal(t, []string{"a 1"}, b.messages())
}

func TestTheTimeOfSubEndsItAlsoWhereTheBrokerDoesNotAnswer(t *testing.T) {
	b := newBroker(t)
	b.refuse = func(p mqttwire.Packet) mqttwire.ReasonCode {
		b.mute = p.Type() == mqttwire.SUBSCRIBE
		return 0
	}
	p := &process{}
	assert.Equal(t, statusTimeout, p.run(t.Context(), b.flags("sub", "-t", "a", "-W", "0.05")...))
	assert.Contains(t, p.errs.String(), "the time of -W is over")
}

func TestFlagsNameTheServer(t *testing.T) {
	for want, f := range map[string]connectionFlags{
		"mqtt://broker:1883 ":        {host: "broker"},
		"mqtt://[::1]:1884 ":         {host: "::1", port: 1884},
		"mqtts://broker:8883 ":       {host: "broker", port: 8883},
		"mqtts://other:8883 ":        {host: "other", tls: tlsFlags{ours: true}},
		"mqtts://broker:1 ":          {host: "broker", port: 1, tls: tlsFlags{caFile: "f"}},
		"unix:///run/mqtt ":          {host: "broker", unix: "/run/mqtt"},
		"mqtts://broker a/b":         {host: "localhost", url: "mqtts://broker/a/b"},
		"mqtt://broker:99 ":          {url: "mqtt://user@broker:99"},
		"wss://broker/path?token=1 ": {url: "wss://broker/path?token=1"},
	} {
		address, topic, err := f.server()
		require.NoError(t, err)
		assert.Equal(t, want, address+" "+topic)
	}
}

// What was acknowledged makes room for as much.
func TestTheWindowOpensAgain(t *testing.T) {
	b := newBroker(t)
	n := 0
	b.refuse = func(p mqttwire.Packet) mqttwire.ReasonCode {
		if p.Type() == mqttwire.PUBLISH {
			n++
			b.silent = n > windowBytes>>20
		}
		return 0
	}
	ctx, stop := context.WithCancel(t.Context())
	p := &process{in: strings.Repeat(strings.Repeat("x", 1<<20)+"\n", 12)}
	status := p.begin(ctx, b.flags("pub", "-t", "a", "-l", "-q", "1")...)
	for range 2 * windowBytes >> 20 {
		b.await("publish")
	}
	stop()
	assert.Equal(t, statusUnsure, <-status)
	assert.Contains(t, p.errs.String(), "interrupted; 4 messages were not acknowledged")
}

// A broker that says that another client has taken the place is not asked again.
func TestAConnectionThatHasEndedForGoodIsTold(t *testing.T) {
	b := newBroker(t)
	takeOver := func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for l := range b.links {
			_ = l.Disconnect(time.Now(), &packets.Disconnect{ReasonCode: mqttwire.ReasonSessionTakenOver})
		}
		b.write()
	}
	b.silent = true
	for event, args := range map[string][]string{"publish": {"pub", "-t", "a", "-m", "x", "-q", "1"}, "subscribe": {"sub", "-t", "a"}} {
		p := &process{}
		status := p.begin(t.Context(), b.flags(args...)...)
		b.await(event)
		takeOver()
		assert.Equal(t, statusConnect, <-status)
		assert.Contains(t, p.errs.String(), "taken over")
	}
}

func TestWhatCannotBePrintedIsTold(t *testing.T) {
	b := newBroker(t)
	p := &process{}
	status := p.begin(t.Context(), b.flags("sub", "-t", "a", "-F", "%J", "-C", "1")...)
	b.await("subscribe")
	b.send(&packets.Publish{Topic: []byte("a"), Payload: []byte("no JSON")})
	b.send(&packets.Publish{Topic: []byte("a"), Payload: []byte("{}")})
	assert.Equal(t, statusDone, <-status)
	assert.Contains(t, p.errs.String(), "mqtt: the payload is not valid JSON on topic a")
	assert.Contains(t, p.out.String(), `"payload":{}}`)

	e := environment{in: strings.NewReader(""), out: fullOutput{}, errs: &p.errs, getenv: func(string) string { return "" }, terminal: func(any) bool { return false }}
	full := make(chan int, 1)
	go func() { full <- run(t.Context(), b.flags("sub", "-t", "a"), e) }()
	b.await("subscribe")
	b.send(&packets.Publish{Topic: []byte("a"), Payload: []byte("x")})
	assert.Equal(t, statusFile, <-full)
}

// fullOutput is a disk without room.
type fullOutput struct{}

func (fullOutput) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestTheBrokerSeesWhatTheFlagsSayOfASubscription(t *testing.T) {
	b := newBroker(t)
	require.Equal(t, statusDone, (&process{}).run(t.Context(), b.flags("sub", "-c", "-i", "s", "-E", "-t", "a/+", "-t", "b", "-q", "1", "--no-local", "--retain-as-published", "--retain-handling", "1")...))
	require.Equal(t, statusDone, (&process{}).run(t.Context(), b.flags("sub", "-c", "-i", "s", "-E", "-t", "c", "--share", "group")...))
	require.Equal(t, statusDone, (&process{}).run(t.Context(), b.flags("sub", "-c", "-i", "s", "-E", "-U", "b")...))
	want := []packets.Subscription{
		{Filter: []byte("a/+"), QoS: 1, NoLocal: true, RetainAsPublished: true, RetainHandling: 1},
		{Filter: []byte("$share/group/c")},
	}
	var got []packets.Subscription
	for s := range b.sessions["s"].Subscriptions() {
		got = append(got, s)
	}
	assert.Equal(t, want, got)
}

// One subscription that is refused is told, and the others hold.
func TestASubscriptionThatIsRefusedIsNotTheEndForTheOthers(t *testing.T) {
	b := newBroker(t)
	b.mu.Lock()
	b.refuseFilter = "private"
	b.mu.Unlock()
	p := &process{}
	status := p.begin(t.Context(), b.flags("sub", "-t", "private", "-t", "a", "-C", "1")...)
	b.await("subscribe")
	b.send(&packets.Publish{Topic: []byte("a"), Payload: []byte("x")})
	assert.Equal(t, statusDone, <-status)
	assert.Equal(t, "x\n", p.out.String())
	assert.Contains(t, p.errs.String(), "the subscription of private")
}

func TestSubPrintsWhatComes(t *testing.T) {
	b := newBroker(t)
	b.send(&packets.Publish{Topic: []byte("a/kept"), Payload: []byte("old"), Retain: true})
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"the payload":                   {[]string{"-t", "a/#", "-C", "3"}, "old\none\ntwo\n"},
		"with the topic":                {[]string{"-t", "a/#", "-v", "-C", "3"}, "a/kept old\na/b one\na/c two\n"},
		"without ends of lines":         {[]string{"-t", "a/#", "-N", "-C", "3"}, "oldonetwo"},
		"without what was kept":         {[]string{"-t", "a/#", "-R", "-C", "2"}, "one\ntwo\n"},
		"only what was kept":            {[]string{"-t", "a/#", "--retained-only"}, "old\n"},
		"without some":                  {[]string{"-t", "a/#", "-T", "a/b", "-C", "2"}, "old\ntwo\n"},
		"two filters":                   {[]string{"-t", "a/b", "-t", "a/c", "-C", "2", "-q", "2"}, "one\ntwo\n"},
		"in a format":                   {[]string{"-t", "a/#", "-F", `%r|%-8t|%05l|%q`, "-C", "2"}, "1|a/kept  |00003|0\n0|a/b     |00003|0\n"},
		"without what was kept, by 5.0": {[]string{"-t", "a/#", "--retain-handling", "2", "-C", "1"}, "one\n"},
		"over 3.1.1":                    {[]string{"-t", "a/#", "-V", "311", "-C", "1"}, "old\n"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &process{}
			status := p.begin(t.Context(), b.flags(append([]string{"sub"}, test.args...)...)...)
			b.await("subscribe")
			b.send(&packets.Publish{Topic: []byte("a/b"), Payload: []byte("one"), QoS: 1})
			b.send(&packets.Publish{Topic: []byte("a/c"), Payload: []byte("two"), QoS: 2})
			assert.Equal(t, statusDone, <-status, p.errs.String())
			assert.Equal(t, test.want, p.out.String())
		})
	}
	p := &process{}
	require.Equal(t, statusDone, p.run(t.Context(), b.flags("sub", "-t", "a/#", "--remove-retained", "-C", "1")...))
	assert.Empty(t, b.retained)
}

// A broker that restarts, and has forgotten everything, changes nothing but for two
// lines.
func TestSubGoesOnWhenTheBrokerRestarts(t *testing.T) {
	t.Parallel()
	b := newBroker(t)
	ctx, stop := context.WithCancel(t.Context())
	p := &process{}
	status := p.begin(ctx, b.flags("sub", "-v", "-t", "a/#")...)
	b.await("subscribe")
	b.send(&packets.Publish{Topic: []byte("a/b"), Payload: []byte("before")})
	p.out.await(t, "a/b before\n")
	b.stop()
	p.errs.await(t, "mqtt: the connection is lost\n")
	b.start()
	b.await("subscribe")
	b.send(&packets.Publish{Topic: []byte("a/b"), Payload: []byte("after")})
	p.out.await(t, "a/b after\n")
	stop()
	assert.Equal(t, statusDone, <-status)
	b.await("disconnect")
	assert.Equal(t, "mqtt: the connection is lost\nmqtt: connected again\n", p.errs.String())
}

// What a broker that restarts has not acknowledged comes again.
func TestPubGoesOnWhenTheBrokerRestarts(t *testing.T) {
	b := newBroker(t)
	b.silent = true
	p := &process{in: "one\ntwo\n"}
	status := p.begin(t.Context(), b.flags("pub", "-t", "a", "-l", "-q", "1", "--quiet")...)
	b.await("publish")
	b.await("publish")
	b.stop()
	b.mu.Lock()
	b.silent = false
	b.mu.Unlock()
	b.start()
	assert.Equal(t, statusDone, <-status, p.errs.String())
	assert.Equal(t, []string{"a one", "a two", "a one", "a two"}, b.messages())
	assert.Empty(t, p.errs.String())
}

func TestHelpAndCompletionsAndManualPages(t *testing.T) {
	for _, args := range []string{"--help", "pub --help", "sub --help", "pub -h --help"} {
		p := &process{}
		if status := p.run(t.Context(), strings.Fields(args)...); args == "pub -h --help" {
			assert.Equal(t, statusUsage, status)
			continue
		} else {
			assert.Equal(t, statusDone, status)
		}
		assert.Contains(t, p.out.String(), "Exit status:\n  0 ", args)
	}
	p := &process{}
	require.Equal(t, statusDone, p.run(t.Context(), "completion", "bash"))
	assert.Contains(t, p.out.String(), "bash completion V2 for mqtt")
	p = &process{}
	require.Equal(t, statusDone, p.run(t.Context(), "__complete", "pub", "--will-"))
	assert.Contains(t, p.out.String(), "--will-topic")
	folder := filepath.Join(t.TempDir(), "man")
	require.Equal(t, statusDone, p.run(t.Context(), "man", folder))
	page, err := os.ReadFile(filepath.Join(folder, "mqtt-sub.1"))
	require.NoError(t, err)
	assert.Regexp(t, `pw\\?-file`, string(page))
	assert.Equal(t, statusFile, p.run(t.Context(), "man", "/dev/null/x"))
}
