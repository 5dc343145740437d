package main

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

// newReport is the command that writes a page to look at.
func newReport(a *app) *cobra.Command {
	r := &report{app: a}
	c := &cobra.Command{
		Use:   "report -o FILE.html FILE...",
		Short: "a page to look at: timeline of each connection, message flow as a sequence chart, rates over time",
		Long: `Write a page that shows what the connections did: when each of them was there and
what went wrong, the packets of each in a sequence chart, and the rates over time.
The page is one file that needs no network; it can be used with the keyboard alone
(the keys are told on it), and without scripts it is still readable. Of large
captures it has a sample, and says so.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, files []string) error { return r.run(files) },
	}
	c.Flags().StringVarP(&r.out, "output", "o", "", "the `file` to write, which must be new")
	must(c.MarkFlagRequired("output"))
	must(c.MarkFlagFilename("output", "html"))
	return c
}

// What a page has at most: connections, of which the second half only with trouble;
// packets in all, and of one connection at its start and at its end.
const (
	mostConnections = 500
	mostRows        = 20_000
	mostHead        = 100
	mostTail        = 100
	mostRowText     = 240
)

// report collects what the page shows.
type report struct {
	app    *app
	out    string
	follow *follower
	form   *textLines
	rates  rates
	flows  map[int]*flow // by stream
	rows   int
	kept   []*reportConnection
	counts reportCounts
	line   []byte
}

// reportCounts says how much there is, and how much of it is shown.
type reportCounts struct {
	Connections, Troubled, Shown int
	Packets, ShownPackets        int
	Violations                   int
}

// flow is the packets of a connection that are kept.
type flow struct {
	head, tail []reportRow // tail is a ring once it is full
	next       int         // of tail
	count      int
}

// reportRow is a line of the sequence chart.
type reportRow struct {
	Time   string
	Side   string // "client", "server" or ""
	Name   string // the packet type, or what happened
	Text   string
	Packet bool
	Fault  bool
	at     time.Time
}

// run reads the files and writes the page.
func (r *report) run(files []string) error {
	if err := mayCreate(r.out, r.app.show.force); err != nil {
		return err
	}
	r.follow, r.flows = newFollower(), make(map[int]*flow)
	r.follow.onOver = r.over
	r.form = newTextLines(&r.app.show, newPalette("never", nil))
	r.app.atEnd = true
	err := r.app.each(files, func(file string, e *capture.Event) error {
		c := r.follow.take(file, e)
		if c != nil {
			r.take(c, e)
		}
		return nil
	})
	if err != nil || !r.app.opened {
		return err
	}
	r.follow.end()
	page, err := r.page(files)
	if err != nil {
		return err
	}
	if err := create(r.out, page, r.app.show.force); err != nil {
		return err
	}
	return r.app.close()
}

// mayCreate reports with an error if a file is there that may not be overwritten.
func mayCreate(name string, force bool) error {
	if _, err := os.Lstat(name); err == nil && !force {
		return fmt.Errorf("%s exists: name a new file, or --force overwrites it", name)
	}
	return nil
}

// create writes a file that has to be new, unless force is set.
func create(name string, b []byte, force bool) (err error) {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, flags, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return mayCreate(name, false)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = f.Write(b)
	return err
}

// take takes an event of a connection.
func (r *report) take(c *connection, e *capture.Event) {
	if isPacket(e) {
		r.counts.Packets++
		r.rates.add(e.Time, packetSize(e))
	}
	f := r.flows[c.stream]
	if f == nil {
		f = &flow{}
		r.flows[c.stream] = f
	}
	f.count++
	if r.rows >= mostRows && len(f.tail) < mostTail {
		return
	}
	row := r.row(c, e)
	switch {
	case len(f.head) < mostHead:
		f.head = append(f.head, row)
	case len(f.tail) < mostTail:
		f.tail = append(f.tail, row)
	default:
		f.tail[f.next] = row
		f.next = (f.next + 1) % mostTail
		return
	}
	r.rows++
}

// row makes the line of the chart for an event.
func (r *report) row(c *connection, e *capture.Event) reportRow {
	row := reportRow{at: e.Time, Side: sideName(e.Sender), Packet: isPacket(e), Fault: isTrouble(e)}
	if !e.Time.IsZero() {
		row.Time = strings.TrimSpace(string(appendSeconds(nil, e.Time.Sub(c.first))))
	}
	if row.Packet {
		row.Name = e.Frame.Header.Type.String()
		r.line = r.form.appendFault(r.form.appendSummary(r.line[:0], e), e)
	} else {
		row.Name = eventName(e.Kind)
		r.line = append(append(r.line[:0], countedBytes(e)...), printable(e.Note)...)
	}
	row.Text = strings.TrimSpace(string(cutText(r.line, min(len(r.line), mostRowText))))
	return row
}

// over takes a connection that is over into the page, if there is room for it.
func (r *report) over(c *connection) {
	f := r.flows[c.stream]
	delete(r.flows, c.stream)
	trouble := len(c.troubles) > 0
	r.counts.Connections++
	r.counts.Violations += c.violations
	if trouble {
		r.counts.Troubled++
	}
	if f == nil || len(r.kept) >= mostConnections || len(r.kept) >= mostConnections/2 && !trouble {
		if f != nil {
			r.rows -= len(f.head) + len(f.tail)
		}
		return
	}
	r.kept = append(r.kept, newReportConnection(c, f))
	r.counts.Shown++
	r.counts.ShownPackets += len(f.head) + len(f.tail)
}

// reportConnection is a connection as the page shows it.
type reportConnection struct {
	Stream                 int
	Client, Address, Title string
	Version, File          string
	From, Span             string
	ToServer, ToClient     int
	Handshake              string
	Subscriptions          []string
	Exchanges              []string
	Unfinished             []string
	Troubles               []string
	Ended, Fault           string
	Violations             int
	Head, Tail             []reportRow
	Left                   int // packets and events that are not shown

	first, last time.Time
	Lane        lanePlace
}

func newReportConnection(c *connection, f *flow) *reportConnection {
	r := &reportConnection{
		Stream: c.stream, Client: string(appendIdentifier(nil, c.client)), Title: c.title(), File: printable(c.file),
		Span: c.last.Sub(c.first).String(), ToServer: c.packets[mqttwire.FromClient], ToClient: c.packets[mqttwire.FromServer],
		Ended: printable(c.end()), Fault: printable(c.verdict()), Violations: c.violations,
		Head: f.head, Tail: append(f.tail[f.next:len(f.tail):len(f.tail)], f.tail[:f.next]...),
		first: c.first, last: c.last,
	}
	r.Left = f.count - len(r.Head) - len(r.Tail)
	if c.src.IsValid() {
		r.Address = c.src.String()
	}
	if c.version != 0 {
		r.Version = c.version.String()
	}
	if !c.first.IsZero() {
		r.From = c.first.Format(secondLayout + ".000000")
	}
	if c.connect != nil {
		r.Handshake = printable(c.handshake())
	}
	for _, s := range c.subscriptions {
		r.Subscriptions = append(r.Subscriptions, printable(s.text(c)))
	}
	for n, t := range c.tallies {
		if t.begun > 0 {
			r.Exchanges = append(r.Exchanges, fmt.Sprintf("%v: %d of %d, %v on average, %v at most", step(n), t.done, t.begun, t.average(), t.most))
		}
	}
	for _, x := range c.unfinished[:min(len(c.unfinished), mostTroubles)] {
		r.Unfinished = append(r.Unfinished, printable(x.text()))
	}
	for _, t := range c.troubles {
		r.Troubles = append(r.Troubles, printable(fmt.Sprintf("record %d: %s", t.record, t.text())))
	}
	return r
}

//go:embed report.html
var reportPage string

// reportTemplate is the page; what stands in packets is escaped by html/template.
var reportTemplate = template.Must(template.New("report").Parse(reportPage))
