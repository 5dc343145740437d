package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/server"
	"github.com/mqttwire/mqttwire/store"
)

// serveFlags are those of serve.
type serveFlags struct {
	config              string
	listen              []string
	cert, key           string
	caFile              string
	demand, byIdentity  bool // a certificate; and its name is that of the user
	proxies             []string
	origins             []string // of pages that may connect over WebSocket
	users, acl          string
	anonymous           bool
	hash                string
	store               string
	http                string
	logFormat, logLevel string
	figures             float64
	limits              limitFlags
	drain               float64
}

const serveStatusHelp = `Exit status:
  0   a signal has ended it
  1   a flag, an argument, or a line of a file is wrong
  2   it cannot listen, or a listener has failed
  4   connections had to be cut off at the end
  5   a file cannot be read or written`

// newServe returns the command that is a broker.
func newServe(e environment) *cobra.Command {
	f := &serveFlags{}
	c := &cobra.Command{
		Use:   "serve [flags]",
		Short: "be a broker",
		Long: "serve is a broker of MQTT 3.1, 3.1.1 and 5.0, until SIGINT or SIGTERM. Without flags it listens on\n" +
			"mqtt://127.0.0.1:1883, takes everybody, and keeps everything in memory. It prints where it listens.\n" +
			"SIGHUP has it read the users and the ACL again: if a line is wrong nothing changes. Connections of users who are gone\n" +
			"or have another password are closed. What was queued for a client before its right to read it went is still\n" +
			"delivered. A session is of the user who has made it; one that a client without a user has made is of the first user\n" +
			"who connects with its client id, with what is queued in it.\n\n" + aclHelp + "\n\n" + serveStatusHelp,
		Example: "  mqtt serve\n" +
			"  mqtt serve --listen mqtt://:1883 --listen ws://:8080/mqtt --users users --acl acl --store broker.db\n" +
			"  mqtt serve --hash alice >> users",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c.Context(), e, c) },
	}
	c.Flags().SortFlags = false
	f.add(c.Flags())
	return c
}

// add adds the flags, with what is checked of each by itself.
func (f *serveFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.config, "config", "", "the `FILE` has these flags, one a line without dashes, with spaces or tabs before the value: listen mqtt://:1883; flags go before it")
	flags.StringArrayVar(&f.listen, "listen", nil, "listen at `URL`, any number of times: mqtt, mqtts, ws or wss://host:port, unix:///path; ws and wss with a path, /mqtt unless given; port 0 is a free one; mqtt://127.0.0.1:1883 unless given")
	flags.StringArrayVar(&f.origins, "websocket-origin", nil, "browsers may connect over ws and wss from pages of `ORIGIN`, such as https://example.com, besides those of this host and port; * is any; any number of times")
	flags.StringVar(&f.cert, "cert", "", "the `FILE` has the certificate for mqtts and wss")
	flags.StringVar(&f.key, "key", "", "the `FILE` has the key of that, without a password")
	flags.StringVar(&f.caFile, "cafile", "", "ask clients for a certificate over TLS; the `FILE` has the authorities that are trusted with them")
	flags.BoolVar(&f.demand, "require-certificate", false, "take no client over TLS without such a certificate")
	flags.BoolVar(&f.byIdentity, "use-identity-as-username", false, "the user of a client with a certificate is its common name, and no password is asked for")
	flags.StringArrayVar(&f.proxies, "proxy-protocol", nil, "connections from `NETWORK`, such as 10.0.0.0/8, or unix, are those of a proxy, which begin with a PROXY header (versions 1 and 2); any number of times")
	flags.StringVar(&f.users, "users", "", "the `FILE` has the users, as NAME:HASH with bcrypt hashes; who gives no user name is refused then")
	flags.BoolVar(&f.anonymous, "anonymous", false, "take those too who give no user name")
	flags.StringVar(&f.hash, "hash", "", "print the line of --users for the user `NAME`, whose password is asked for or read, and end")
	flags.StringVar(&f.acl, "acl", "", "the `FILE` says who may read and write what")
	flags.StringVar(&f.store, "store", "", "keep sessions and retained messages in the `FILE`, beyond the end of the program")
	flags.StringVar(&f.http, "http", "", "serve /metrics in the text form of Prometheus, and /health, at `ADDRESS` host:port; to whoever asks")
	flags.StringVar(&f.logFormat, "log-format", "text", "write the log as text or json: `FORMAT`")
	flags.StringVar(&f.logLevel, "log-level", "info", "the least `LEVEL` of the log: debug, info, warn or error")
	flags.Float64Var(&f.figures, "sys-interval", 10, "publish figures below $SYS every so many `SECONDS`; 0 is never")
	flags.Float64Var(&f.drain, "shutdown-timeout", 10, "at the end wait at most so many `SECONDS` for what is under way")
	f.limits.add(flags)
	check(flags, "listen", listenAllowed, canListen)
	check(flags, "websocket-origin", originsAllowed, isOrigin)
	check(flags, "proxy-protocol", proxiesAllowed, func(text string) bool { _, err := parseProxies([]string{text}); return err == nil })
	for _, name := range []string{"config", "users", "acl", "store", "cert", "key", "cafile"} { // as of a variable that is not set
		check(flags, name, "a file", func(text string) bool { return text != "" })
	}
	check(flags, "http", httpAllowed, canServePages)
	check(flags, "log-format", "text or json", func(text string) bool { return text == "text" || text == "json" })
	check(flags, "log-level", "debug, info, warn or error", func(text string) bool { return new(slog.Level).UnmarshalText([]byte(text)) == nil })
	checkNumber(flags, "sys-interval", &f.figures)
	checkNumber(flags, "shutdown-timeout", &f.drain)
}

func (f *serveFlags) run(ctx context.Context, e environment, c *cobra.Command) error {
	if f.config != "" {
		if err := readConfig(f.config, c.Flags(), (&serveFlags{}).add); err != nil {
			return err
		}
	}
	if c.Flags().Changed("hash") {
		return f.printHash(e)
	}
	log, err := f.log(e)
	if err != nil {
		return err
	}
	s := &served{log: log, drain: seconds(f.drain), hangups: e.hangups()} // one that comes early is of what is read then
	defer s.close()
	if err := f.open(s); err != nil {
		return err
	}
	if err := f.listenAll(s, e); err != nil {
		return err
	}
	return s.run(ctx)
}

// seconds returns a time that a flag has in seconds.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// log returns the log that the flags ask for.
func (f *serveFlags) log(e environment) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		return nil, err
	}
	o := &slog.HandlerOptions{Level: level}
	if f.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(e.errs, o)), nil
	}
	return slog.New(slog.NewTextHandler(e.errs, o)), nil
}

// open makes the broker, with what its store has.
func (f *serveFlags) open(s *served) (err error) {
	s.guard = &guard{usersFile: f.users, aclFile: f.acl, byIdentity: f.byIdentity, anonymous: f.anonymous || f.users == "" && !f.byIdentity}
	if _, _, err := s.guard.read(); err != nil {
		return err
	}
	o := broker.Options{Hooks: s.guard.hooks(), Figures: seconds(f.figures), Journal: f.store != "", Owned: true}
	f.limits.broker(&o)
	b := broker.New(o)
	if f.store != "" {
		if s.store, err = store.Open(f.store, store.Options{}); err != nil {
			return &statusError{statusFile, err}
		}
		var report broker.Report
		if b, report, err = broker.Restore(o, time.Now(), s.store.Load()); err != nil {
			return &statusError{statusFile, fmt.Errorf("%s: %w", f.store, err)}
		}
		s.log.Info("restored", "sessions", report.Sessions, "ended", report.Ended, "retained", report.Retained, "messages", report.Messages)
	}
	s.server = &server.Server{Broker: b, Limits: f.limits.server(), Link: f.limits.link(), Log: s.log}
	if s.store != nil {
		s.server.Journal = s.store
	}
	return nil
}

// printHash prints a line for a file of users.
func (f *serveFlags) printHash(e environment) error {
	password, err := e.newPassword()
	if err != nil {
		return err
	}
	line, err := hashLine(f.hash, password)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(e.out, line); err != nil {
		return &statusError{statusFile, err}
	}
	return nil
}

// served is a broker with all that belongs to it.
type served struct {
	guard     *guard
	server    *server.Server
	store     *store.Store // nil: in memory
	listeners []net.Listener
	web       *http.Server // nil: none
	webSocket net.Listener
	log       *slog.Logger
	drain     time.Duration
	hangups   <-chan os.Signal
	health    health
}

// run serves until ctx ends or a listener fails.
func (s *served) run(ctx context.Context) error {
	failures := make(chan error, len(s.listeners)+1)
	for _, l := range s.listeners {
		go func() { failures <- s.server.Serve(l) }()
	}
	if s.web != nil {
		go func() { failures <- s.web.Serve(s.webSocket) }()
	}
	var failure error
	for failure == nil {
		select {
		case <-ctx.Done():
			return s.shutdown()
		case <-s.hangups:
			s.reload()
		case failure = <-failures:
		}
	}
	s.log.Error("cannot serve any more", "error", failure)
	_ = s.shutdown()
	if errors.Is(failure, server.ErrJournal) {
		return &statusError{statusFile, failure}
	}
	return &statusError{statusConnect, failure}
}

// reload reads users and ACL again.
func (s *served) reload() {
	if err := s.guard.reload(s.server.Broker, time.Now()); err != nil {
		s.log.Error("users and ACL stay as they are", "error", err)
		return
	}
	s.log.Info("users and ACL are read again")
}

// shutdown ends all connections as the protocol has it.
func (s *served) shutdown() error {
	s.log.Info("shutting down")
	s.health.stopping.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), s.drain)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if errors.Is(err, server.ErrJournal) {
		return &statusError{statusFile, err}
	}
	if err != nil {
		return &statusError{statusUnsure, errors.New("connections were cut off at the end: --shutdown-timeout was over")}
	}
	return nil
}

// close closes what is open, at the end.
func (s *served) close() {
	for _, l := range s.listeners {
		_ = l.Close()
	}
	if s.web != nil {
		_ = s.web.Close()
	}
	if s.webSocket != nil {
		_ = s.webSocket.Close()
	}
	if s.store != nil {
		if err := s.store.Close(); err != nil {
			s.log.Error("the store was not closed", "error", err)
		}
	}
}

// warnOpen says that others than this machine may connect without a password.
func (s *served) warnOpen(l net.Listener) {
	if a, ok := l.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() && s.guard.anonymous {
		s.log.Warn("whoever reaches it may connect, without a password", "address", a.String())
	}
}
