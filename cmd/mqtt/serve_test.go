package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
	"github.com/mqttwire/mqttwire/session"
)

// serving is a broker of the command that runs.
type serving struct {
	*process
	t      *testing.T
	status chan int
	stop   context.CancelFunc
}

// serve starts the command on a free port of the loopback, unless the flags say another.
func serve(t *testing.T, args ...string) *serving {
	t.Helper()
	if !strings.Contains(strings.Join(args, " "), "listen") {
		args = append(args, "--listen", "mqtt://127.0.0.1:0")
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	s := &serving{process: &process{hangups: make(chan os.Signal)}, t: t, stop: stop}
	s.status = s.begin(ctx, append([]string{"serve"}, args...)...)
	t.Cleanup(func() { stop(); <-s.status })
	s.begun()
	return s
}

// begun waits until it listens, or fails with what it says if it has ended.
func (s *serving) begun() {
	s.t.Helper()
	for !strings.Contains(s.out.String(), "listening on") {
		select {
		case <-s.out.more:
		case status := <-s.status:
			s.status <- status
			require.Fail(s.t, "serve has ended", "status %d, %s", status, s.errs.String())
		case <-time.After(patience):
			require.Fail(s.t, "serve does not listen", "it says %q", s.errs.String())
		}
	}
}

// url returns where it listens with a scheme.
func (s *serving) url(scheme string) string {
	s.t.Helper()
	found := regexp.MustCompile(`listening on (` + scheme + `://\S+)`).FindStringSubmatch(s.out.String())
	require.NotNil(s.t, found, s.out.String())
	return found[1]
}

// end ends it by a signal, and returns its status.
func (s *serving) end() int {
	s.stop()
	status := <-s.status
	s.status <- status
	return status
}

// client runs a command that connects to it.
func (s *serving) client(vars map[string]string, args ...string) (int, *process) {
	p := &process{vars: vars}
	return p.run(s.t.Context(), append(args, "-L", s.url("mqtt"))...), p
}

// write writes a file of a test.
func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestServeKeepsWhatIsRetainedAndEndsWithASignal(t *testing.T) {
	s := serve(t)
	for _, version := range []string{"31", "311", "5"} {
		status, p := s.client(nil, "pub", "-V", version, "-t", "a/"+version, "-m", "hello", "-q", "2", "-r")
		require.Equal(t, statusDone, status, p.errs.String())
		status, p = s.client(nil, "sub", "-V", version, "-t", "a/"+version, "-C", "1", "-W", "20")
		assert.Equal(t, statusDone, status, p.errs.String())
		assert.Equal(t, "hello\n", p.out.String())
	}
	assert.Equal(t, statusDone, s.end())
	assert.Contains(t, s.errs.String(), "shutting down")
}

func TestServeListensAtEachURL(t *testing.T) {
	host := certificateFiles(t, "server")
	s := serve(t, "--cert", host.cert, "--key", host.key, "--listen", "mqtt://127.0.0.1:0", "--listen", "mqtts://127.0.0.1:0",
		"--listen", "ws://127.0.0.1:0/here", "--listen", "wss://127.0.0.1:0", "--listen", "unix://"+filepath.Join(t.TempDir(), "s"))
	s.out.await(t, "unix://")
	assert.Regexp(t, `wss://127.0.0.1:\d+/mqtt\n`, s.out.String(), "the path that it has unless it is given another")
	for _, scheme := range []string{"mqtt", "mqtts", "ws", "wss", "unix"} {
		to := []string{"-L", s.url(scheme), "--cafile", host.cert}
		if path, ok := strings.CutPrefix(s.url(scheme), "unix://"); ok {
			to = []string{"--unix", path}
		}
		p := &process{}
		status := p.run(t.Context(), append([]string{"pub", "-t", scheme, "-m", "x", "-q", "1", "-r"}, to...)...)
		assert.Equal(t, statusDone, status, "%s: %s", scheme, p.errs.String())
	}
	_, p := s.client(nil, "sub", "-t", "+", "-v", "-C", "5", "-W", "20")
	for _, scheme := range []string{"mqtt", "mqtts", "ws", "wss", "unix"} {
		assert.Contains(t, p.out.String(), scheme+" x\n")
	}
}

func TestServeTakesBrowsersFromThePagesThatTheFlagNames(t *testing.T) {
	shake := func(s *serving, origin string) int {
		r, err := http.NewRequest(http.MethodGet, "http"+strings.TrimPrefix(s.url("ws"), "ws"), nil)
		require.NoError(t, err)
		for name, value := range map[string]string{
			"Origin": origin, "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
			"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "mqtt",
		} {
			r.Header.Set(name, value)
		}
		answer, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode
	}
	some := serve(t, "--listen", "ws://127.0.0.1:0", "--websocket-origin", "https://a.example", "--websocket-origin", "http://b.example:8000")
	assert.Equal(t, http.StatusSwitchingProtocols, shake(some, "https://a.example"))
	assert.Equal(t, http.StatusSwitchingProtocols, shake(some, "http://b.example:8000"))
	assert.Equal(t, http.StatusForbidden, shake(some, "http://a.example"))
	all := serve(t, "--config", write(t, "config", "listen ws://127.0.0.1:0\nwebsocket-origin *\n"), "--listen", "ws://127.0.0.1:0")
	assert.Equal(t, http.StatusSwitchingProtocols, shake(all, "http://a.example"))
	assert.Equal(t, http.StatusForbidden, shake(serve(t, "--listen", "ws://127.0.0.1:0"), "https://a.example"))
}

func TestNobodyPublishesBelowSYS(t *testing.T) {
	s := serve(t)
	status, _ := s.client(nil, "pub", "-t", "$SYS/broker/x", "-m", "x", "-q", "1")
	assert.Equal(t, statusRefused, status)
}

func TestHealthSaysThatTheBrokerIsAboutToEnd(t *testing.T) {
	s := &served{server: &server.Server{}, log: slog.New(slog.DiscardHandler), drain: time.Second}
	require.NoError(t, s.shutdown())
	w := httptest.NewRecorder()
	s.pages().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/health", nil))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
}

// fullJournal is one whose disk is full.
type fullJournal struct{ session.Journal }

func (fullJournal) Append([]session.Record) error { return syscall.ENOSPC }

func TestAStoreThatFailsWhileItServesIsAFileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &served{
		server:    &server.Server{Broker: broker.New(broker.Options{Journal: true}), Journal: fullJournal{}},
		listeners: []net.Listener{l}, log: slog.New(slog.DiscardHandler), drain: time.Second,
	}
	ended := make(chan error, 1)
	go func() { ended <- s.run(t.Context()) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	b, err := (&packets.Connect{Version: mqttwire.V311, ClientID: []byte("c")}).Append(nil, mqttwire.V311)
	require.NoError(t, err)
	_, err = conn.Write(b)
	require.NoError(t, err)
	err = <-ended
	var status *statusError
	require.ErrorAs(t, err, &status)
	assert.Equal(t, statusFile, status.status)
	assert.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, conn.Close())
}

func TestServeKeepsSessionsInItsStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "store")
	first := serve(t, "--store", file)
	status, p := first.client(nil, "sub", "-t", "a", "-q", "1", "-i", "me", "-c", "-E")
	require.Equal(t, statusDone, status, p.errs.String())
	status, p = first.client(nil, "pub", "-t", "a", "-q", "1", "-m", "kept")
	require.Equal(t, statusDone, status, p.errs.String())
	require.Equal(t, statusDone, first.end())
	second := serve(t, "--store", file)
	status, p = second.client(nil, "sub", "-t", "a", "-q", "1", "-i", "me", "-c", "-C", "1", "-W", "20")
	assert.Equal(t, statusDone, status, p.errs.String())
	assert.Equal(t, "kept\n", p.out.String())
}

func TestMetricsAndHealthAreServedOverHTTP(t *testing.T) {
	s := serve(t, "--http", "127.0.0.1:0", "--log-format", "json")
	s.out.await(t, "metrics on")
	status, p := s.client(nil, "pub", "-t", "a", "-m", "x", "-q", "1", "-r")
	require.Equal(t, statusDone, status, p.errs.String())
	base := regexp.MustCompile(`metrics on (http://\S+)/metrics`).FindStringSubmatch(s.out.String())[1]
	get := func(path string) (int, string) {
		r, err := http.Get(base + path)
		require.NoError(t, err)
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		return r.StatusCode, string(b)
	}
	code, body := get("/health")
	assert.Equal(t, "200 ok\n", fmt.Sprint(code, " ", body))
	_, body = get("/metrics")
	for _, line := range []string{"# TYPE mqtt_messages_received_total counter", "mqtt_messages_received_total 1", "# TYPE mqtt_retained_messages gauge", "mqtt_retained_messages 1"} {
		assert.Contains(t, body, line+"\n")
	}
	form := regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{reason="[^"]+"\})? \d+)$`)
	for line := range strings.Lines(body) {
		assert.Regexp(t, form, strings.TrimSpace(line))
	}
	code, _ = get("/other")
	assert.Equal(t, http.StatusNotFound, code)
	assert.Equal(t, statusDone, s.end())
	for line := range strings.Lines(s.errs.String()) {
		assert.True(t, json.Valid([]byte(line)), line)
	}
}

func TestMetricsTellOfConnectionsThatHaveNotBegunAndOfThoseThatWereRefused(t *testing.T) {
	var b strings.Builder
	writeMetrics(&b, broker.Stats{}, server.Stats{Conns: 2, Refused: 3})
	assert.Contains(t, b.String(), "mqtt_connections 2\n")
	assert.Contains(t, b.String(), "mqtt_connections_refused_total 3\n")
}

func TestServeReadsAFileOfFlags(t *testing.T) {
	s := serve(t, "--config", write(t, "config", "# small\nlisten mqtt://127.0.0.1:0\nanonymous\nmax-qos 2\n"), "--max-qos", "0")
	status, p := s.client(nil, "pub", "-t", "a", "-m", "x", "-q", "1")
	assert.Equal(t, statusUnsure, status, "a flag goes before the file")
	assert.Contains(t, p.errs.String(), "not supported")
}

func TestSpacesAndTabsSeparateTheWordsOfALine(t *testing.T) {
	acl := write(t, "acl", "user\talice\ntopic \t read\ta b\ntopic\twrite\t \tc\nuser bob\ntopic\td\n")
	s := serve(t, "--users", write(t, "users", userLines(t, "alice", "bob")),
		"--config", write(t, "config", "listen\tmqtt://127.0.0.1:0\nmax-qos \t 1\nacl\t"+acl+"\nanonymous\t\n"))
	for topic, want := range map[string]int{"a b": statusRefused, "read\ta b": statusRefused, "c": statusDone, "d": statusRefused} {
		status, p := s.client(as("alice", "alice"), "pub", "-t", topic, "-m", "x", "-q", "1")
		assert.Equal(t, want, status, "%q: %s", topic, p.errs.String())
	}
	status, p := s.client(as("alice", "alice"), "sub", "-t", "a b", "-E")
	assert.Equal(t, statusDone, status, p.errs.String())
}

func TestATopicIsCalledLikeAnAccessBehindAnAccess(t *testing.T) {
	s := serve(t, "--acl", write(t, "acl", "topic readwrite deny\n"))
	status, p := s.client(nil, "pub", "-t", "deny", "-m", "x", "-q", "1")
	assert.Equal(t, statusDone, status, p.errs.String())
}

// Such as a file that is none of ours.
func TestOfALongLineAnErrorQuotesTheBeginning(t *testing.T) {
	long := strings.Repeat("é", 1_500_000)
	user := long + strings.TrimPrefix(userLines(t, "a"), "a")
	for name, args := range map[string][]string{
		"a flag of none":  {"--config", write(t, "config", long)},
		"a value":         {"--config", write(t, "config", "listen "+long)},
		"a number":        {"--config", write(t, "config", "max-qos "+long[:1000])},
		"a user twice":    {"--users", write(t, "users", user+user)},
		"no hash":         {"--users", write(t, "users", long)},
		"a word of none":  {"--acl", write(t, "acl", long)},
		"a filter":        {"--acl", write(t, "acl", "topic "+long)},
		"a shared filter": {"--acl", write(t, "acl", "topic $share/g/"+long[:1000])},
	} {
		p := &process{}
		assert.Equal(t, statusUsage, p.run(t.Context(), append([]string{"serve"}, args...)...), name)
		assert.Less(t, len(p.errs.String()), 1500, name)
		assert.NotContains(t, p.errs.String(), `\x`, "%s: no character is torn", name)
	}
}

func TestServeSaysWhatIsWrong(t *testing.T) {
	hash := strings.TrimSpace(strings.TrimPrefix(userLines(t, "a"), "a:"))
	for name, test := range map[string]struct {
		args   []string
		status int
		want   []string
	}{
		"no scheme":            {[]string{"--listen", "127.0.0.1:0"}, statusUsage, []string{"--listen"}},
		"another scheme":       {[]string{"--listen", "http://127.0.0.1:0"}, statusUsage, []string{"mqtts, ws and wss"}},
		"no such port":         {[]string{"--listen", "mqtt://127.0.0.1:99999"}, statusUsage, []string{"--listen", "mqtt://127.0.0.1:99999"}},
		"no port of pages":     {[]string{"--http", "127.0.0.1"}, statusUsage, []string{"--http", "host:port"}},
		"no such port of them": {[]string{"--http", "127.0.0.1:99999"}, statusUsage, []string{"--http", "host:port"}},
		"pages with a scheme":  {[]string{"--http", "http://127.0.0.1:0"}, statusUsage, []string{"--http", "host:port"}},
		"users of no name":     {[]string{"--users", ""}, statusUsage, []string{"--users", "a file"}},
		"an ACL of no name":    {[]string{"--acl", ""}, statusUsage, []string{"--acl", "a file"}},
		"a store of no name":   {[]string{"--store", ""}, statusUsage, []string{"--store", "a file"}},
		"a config of no name":  {[]string{"--config", ""}, statusUsage, []string{"--config", "a file"}},
		"a path of mqtt":       {[]string{"--listen", "mqtt://127.0.0.1:0/x"}, statusUsage, []string{"mqtt://127.0.0.1:0/x", "ws and wss"}},
		"a fragment":           {[]string{"--listen", "ws://127.0.0.1:0/x#y"}, statusUsage, []string{`"--listen"`, "no user, query or fragment"}},
		"a part of mqtt":       {[]string{"--listen", "mqtt://127.0.0.1:0#y"}, statusUsage, []string{`"--listen"`, "no user, query or fragment"}},
		"no certificate":       {[]string{"--listen", "mqtts://127.0.0.1:0"}, statusUsage, []string{"--cert and --key"}},
		"no network":           {[]string{"--proxy-protocol", "10.0.0.0/33"}, statusUsage, []string{"10.0.0.0/33", "10.0.0.0/8"}},
		"an authority":         {[]string{"--cafile", "x"}, statusUsage, []string{"--cert and --key"}},
		"a demand":             {[]string{"--require-certificate"}, statusUsage, []string{"needs --cafile"}},
		"an identity":          {[]string{"--use-identity-as-username"}, statusUsage, []string{"needs --cafile"}},
		"an origin's path":     {[]string{"--websocket-origin", "https://a.example/"}, statusUsage, []string{`"--websocket-origin"`, "no path"}},
		"no origin":            {[]string{"--websocket-origin", "a.example"}, statusUsage, []string{"https://host"}},
		"a port of nobody":     {[]string{"--listen", "mqtt://192.0.2.1:1"}, statusConnect, []string{"192.0.2.1"}},
		"an argument":          {[]string{"x"}, statusUsage, []string{`"x"`}},
		"a level":              {[]string{"--log-level", "loud"}, statusUsage, []string{"debug, info, warn or error"}},
		"a format":             {[]string{"--log-format", "xml"}, statusUsage, []string{"text or json"}},
		"a limit":              {[]string{"--max-sessions", "-1"}, statusUsage, []string{"0 and above"}},
		"a time":               {[]string{"--shutdown-timeout", "-1"}, statusUsage, []string{"--shutdown-timeout"}},
		"an interval":          {[]string{"--sys-interval", "NaN"}, statusUsage, []string{"--sys-interval"}},
		"a rate":               {[]string{"--accept-rate", "NaN"}, statusUsage, []string{`"--accept-rate"`, "0 to "}},
		"a size":               {[]string{"--max-packet-size", "1"}, statusUsage, []string{"128"}},
		"no file":              {[]string{"--users", "/none/users"}, statusFile, []string{"/none/users"}},
		"a store":              {[]string{"--store", write(t, "store", "nothing")}, statusFile, []string{"store"}},
		"a plain password":     {[]string{"--users", write(t, "users", "a:"+hash+"\nb:secret\n")}, statusUsage, []string{"users:2: ", "no bcrypt hash; allowed is NAME:HASH"}},
		"signs of no hash":     {[]string{"--users", write(t, "users", "a:"+hash[:7]+strings.Repeat("!", 53)+"\n")}, statusUsage, []string{"users:1: ", "no bcrypt hash"}},
		"a version of none":    {[]string{"--users", write(t, "users", "a:$2z"+hash[3:]+"\n")}, statusUsage, []string{"users:1: ", "no bcrypt hash"}},
		"a user twice":         {[]string{"--users", write(t, "users", "a:"+hash+"\na:"+hash+"\n")}, statusUsage, []string{"users:2: ", "second time"}},
		"a user of none":       {[]string{"--users", write(t, "users", ":"+hash)}, statusUsage, []string{"users:1: ", "no user name"}},
		"a dear hash":          {[]string{"--users", write(t, "users", "a:$2a$31$"+hash[7:])}, statusUsage, []string{"users:1: ", "cost of 31"}},
		"a filter":             {[]string{"--acl", write(t, "acl", "pattern a/#/b")}, statusUsage, []string{"acl:1: "}},
		"a shared filter":      {[]string{"--acl", write(t, "acl", "pattern $share/g/b")}, statusUsage, []string{"acl:1: ", "shared"}},
		"half a rule":          {[]string{"--acl", write(t, "acl", "\ntopic")}, statusUsage, []string{"acl:2: ", "nothing behind topic"}},
		"a mistyped deny":      {[]string{"--acl", write(t, "acl", "topic denny hall/secret")}, statusUsage, []string{"acl:1: ", `"denny" where the access stands`, "readwrite, deny"}},
		"a mistyped write":     {[]string{"--acl", write(t, "acl", "pattern wirte a")}, statusUsage, []string{"acl:1: ", `"wirte"`}},
		"access in capitals":   {[]string{"--acl", write(t, "acl", "topic READ a/#")}, statusUsage, []string{"acl:1: ", `"READ"`}},
		"access to nothing":    {[]string{"--acl", write(t, "acl", "topic deny")}, statusUsage, []string{"acl:1: ", "no topic filter behind deny"}},
		"spaces by themselves": {[]string{"--acl", write(t, "acl", "topic hall/a b")}, statusUsage, []string{"acl:1: ", `"hall/a"`, "filter with spaces"}},
		"unproved users":       {[]string{"--acl", write(t, "acl", "user a\ntopic b")}, statusUsage, []string{"--users"}},
		"a flag of none":       {[]string{"--config", write(t, "config", "listen mqtt://127.0.0.1:0\nport 1")}, statusUsage, []string{"config:2: ", `"port"`, "max-packet-size"}},
		"a value":              {[]string{"--config", write(t, "config", "max-qos high")}, statusUsage, []string{"config:1: ", `"high"`, "0, 1 or 2"}},
		"no value":             {[]string{"--config", write(t, "config", "max-qos")}, statusUsage, []string{"config:1: ", "nothing behind max-qos"}},
		"a value twice":        {[]string{"--config", write(t, "config", "max-qos 1\nmax-qos 2")}, statusUsage, []string{"config:2: ", "second time"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := &process{}
			ctx, stop := context.WithCancel(t.Context())
			stop() // so that it ends at once if it finds nothing wrong
			assert.Equal(t, test.status, p.run(ctx, append([]string{"serve"}, test.args...)...))
			for _, want := range test.want {
				assert.Contains(t, p.errs.String(), want)
			}
			assert.NotContains(t, p.errs.String(), "secret")
		})
	}
}

func TestOfAWrongValueInAFileOfFlagsTheErrorNamesFileAndLine(t *testing.T) {
	for line, allowed := range map[string]string{
		"log-level loud":              "debug, info, warn or error",
		"log-format xml":              "text or json",
		"listen http://127.0.0.1:0":   "mqtt, mqtts, ws and wss",
		"listen mqtt://a@127.0.0.1":   "no user",
		"listen unix://host/path":     "unix:///path",
		"max-qos 7":                   "0, 1 or 2",
		"max-sessions -1":             "0 and above",
		"max-inflight -1":             "uint16",
		"accept-rate -1":              "0 to 2147483647",
		"message-rate Inf":            "0 to 2147483647",
		"connect-timeout 0":           "more than 0",
		"max-packet-size 1":           "128 to 268435460",
		"websocket-origin a":          "https://host",
		"proxy-protocol 10.0.0.0/33":  "10.0.0.0/8, or unix",
		"sys-interval -1":             "0 to 2147483647",
		"shutdown-timeout NaN":        "0 to 2147483647",
		"require-certificate perhaps": "bool",
	} {
		p := &process{}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		status := p.run(ctx, "serve", "--config", write(t, "config", "# some\nanonymous\n"+line+"\n"))
		assert.Equal(t, statusUsage, status, line)
		name, value, _ := strings.Cut(line, " ")
		assert.Contains(t, p.errs.String(), fmt.Sprintf("config:3: %q is no value of %s; allowed is ", value, name))
		assert.Contains(t, p.errs.String(), allowed)
	}
}

func TestAWrongValueInAFileOfFlagsIsFoundThoughAFlagGoesBeforeIt(t *testing.T) {
	p := &process{}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	status := p.run(ctx, "serve", "--max-qos", "1", "--listen", "mqtt://127.0.0.1:0", "--config", write(t, "config", "max-qos 7\n"))
	assert.Equal(t, statusUsage, status)
	assert.Contains(t, p.errs.String(), `config:1: "7" is no value of max-qos`)
}

func TestHelpShowsNoDefaultWhereThereIsNone(t *testing.T) {
	p := &process{}
	require.Equal(t, statusDone, p.run(t.Context(), "serve", "--help"))
	assert.NotContains(t, p.out.String(), "(default [])")
	assert.Contains(t, p.out.String(), "(default 1000)")
}

func TestMosquittosProgramsTalkToServe(t *testing.T) {
	for _, name := range []string{"mosquitto_pub", "mosquitto_sub"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(name, " is not installed (apt-get install mosquitto-clients)")
		}
	}
	s := serve(t, "--users", write(t, "users", userLines(t, "alice")))
	_, port, _ := strings.Cut(strings.TrimPrefix(s.url("mqtt"), "mqtt://"), ":")
	for _, version := range []string{"mqttv31", "mqttv311", "mqttv5"} {
		for qos := range 3 {
			topic := fmt.Sprint(version, "/", qos)
			common := []string{"-h", "127.0.0.1", "-p", port, "-u", "alice", "-P", "alice", "-V", version, "-q", fmt.Sprint(qos), "-t", topic}
			out, err := exec.CommandContext(t.Context(), "mosquitto_pub", append(common, "-r", "-m", "hello")...).CombinedOutput()
			require.NoError(t, err, "%s: %s", topic, out)
			out, err = exec.CommandContext(t.Context(), "mosquitto_sub", append(common, "-C", "1", "-W", "20")...).CombinedOutput()
			assert.NoError(t, err, topic)
			assert.Equal(t, "hello\n", string(out), topic)
		}
	}
}

func TestServeThatMayNotWaitEndsWellIfThereIsNobody(t *testing.T) {
	s := serve(t, "--shutdown-timeout", "0")
	assert.Equal(t, statusDone, s.end(), s.errs.String())
}

// A name that begins with $share/ would be a filter to an ACL, and no filter has it.
func TestNobodyPublishesBelowShare(t *testing.T) {
	acl := write(t, "acl", "user alice\ntopic write ok\n")
	for name, flags := range map[string][]string{"with an ACL": {"--users", write(t, "users", userLines(t, "alice")), "--acl", acl}, "without": nil} {
		s := serve(t, flags...)
		status, p := s.client(as("alice", "alice"), "pub", "-V", "5", "-t", "$share/g/ok", "-m", "x", "-q", "1", "-r")
		assert.Equal(t, statusRefused, status, "%s: %s", name, p.errs.String())
		status, p = s.client(as("alice", "alice"), "pub", "-V", "5", "-t", "ok", "-m", "x", "-q", "1")
		assert.Equal(t, statusDone, status, "%s: %s", name, p.errs.String())
	}
}

func TestSIGHUPIsTakenBeforeAnythingIsRead(t *testing.T) {
	took := false
	status := run(t.Context(), []string{"serve", "--users", filepath.Join(t.TempDir(), "missing")}, environment{
		out: io.Discard, errs: io.Discard,
		getenv:   func(string) string { return "" },
		terminal: func(any) bool { return false },
		hangups:  func() <-chan os.Signal { took = true; return nil },
	})
	assert.Equal(t, statusFile, status)
	assert.True(t, took)
}

func TestPagesAreServedInTimeAndLoggedAsAllElse(t *testing.T) {
	var log strings.Builder
	s := &served{guard: &guard{}, server: &server.Server{Broker: broker.New(broker.Options{})}, log: slog.New(slog.NewJSONHandler(&log, nil))}
	require.NoError(t, (&serveFlags{http: "127.0.0.1:0", listen: []string{"mqtt://127.0.0.1:0"}}).listenAll(s, environment{out: io.Discard}))
	defer s.close()
	assert.Equal(t, pageTimeout, s.web.ReadTimeout)
	assert.Equal(t, pageRest, s.web.IdleTimeout)
	require.NotNil(t, s.web.ErrorLog)
	s.web.ErrorLog.Print("something is wrong")
	assert.True(t, json.Valid([]byte(log.String())), log.String())
	assert.Contains(t, log.String(), "something is wrong")
}
