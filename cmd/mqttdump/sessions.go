package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

// newSessions is the command that tells of each connection what it did.
func newSessions(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "sessions FILE...",
		Short: "a block for each connection: CONNECT, subscriptions, exchanges, what went wrong, how it ended and who is at fault",
		Args:  cobra.ArbitraryArgs,
		RunE:  func(_ *cobra.Command, files []string) error { return a.sessions(files) },
	}
}

// mostBlocks is how many connections wait to be printed in the order in which they
// began; of more, those that ended first are printed first.
const mostBlocks = 1000

// sessionBlocks prints a block for each connection.
type sessionBlocks struct {
	app     *app
	follow  *follower
	times   *timeColumn
	paint   palette
	waiting []sessionBlock
	err     error
}

// sessionBlock is a block that waits to be printed.
type sessionBlock struct {
	stream int
	text   []byte
}

// sessions prints what each connection did.
func (a *app) sessions(files []string) error {
	s := &sessionBlocks{app: a, follow: newFollower(), times: a.times(), paint: a.palette()}
	s.follow.onOver = s.over
	err := a.each(files, func(file string, e *capture.Event) error {
		s.follow.take(file, e)
		return s.err
	})
	if err != nil {
		return err
	}
	s.follow.end()
	if s.print(len(s.waiting)); s.err != nil {
		return s.err
	}
	return a.close()
}

// over makes the block of a connection.
func (s *sessionBlocks) over(c *connection) {
	block := sessionBlock{stream: c.stream}
	if s.app.show.json {
		block.text = appendJSONValue(nil, newSessionJSON(c))
	} else {
		block.text = s.build(c)
	}
	s.waiting = append(s.waiting, block)
	if len(s.waiting) > mostBlocks {
		s.print(mostBlocks / 2)
	}
}

// print prints the first of the blocks that wait.
func (s *sessionBlocks) print(n int) {
	slices.SortFunc(s.waiting, func(a, b sessionBlock) int { return cmp.Compare(a.stream, b.stream) })
	for _, block := range s.waiting[:n] {
		if s.err == nil {
			_, s.err = s.app.stdout.Write(block.text)
		}
	}
	s.waiting = slices.Delete(s.waiting, 0, n)
}

// build builds a block of text.
func (s *sessionBlocks) build(c *connection) []byte {
	b := s.paint.name.append(nil, streamName(c.stream)+"  "+c.title())
	if c.file != "" {
		b = append(append(b, "  "...), printable(c.file)...)
	}
	b = append(b, '\n')
	b = s.line(b, "time", s.span(c))
	b = s.line(b, "packets", fmt.Sprintf("%d -> with %s, %d <- with %s",
		c.packets[mqttwire.FromClient], counted(int(c.bytes[mqttwire.FromClient]), "byte"),
		c.packets[mqttwire.FromServer], counted(int(c.bytes[mqttwire.FromServer]), "byte")))
	if c.connect != nil {
		b = s.line(b, "connect", c.handshake())
	}
	b = s.exchanges(s.subscriptions(b, c), c)
	for _, t := range c.troubles {
		b = s.trouble(b, c, &t)
	}
	if c.moreTroubles > 0 {
		b = s.line(b, "trouble", fmt.Sprintf("and %d more", c.moreTroubles))
	}
	b = s.line(b, "ended", c.end())
	if v := c.verdict(); v != "" {
		b = s.line(b, "at fault", v)
	}
	return append(b, '\n')
}

// subscriptions appends what the client has subscribed to.
func (s *sessionBlocks) subscriptions(b []byte, c *connection) []byte {
	for _, sub := range c.subscriptions {
		b = s.line(b, "subscribed", sub.text(c))
	}
	if c.moreSubscriptions > 0 {
		b = s.line(b, "subscribed", fmt.Sprintf("and to %d more", c.moreSubscriptions))
	}
	return b
}

// exchanges appends how many packets were answered, and which were not.
func (s *sessionBlocks) exchanges(b []byte, c *connection) []byte {
	for n, t := range c.tallies {
		if step(n) != stepConnect && t.begun > 0 {
			b = s.line(b, "exchanges", fmt.Sprintf("%v: %d of %d, %v on average, %v at most", step(n), t.done, t.begun, t.average(), t.most))
		}
	}
	for i, x := range c.unfinished {
		if i == mostTroubles {
			b = s.line(b, "unfinished", fmt.Sprintf("and %d more", len(c.unfinished)-i))
			break
		}
		b = s.line(b, "unfinished", x.text())
	}
	if c.untracked > 0 {
		b = s.line(b, "exchanges", fmt.Sprintf("%d more that were not followed", c.untracked))
	}
	return b
}

// line appends a line of a block.
func (s *sessionBlocks) line(b []byte, name, text string) []byte {
	const width = len("unfinished")
	b = append(append(b, "    "...), s.paint.quiet.on...)
	start := len(b)
	b = append(pad(append(b, name...), start, width), s.paint.quiet.off...)
	return append(append(append(b, "  "...), printable(text)...), '\n')
}

// trouble appends the line of a trouble.
func (s *sessionBlocks) trouble(b []byte, c *connection, t *trouble) []byte {
	name := "trouble"
	if t.violation {
		name = "VIOLATION"
	}
	text := string(s.times.append(nil, t.time, c.first))
	return s.line(b, name, fmt.Sprintf("%s record %d: %s", strings.TrimSpace(text), t.record, t.text()))
}

// text is what happened, and the statement if the text does not name it.
func (t *trouble) text() string {
	if t.statement == "" || strings.Contains(t.what, t.statement) {
		return t.what
	}
	return t.what + " [" + t.statement + "]"
}

// span is from when to when a connection was seen.
func (s *sessionBlocks) span(c *connection) string {
	if c.first.IsZero() {
		return "not told by the file"
	}
	return strings.TrimSpace(string(s.times.append(nil, c.first, c.first))) + ", for " + c.last.Sub(c.first).String()
}

// streamName is how a stream is called.
func streamName(n int) string { return fmt.Sprintf("#%d", n) }

// title says which connection it is.
func (c *connection) title() string {
	parts := []string{}
	if c.src.IsValid() {
		arrow := " > "
		if !c.sides {
			arrow = " - "
		}
		parts = append(parts, c.src.String()+arrow+c.dst.String())
	}
	parts = append(parts, string(appendIdentifier(nil, c.client)))
	if c.version != 0 {
		v := "MQTT " + c.version.String()
		if c.guessed {
			v += "?"
		}
		parts = append(parts, v)
	}
	if c.bridge {
		parts = append(parts, "bridge")
	}
	if c.via != "" {
		parts = append(parts, "via "+c.via)
	}
	return printable(strings.Join(parts, "  "))
}

// handshake says how the connection began.
func (c *connection) handshake() string {
	p := c.connect
	parts := []string{}
	for _, f := range []struct {
		set  bool
		text string
	}{
		{p.CleanStart, "clean"}, {!p.CleanStart, "not clean"}, {true, fmt.Sprintf("keep alive %d s", p.KeepAlive)},
		{p.UserName != nil, "user name"}, {p.Password != nil, "password"},
	} {
		if f.set {
			parts = append(parts, f.text)
		}
	}
	if w := p.Will; w != nil {
		parts = append(parts, fmt.Sprintf("will %s QoS %d", appendQuote(nil, w.Topic, mostName), w.QoS))
	}
	s := strings.Join(parts, ", ")
	if c.connack == nil {
		return s + "; no CONNACK"
	}
	s += "; CONNACK " + codeText(c.connack.ReasonCode, mqttwire.CONNACK, c.version)
	if c.connack.SessionPresent {
		s += ", session present"
	}
	return s + " after " + c.answered.String()
}

// text is a subscription in words.
func (s *subscription) text(c *connection) string {
	text := fmt.Sprintf("%s QoS %d", appendQuote(nil, []byte(s.filter), mostName), s.qos)
	if s.granted {
		text += ": " + codeText(s.code, mqttwire.SUBACK, c.version)
	} else {
		text += ": no SUBACK"
	}
	if s.ended {
		text += ", until UNSUBSCRIBE"
	}
	return text
}

// text is an exchange that is not finished in words.
func (x *exchange) text() string {
	s := fmt.Sprintf("%v of record %d by %s", x.step.begins(), x.record, sideWord(x.sender))
	if x.id != 0 {
		s += fmt.Sprintf(", id %d", x.id)
	}
	if x.topic != "" {
		s += fmt.Sprintf(", %s QoS %d", appendQuote(nil, []byte(x.topic), mostName), x.qos)
	}
	if x.repeats > 0 {
		s += fmt.Sprintf(", sent again %d times", x.repeats)
	}
	return s + fmt.Sprintf(": no %v", x.step.ends())
}

// end says how the connection ended.
func (c *connection) end() string {
	var parts []string
	if c.goodbye != nil {
		parts = append(parts, c.goodbye.what)
	}
	if t := c.takenOver; t != nil {
		parts = append(parts, "its client identifier connected again as "+streamName(t.stream)+" from "+t.src.String())
	}
	switch {
	case c.cut != nil:
		parts = append(parts, c.cut.what)
	case c.firstToClose != nil:
		parts = append(parts, c.firstToClose.what)
	case c.goodbye == nil:
		parts = append(parts, "it is open where the capture ends")
	}
	return strings.Join(parts, "; ")
}

// verdict says which side is at fault for how the connection went, and by which
// statement; empty if none is.
func (c *connection) verdict() string {
	for i := range c.troubles {
		if t := &c.troubles[i]; t.violation && t.fault != 0 {
			return sideWord(t.fault) + ": " + t.text()
		}
	}
	ender := mqttwire.Sender(0)
	switch {
	case c.cut != nil:
		ender = c.cut.fault
	case c.firstToClose != nil:
		ender = c.firstToClose.fault
	}
	switch {
	case c.takenOver != nil && ender == mqttwire.FromServer:
		return "two clients with one identifier: the server has to end the older connection" +
			withStatement(byVersion(c.version, "", "MQTT-3.1.4-2", "MQTT-3.1.4-3"))
	case c.connack != nil && isRefusal(c):
		return "the server refused the CONNECT: " + codeText(c.connack.ReasonCode, mqttwire.CONNACK, c.version)
	case c.connect != nil && c.connack == nil && ender == mqttwire.FromServer && !c.lossy:
		return "the server ended the connection without a CONNACK"
	case c.goodbye != nil && c.goodbye.fault == mqttwire.FromServer:
		return c.goodbye.what
	case c.goodbye == nil && ender != 0 && c.connect != nil && !c.lossy:
		return sideWord(ender) + " ended the connection without DISCONNECT"
	}
	return ""
}

// isRefusal reports whether the CONNACK says no.
func isRefusal(c *connection) bool {
	e := &capture.Event{Version: c.version}
	e.Frame.Header.Type = mqttwire.CONNACK
	return isFailure(e, c.connack.ReasonCode)
}

// withStatement is a statement behind what breaks it.
func withStatement(s string) string {
	if s == "" {
		return ""
	}
	return " [" + s + "]"
}

// sessionJSON is a connection in JSON.
type sessionJSON struct {
	File          string             `json:"file,omitempty"`
	Stream        int                `json:"stream"`
	Src           string             `json:"src,omitempty"`
	Dst           string             `json:"dst,omitempty"`
	Client        string             `json:"client,omitempty"`
	Version       int                `json:"version,omitempty"`
	Guessed       bool               `json:"versionGuessed,omitempty"`
	Bridge        bool               `json:"bridge,omitempty"`
	Via           string             `json:"via,omitempty"`
	From          string             `json:"from,omitempty"`
	Seconds       float64            `json:"seconds"`
	FromClient    int                `json:"packets_from_client"`
	FromServer    int                `json:"packets_from_server"`
	Handshake     string             `json:"connect,omitempty"`
	Connack       *int               `json:"connack_reason,omitempty"`
	ConnackAfter  float64            `json:"connack_after,omitempty"`
	Subscriptions []subscriptionJSON `json:"subscriptions,omitempty"`
	Exchanges     []tallyJSON        `json:"exchanges,omitempty"`
	Unfinished    []string           `json:"unfinished,omitempty"`
	Troubles      []troubleJSON      `json:"troubles,omitempty"`
	More          int                `json:"troubles_more,omitempty"`
	Violations    int                `json:"violations"`
	Ended         string             `json:"ended"`
	Fault         string             `json:"fault,omitempty"`
}

type subscriptionJSON struct {
	Topic  string `json:"topic"`
	QoS    int    `json:"qos"`
	Reason *int   `json:"reason,omitempty"`
	Ended  bool   `json:"unsubscribed,omitempty"`
}

type tallyJSON struct {
	Step    string  `json:"step"`
	Begun   int     `json:"begun"`
	Done    int     `json:"done"`
	Average float64 `json:"seconds_avg"`
	Most    float64 `json:"seconds_max"`
}

type troubleJSON struct {
	TS        string `json:"ts,omitempty"`
	Frame     int    `json:"frame"`
	What      string `json:"what"`
	Fault     string `json:"fault,omitempty"`
	Statement string `json:"statement,omitempty"`
	Violation bool   `json:"violation,omitempty"`
}

func newSessionJSON(c *connection) *sessionJSON {
	j := &sessionJSON{
		File: c.file, Stream: c.stream, Client: c.client, Version: int(c.version), Guessed: c.guessed, Bridge: c.bridge, Via: c.via,
		Seconds: c.last.Sub(c.first).Seconds(), FromClient: c.packets[mqttwire.FromClient], FromServer: c.packets[mqttwire.FromServer],
		More: c.moreTroubles, Violations: c.violations, Ended: c.end(), Fault: c.verdict(),
	}
	if c.src.IsValid() {
		j.Src, j.Dst = c.src.String(), c.dst.String()
	}
	if !c.first.IsZero() {
		j.From = string(appendNanoseconds(nil, c.first))
	}
	if c.connect != nil {
		j.Handshake = c.handshake()
	}
	if c.connack != nil {
		j.Connack, j.ConnackAfter = number(c.connack.ReasonCode), c.answered.Seconds()
	}
	for _, s := range c.subscriptions {
		one := subscriptionJSON{Topic: s.filter, QoS: int(s.qos), Ended: s.ended}
		if s.granted {
			one.Reason = number(s.code)
		}
		j.Subscriptions = append(j.Subscriptions, one)
	}
	for n, t := range c.tallies {
		if t.begun > 0 {
			j.Exchanges = append(j.Exchanges, tallyJSON{step(n).String(), t.begun, t.done, t.average().Seconds(), t.most.Seconds()})
		}
	}
	for _, x := range c.unfinished[:min(len(c.unfinished), mostTroubles)] {
		j.Unfinished = append(j.Unfinished, x.text())
	}
	for _, t := range c.troubles {
		j.Troubles = append(j.Troubles, newTroubleJSON(&t))
	}
	return j
}

func newTroubleJSON(t *trouble) troubleJSON {
	return troubleJSON{tsOf(t.time), t.record, t.what, sideName(t.fault), t.statement, t.violation}
}

// tsOf is a time in seconds since 1970, or empty.
func tsOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return string(appendNanoseconds(nil, t))
}

// number is a reason code that is there.
func number(c mqttwire.ReasonCode) *int { n := int(c); return &n }
