package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	_ "github.com/mqttwire/mqttwire/ws" // for URLs of ws and wss
)

// connectionFlags are those that pub and sub share.
type connectionFlags struct {
	host, unix, url, bind string
	proxy                 string
	port                  uint16
	id, idPrefix          string
	user, passwordFile    string
	askPassword           bool
	version, expiry       string
	keepAlive             uint16
	keep                  bool
	inFlight              uint16
	willTopic, will       string
	willQoS               uint8
	willRetain            bool
	properties            []string
	debug, quiet          bool
	tls                   tlsFlags
}

func (f *connectionFlags) add(flags *pflag.FlagSet) {
	flags.SortFlags = false
	flags.StringVarP(&f.host, "host", "h", "localhost", "the `HOST` of the broker")
	flags.Uint16VarP(&f.port, "port", "p", 0, "its `PORT`; 1883, or 8883 with TLS, unless given")
	flags.StringVarP(&f.url, "url", "L", "", "in place of host, port, user and topic: `URL` mqtt://user@host:port/topic, or mqtts; or ws://host/path, wss, whose path is no topic")
	flags.StringVar(&f.unix, "unix", "", "connect to the socket at `PATH`")
	flags.StringVarP(&f.bind, "bind", "A", "", "connect from this `ADDRESS` of the machine")
	flags.StringVar(&f.proxy, "proxy", "", "connect through the SOCKS proxy at `URL` socks5h://user@host:port; or the variable MQTT_PROXY has it, also with a password")
	flags.StringVarP(&f.id, "id", "i", "", "the client `ID`; the broker assigns one, or it is random, unless given")
	flags.StringVarP(&f.idPrefix, "id-prefix", "I", "", "the client id is `PREFIX` and the number of the process")
	flags.StringVarP(&f.user, "username", "u", "", "the user `NAME`; or the variable MQTT_USERNAME")
	flags.BoolVarP(&f.askPassword, "password", "P", false, "ask for the password")
	flags.StringVar(&f.passwordFile, "pw-file", "", "the `FILE` has the password; or the variable MQTT_PASSWORD has it")
	flags.StringVarP(&f.version, "protocol-version", "V", "", "the `VERSION` of MQTT: 5, 311 or 31, also as mqttv5; 5, or 311 where the broker knows only that, unless given")
	flags.Uint16VarP(&f.keepAlive, "keepalive", "k", 60, "the keep alive in `SECONDS`; 0 is none")
	flags.BoolVarP(&f.keep, "disable-clean-session", "c", false, "go on with the session that the broker has, and let it keep it: needs -i")
	flags.StringVarP(&f.expiry, "session-expiry-interval", "x", "", "for how many `SECONDS` the broker keeps the session; -1 is for ever, and so is -c without it")
	flags.Uint16VarP(&f.inFlight, "max-inflight", "M", 0, "at most `N` messages of QoS 1 and 2 are under way at once")
	flags.StringArrayVarP(&f.properties, "property", "D", nil, propertyHelp)
	flags.StringVar(&f.willTopic, "will-topic", "", "the `TOPIC` of the message that the broker publishes if the connection is lost")
	flags.StringVar(&f.will, "will-payload", "", "that `MESSAGE`")
	flags.Uint8Var(&f.willQoS, "will-qos", 0, "its `QOS`")
	flags.BoolVar(&f.willRetain, "will-retain", false, "the broker keeps it")
	f.tls.add(flags)
	flags.BoolVarP(&f.debug, "debug", "d", false, "tell what happens; never a password or a message")
	flags.BoolVar(&f.quiet, "quiet", false, "say nothing but errors")
}

// versions are the values of -V.
var versions = map[string]mqttwire.Version{
	"": 0, "5": mqttwire.V5, "5.0": mqttwire.V5, "mqttv5": mqttwire.V5,
	"311": mqttwire.V311, "3.1.1": mqttwire.V311, "mqttv311": mqttwire.V311,
	"31": mqttwire.V31, "3.1": mqttwire.V31, "mqttv31": mqttwire.V31,
}

// server returns the URL of the broker, and the topic that -L names, if it does.
func (f *connectionFlags) server() (address, topic string, err error) {
	scheme, port := "mqtt", "1883"
	if f.tls.wanted() || f.port == 8883 {
		scheme, port = "mqtts", "8883"
	}
	switch {
	case f.url != "":
		return f.fromURL()
	case f.unix != "":
		return (&url.URL{Scheme: "unix", Path: f.unix}).String(), "", nil
	}
	if f.port != 0 {
		port = strconv.Itoa(int(f.port))
	}
	return scheme + "://" + net.JoinHostPort(f.host, port), "", nil
}

// fromURL takes apart the URL of -L.
func (f *connectionFlags) fromURL() (address, topic string, err error) {
	u, err := url.Parse(f.url)
	if err != nil {
		return "", "", errors.New("-L: this is no URL") // its text may hold a password
	}
	if _, has := u.User.Password(); has {
		return "", "", fmt.Errorf("-L: %w", errPassword)
	}
	if f.user == "" {
		f.user = u.User.Username()
	}
	u.User = nil
	if u.Scheme == "mqtt" || u.Scheme == "mqtts" {
		topic = strings.TrimPrefix(u.Path, "/")
		u.Path, u.RawPath = "", ""
	}
	return u.String(), topic, nil
}

// options returns what the flags say for a client.
func (f *connectionFlags) options(e environment) (o client.Options, p properties, err error) {
	version, ok := versions[f.version]
	if !ok {
		return o, nil, errors.New("-V is 5, 311 or 31")
	}
	if p, err = parseProperties(f.properties); err != nil {
		return o, nil, err
	}
	o = client.Options{Version: version, ClientID: f.id, KeepAlive: time.Duration(f.keepAlive) * time.Second, CleanStart: !f.keep}
	if f.keepAlive == 0 {
		o.KeepAlive = client.NoKeepAlive
	}
	if f.idPrefix != "" {
		o.ClientID = f.idPrefix + strconv.Itoa(os.Getpid())
	}
	if f.keep && o.ClientID == "" {
		return o, nil, errors.New("-c needs -i: without it there is no session to go on with")
	}
	if o.Expiry, err = f.sessionExpiry(); err != nil {
		return o, nil, err
	}
	if o.Credentials, err = f.credentials(e); err != nil {
		return o, nil, err
	}
	if o.TLS, err = f.tls.config(); err != nil {
		return o, nil, err
	}
	if o.Dialer, err = f.dialer(e); err != nil {
		return o, nil, err
	}
	if o.Will, err = f.willMessage(p); err != nil {
		return o, nil, err
	}
	o.OnConnect = func(c *packets.Connect) {
		for q := range p[propertyOwners["connect"]].All() {
			c.Properties.Set(q.ID, value(q))
		}
	}
	o.Session.InFlight = f.inFlight
	if f.debug {
		o.Log = slog.New(slog.NewTextHandler(e.errs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	return o, p, nil
}

// value returns the value of a property for Properties.Set.
func value(q mqttwire.Property) any {
	if q.ID == mqttwire.UserProperty {
		return [2][]byte{q.Name(), q.Value()}
	}
	return q
}

// sessionExpiry returns what -x and -c say.
func (f *connectionFlags) sessionExpiry() (time.Duration, error) {
	switch f.expiry {
	case "":
		if f.keep {
			return -1, nil
		}
		return 0, nil
	case "-1", "∞", "4294967295":
		return -1, nil
	}
	n, err := strconv.ParseUint(f.expiry, 10, 32)
	if err != nil {
		return 0, errors.New("-x is a number of seconds, or -1 for ever")
	}
	return time.Duration(n) * time.Second, nil
}

func (f *connectionFlags) willMessage(p properties) (*packets.Will, error) {
	list := *p[mqttwire.WillProperties]
	if f.willTopic == "" {
		if f.will != "" || f.willQoS != 0 || f.willRetain || !list.Empty() {
			return nil, errors.New("a will needs --will-topic")
		}
		return nil, nil
	}
	if f.willQoS > 2 {
		return nil, errQoS
	}
	return &packets.Will{Topic: []byte(f.willTopic), Payload: []byte(f.will), QoS: mqttwire.QoS(f.willQoS), Retain: f.willRetain, Properties: list}, nil
}

// errQoS says what a QoS can be.
var errQoS = errors.New("a QoS is 0, 1 or 2")

// connection is a client that is connected, and what is said of it.
type connection struct {
	*client.Client
	closing atomic.Bool
}

// connect connects. It tries once: later, a connection that is lost is made again for
// ever.
func (f *connectionFlags) connect(ctx context.Context, e environment, address string, o client.Options) (*connection, error) {
	c, err := client.New(address, o)
	if err != nil {
		return nil, err
	}
	conn := &connection{Client: c}
	if !f.quiet {
		c.On(conn.events(e))
	}
	if err := c.Connect(ctx); err != nil {
		return nil, failed(ctx, err)
	}
	return conn, nil
}

// events tells the user when the connection comes and goes, once there was one.
func (c *connection) events(e environment) client.Events {
	connections := 0
	return client.Events{
		Connect: func(*client.Client, *packets.Connack) {
			if connections++; connections > 1 {
				e.say("connected again")
			}
		},
		Offline: func(*client.Client) {
			if !c.closing.Load() {
				e.say("the connection is lost")
			}
		},
	}
}

// closeTime is how long the end may take.
const closeTime = 5 * time.Second

// close closes the connection: what is under way is waited for, unless ctx has ended.
func (c *connection) close(ctx context.Context) error {
	c.closing.Store(true)
	ctx, cancel := context.WithTimeout(ctx, closeTime)
	defer cancel()
	return c.Close(ctx)
}

// ended returns why the client has ended by itself, or nil.
func (c *connection) ended(ctx context.Context) error {
	select {
	case <-c.Done():
		return failed(ctx, c.Run(ctx))
	default:
		return nil
	}
}
