package conformance

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/mqttwire/mqttwire"
)

// heading is a chapter of the standards, or a section of the long one on the
// packets. Each has a page for each version.
type heading struct {
	number string
	title  string
	file   string // the name of the page
}

// outline are the headings, in the order of the standards. The number of a
// heading means the same in all versions.
var outline = []heading{
	{"1", "Introduction", "1-introduction.md"},
	{"2", "MQTT Control Packet format", "2-packet-format.md"},
	{"3.1", "CONNECT", "3.1-connect.md"},
	{"3.2", "CONNACK", "3.2-connack.md"},
	{"3.3", "PUBLISH", "3.3-publish.md"},
	{"3.4", "PUBACK", "3.4-puback.md"},
	{"3.5", "PUBREC", "3.5-pubrec.md"},
	{"3.6", "PUBREL", "3.6-pubrel.md"},
	{"3.7", "PUBCOMP", "3.7-pubcomp.md"},
	{"3.8", "SUBSCRIBE", "3.8-subscribe.md"},
	{"3.9", "SUBACK", "3.9-suback.md"},
	{"3.10", "UNSUBSCRIBE", "3.10-unsubscribe.md"},
	{"3.11", "UNSUBACK", "3.11-unsuback.md"},
	{"3.12", "PINGREQ", "3.12-pingreq.md"},
	{"3.13", "PINGRESP", "3.13-pingresp.md"},
	{"3.14", "DISCONNECT", "3.14-disconnect.md"},
	{"3.15", "AUTH", "3.15-auth.md"},
	{"4", "Operational behavior", "4-operational-behavior.md"},
	{"6", "Using WebSocket as a network transport", "6-websocket.md"},
	{"7", "Conformance", "7-conformance.md"},
}

// String is the heading as the standards print it.
func (h heading) String() string { return h.number + " " + h.title }

// page returns the path of the heading's page for a version.
func (h heading) page(v mqttwire.Version) string { return path.Join(folder, v.String(), h.file) }

// headingOf returns the heading that the statement with the identifier stands
// under. Its section follows the first hyphen, as in MQTT-3.3.1-4.
func headingOf(id string) (heading, bool) {
	_, section, _ := strings.Cut(id, "-")
	section, _, _ = strings.Cut(section, "-")
	for _, h := range outline {
		if strings.HasPrefix(section+".", h.number+".") {
			return h, true
		}
	}
	return heading{}, false
}

// checkOutline checks that every statement stands under a heading, and so on a
// page.
func checkOutline(standards []Standard) (err error) {
	for _, s := range standards {
		for _, statement := range s.Statements {
			if _, ok := headingOf(statement.ID); !ok {
				err = errors.Join(err, fmt.Errorf("%s of %s stands in no section of the outline", statement.ID, s.Version))
			}
		}
	}
	return err
}

// ruleGroup is a group of the rule table, on a page of its own: from its first
// rule to that of the next group.
type ruleGroup struct {
	file  string // the name of the page
	title string
	first mqttwire.Rule
}

// ruleGroups are the groups, in the order of the table.
var ruleGroups = []ruleGroup{
	{"frame.md", "The frame", mqttwire.RulePacketType},
	{"text.md", "Strings, binary data and topics", mqttwire.RuleStringLength},
	{"properties.md", "Properties", mqttwire.RulePropertyLengthMissing},
	{"packets.md", "The fields of packets", mqttwire.RulePacketIDZero},
	{"sender.md", "The sender", mqttwire.RuleDirection},
	{"connection.md", "The connection: what came before", mqttwire.RuleNotMQTT},
	{"announced.md", "The connection: what the receiver has announced", mqttwire.RuleMaximumPacketSize},
}

func (g ruleGroup) page() string { return path.Join(folder, "rules", g.file) }

// rowsOf returns the rows of the i-th group.
func (r *Report) rowsOf(i int) (rows []RuleRow) {
	for _, row := range r.Rules {
		if row.Rule >= ruleGroups[i].first && (i+1 == len(ruleGroups) || row.Rule < ruleGroups[i+1].first) {
			rows = append(rows, row)
		}
	}
	return rows
}
