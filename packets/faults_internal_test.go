package packets

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
)

// collect returns a report function for at most n faults, and where it puts the
// names of their rules.
func collect(n int) (report func(*mqttwire.Error) bool, rules *[]string) {
	rules = new([]string)
	return func(e *mqttwire.Error) bool {
		*rules = append(*rules, e.Rule.String())
		return len(*rules) < n
	}, rules
}

func TestSenderFaultsReportsEachUntilToldToStop(t *testing.T) {
	session := &Disconnect{ReasonCode: mqttwire.ReasonDisconnectWithWillMessage}
	session.Properties.SetSessionExpiryInterval(1)
	ids := &Publish{Topic: []byte("t")}
	ids.Properties.AddSubscriptionID(1)
	for _, c := range []struct {
		p    mqttwire.Packet
		v    mqttwire.Version
		from mqttwire.Sender
		want []string
	}{
		{session, mqttwire.V5, mqttwire.FromServer, []string{"session-expiry-sender", "reason-sender"}},
		{session, mqttwire.V5, mqttwire.FromClient, nil},
		{session, mqttwire.V311, mqttwire.FromServer, []string{"direction"}},
		{ids, mqttwire.V5, mqttwire.FromClient, []string{"subscription-id-sender"}},
		{&Puback{ReasonCode: mqttwire.ReasonNoMatchingSubscribers}, mqttwire.V5, mqttwire.FromClient, []string{"reason-sender"}},
		{&Subscribe{}, mqttwire.V5, mqttwire.FromServer, []string{"direction"}},
	} {
		for n := 1; n <= 2; n++ {
			report, got := collect(n)
			senderFaults(c.p, c.v, c.from, report)
			assert.Equal(t, c.want[:min(n, len(c.want))], *got, "%v", c.p)
		}
	}
}

func TestOptionalFaultsReportsEachUntilToldToStop(t *testing.T) {
	connect := &Connect{
		Version: mqttwire.V5, Bridge: true, ClientID: []byte("a\x01\x02"), UserName: []byte("\x7F"),
		Will: &Will{Topic: []byte("\x1F"), Payload: []byte("\xFF")},
	}
	connect.Will.Properties.SetPayloadFormatIndicator(1)
	connect.Properties.AddUser([]byte("\x01"), []byte("\x02"))
	publish := &Publish{Topic: []byte("\x01"), Payload: []byte("\xFF")}
	publish.Properties.SetPayloadFormatIndicator(1)
	filters := [][]byte{[]byte("\x01"), []byte("a"), []byte("\x02")}
	for _, c := range []struct {
		p    mqttwire.Packet
		v    mqttwire.Version
		want []string
	}{
		{connect, mqttwire.V5, []string{"bridge", "discouraged", "discouraged", "discouraged", "discouraged", "payload-format", "discouraged"}},
		{publish, mqttwire.V5, []string{"discouraged", "payload-format"}},
		{publish, mqttwire.V311, []string{"discouraged"}},
		{publish, mqttwire.V31, nil},
		{&Unsubscribe{Filters: filters}, mqttwire.V311, []string{"discouraged", "discouraged"}},
		{&Auth{}, mqttwire.V5, []string{"auth-empty"}},
	} {
		for n := 1; n <= len(c.want)+1; n++ {
			report, got := collect(n)
			optionalFaults(c.p, c.v, report)
			assert.Equal(t, c.want[:min(n, len(c.want))], *got, "%v", c.p)
		}
	}
}
