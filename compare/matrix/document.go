package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"
)

// endMark is the line behind what this program writes; what stands behind it is left as it is.
const endMark = "<!-- end of what scripts/matrix writes -->"

const head = `# Interoperability

    scripts/matrix

Measured on %s: %d messages in each cell, from one client to another one through the server, on the loopback. "Cut" is how many
connections a proxy has broken, of sender and receiver, behind 100 to some 8,000 bytes in one direction or after %v. "Lost" are messages
that never came, "again" arrivals beyond a message's first, "out of order" first arrivals behind that of a later message. A cell has
passed if nothing is lost at QoS 1 and 2, nothing comes again at QoS 0 and 2, and all is in order; what is lost of QoS 0 on a link that
breaks is only told. The clients of others run without cuts.

Not in here: TLS, aedes, mochi, Paho Python, MQTT.js, and mosquitto as a bridge.
`

const faultsHead = `
## Known faults of others

None is worked around in silence: each has its cells, in which it may show.

- mosquitto 2.0.11 in 3.x loses messages of QoS 2 when more than 20 are in flight and the link breaks: our client has at most %d in
  flight in the cells of 3.x above (` + "`Options.Session.InFlight`" + `), and no bound in those below.
- mosquitto 2.0.11 has more messages of QoS 2 under way than the client's Receive Maximum (174 to 183 were counted where 100 was
  announced). Our client lets it pass unless ` + "`Options.Strict`" + ` is set, as below: "beyond" are the connections that it ended with 0x93.
- mosquitto 2.0.11 publishes messages of QoS 2 again for which it had sent PUBREL, which [MQTT-4.3.3-6] forbids, if a connection ends
  before it has sent PUBREL again. They come twice; "excused" is how many the receiving client has seen on the wire to be such.
`

// document returns the tables of the results.
func document(results []result, n int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, head, time.Now().UTC().Format("2006-01-02"), n, life)
	table := ""
	faults := false
	for _, r := range results {
		if r.variant.what != "" && !faults {
			fmt.Fprintf(&b, faultsHead, before5)
			faults = true
		}
		if name := r.table(); name != table {
			table = name
			fmt.Fprintf(&b, "\n%s\n\n| version | transport | QoS | arrived | lost | again | excused | beyond | out of order | cut | |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|\n", name)
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %d | %d | %d | %d | %s |\n", r.version, r.transport, r.qos,
			r.arrived, r.lost, r.again, r.excused, r.beyond, r.disorder, r.broken, strings.ReplaceAll(r.verdict(), "\n", "; "))
	}
	fmt.Fprintf(&b, "\n%s\n", endMark)
	return b.Bytes()
}

// table returns the heading of the table that a result stands in.
func (r result) table() string {
	if r.variant.what != "" {
		return "### " + r.server.name + ", " + r.variant.what
	}
	return "## Server " + r.server.name + ", clients " + r.kind.name
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
