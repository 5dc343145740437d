package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// endMark is the line behind what this program writes; what stands behind it is left as it is.
const endMark = "<!-- end of what scripts/matrix writes -->"

const head = `# Interoperability

    scripts/matrix

Measured on %s: %d messages in each cell of our client, %d in those of others, from one client to another one through the server, on
the loopback, on two cores that others used too. "Cut" is how many
connections a proxy has broken, of sender and receiver, behind 100 to some 8,000 bytes in one direction or after %v. "Lost" are messages
that never came, "again" arrivals beyond a message's first, "out of order" first arrivals behind that of a later message. A cell has
passed if nothing is lost at QoS 1 and 2, nothing comes again at QoS 0 and 2, and all is in order; what is lost of QoS 0 on a link that
breaks is only told.

Where our client receives it looks at the packets too, and a fault is the server's if it was seen there: messages "unsent", which the
server has acknowledged to the sender and never published to the receiver; "late", published behind a later one; "twice", published
again at QoS 2 behind their PUBREL or with another identifier, which [MQTT-4.3.3-6] forbids; "beyond", connections that our client
ended with 0x93 as more than its Receive Maximum was under way.

Not in here: mosquitto as a bridge.
`

const faultsHead = `
## Known faults of others

None is worked around in silence: each has its cells, in which it may show.

- mosquitto 2.0.11 in 3.x loses messages of QoS 2 when more than 20 are in flight and the link breaks: our client has at most %d in
  flight in the cells of 3.x above (` + "`Options.Session.InFlight`" + `), and no bound in those below.
- mosquitto 2.0.11 has more messages of QoS 2 under way than the client's Receive Maximum (174 to 183 were counted where 100 was
  announced). Our client lets it pass unless ` + "`Options.Strict`" + ` is set, as below.
- mosquitto 2.0.11 publishes messages of QoS 2 again for which it had sent PUBREL, if a connection ends before it has sent PUBREL
  again: "twice by the server".
- mochi 2.7.9 loses messages of QoS 1 and 2 that it has acknowledged, and changes their order, where a subscriber's connection ends
  while they are under way: "lost by the server", "out of order by the server", at any version and transport.
- mochi 2.7.9 may publish nothing more at all to a subscriber of 5.0 whose connection has ended: up to all messages are lost then.
- mochi 2.7.9 may answer nobody any more who has to do with a subscriber of 5.0 whose connection has ended, and not end either: a
  goroutine asks for a read lock of the messages in flight that it holds, while another one waits to write (NextImmediate and GetAll in
  its inflight.go): "failed". It was seen in 6 of 54 runs of 5.0 over ws at QoS 2. Each cell has a server of its own.
- mochi 2.7.9 and aedes 1.2.0 refuse a PUBREL that is sent again in 3.1, as 3.1 has it with DUP (its first byte is 0x6A), and close the
  connection, so that a message of QoS 2 that was under way when the link broke is never acknowledged: "failed" in 3.1 at QoS 2.
- mochi 2.7.9 takes WebSocket connections with the subprotocol "mqtt" alone, which 3.1 has not: there is no cell of 3.1 over ws.
- aedes 1.2.0 changes the order of messages where a subscriber connects again (moscajs/aedes#649 is one like it), publishes those of
  QoS 2 twice, and may lose one (moscajs/aedes#994 is one like it).
- aedes 1.2.0 says that there is no session, and forgets what it has of it, to a client that has no subscriptions ([MQTT-3.2.2-2]; its
  lib/handlers/connect.js asks for subscriptions alone): messages of QoS 2 under way are then of unknown fate, as our client tells.
  The sender has a subscription in the cells above, and none in the one below.
- aedes has no 5.0.
- mosquitto_sub 2.0.11 in 5.0 ends with "protocol error" (its status is 2) where the link breaks at QoS 2: it counts messages that are
  published again for it, as they have to be, a second time against its own Receive Maximum of 20. The place in its library is named in
  eclipse-mosquitto/mosquitto#3611.
- Paho Python 1.6.1 sends a new message before those that it has to send again, if it is published just as the connection comes back:
  "out of order" (seen in the bytes that it sent). Over TLS its thread ends with SSLEOFError if the link breaks while it writes, and
  never connects again: "failed", "lost".
- mosquitto_pub and mosquitto_sub 2.0.11 end over TLS if a connection breaks without a close_notify, as OpenSSL 3 tells of that as an
  error ("unexpected eof while reading", status 4): "failed", "lost". Their links break, and their servers are killed, from the first
  message on, as they do not try again where the first connection breaks.
- MQTT.js 5.16.0 tells for messages under way that the connection was closed, and does not send all of them again: "failed", "lost".
- paho.mqtt.golang 1.5.1 publishes messages of QoS 2 again that it had sent PUBREL for (eclipse-paho/paho.mqtt.golang#788 is one like
  it): "twice"; it may tell that a message which has come was not sent: "failed"; and what it sends again when it is back may go in
  another order (eclipse-paho/paho.mqtt.golang#731 is one like it): "out of order".
`

const tableHead = `
%s

| version | transport | QoS | arrived | lost | again | out of order | cut | unsent | late | twice | beyond | |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|
`

const trialsHead = `
## Server mqtt serve: wills, retained messages, shared subscriptions, topic aliases, 3 MB

By transport: a will that comes when the link breaks; a message that is retained, comes as such to who subscribes later, and is taken
away; 40 messages that two members of a group share; 20 messages of which all but the first have an alias and no topic (5.0); a message
of 3 MB at QoS 2.

| clients | version | | |
|---|---|---|---|
`

// document returns the tables of the results.
func document(results []result, n int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, head, time.Now().UTC().Format("2006-01-02"), n, cell{kind: pahoMQTT}.messages(n), life)
	table := ""
	faults := false
	for _, r := range results {
		if r.variant.trial != nil {
			continue
		}
		if r.variant.known && !faults {
			fmt.Fprintf(&b, faultsHead, before5)
			faults = true
		}
		if name := r.table(); name != table {
			table = name
			fmt.Fprintf(&b, tableHead, name)
		}
		b.WriteString(r.row())
	}
	b.WriteString(trialsHead)
	for _, line := range trialRows(results) {
		b.WriteString(line)
	}
	fmt.Fprintf(&b, "\n%s\n", endMark)
	return b.Bytes()
}

// trialRows returns a line for each kind of client and version: what it has passed, over
// which transports, and what not.
func trialRows(results []result) (list []string) {
	passed, failed := map[string][]string{}, map[string][]string{}
	var order []string
	for _, r := range results {
		if r.variant.trial == nil {
			continue
		}
		who := fmt.Sprintf("| %s | %s |", r.kind.name, r.version)
		if !slices.Contains(order, who) {
			order = append(order, who)
		}
		if what := r.variant.what + " " + r.transport; r.verdict() == "passed" {
			passed[who] = append(passed[who], what)
		} else {
			failed[who] = append(failed[who], what+": "+r.verdict())
		}
	}
	for _, who := range order {
		list = append(list, fmt.Sprintf("%s %d passed | %s |\n", who, len(passed[who]), strings.Join(failed[who], "; ")))
	}
	return list
}

// row returns the line of a result.
func (r result) row() string {
	by := " | | |"
	if r.by.known {
		by = fmt.Sprintf("%d | %d | %d | %d", r.by.unsent, r.by.late, r.by.again, r.by.beyond)
	}
	return fmt.Sprintf("| %s | %s | %d | %d | %d | %d | %d | %d | %s | %s |\n", r.version, r.transport, r.qos,
		r.arrived, r.lost, r.again, r.disorder, r.broken, by, r.verdict())
}

// table returns the heading of the table that a result stands in.
func (r result) table() string {
	name := "Server " + r.server.name + ", clients " + r.kind.name
	if r.variant.what != "" {
		name += ", " + r.variant.what
	}
	if r.variant.known {
		return "### " + name
	}
	return "## " + name
}

// write puts the document before what others have written into the file.
func write(file string, text []byte) error {
	old, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	if _, rest, ok := bytes.Cut(old, []byte(endMark+"\n")); ok {
		text = append(text, rest...)
	}
	return os.WriteFile(file, text, 0o644)
}
