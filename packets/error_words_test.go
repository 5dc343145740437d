package packets_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// The forms in which an error tells what was found; FIELD stands for the name of
// the field and its byte.
var (
	missingForm   = regexp.MustCompile(`^no FIELD$`)
	packetForm    = regexp.MustCompile(`^packet of \d+ bytes( by the FIELD)?$`)
	lengthForm    = regexp.MustCompile(`^(no )?FIELD( is \d+|, no byte left|, \d+ bytes? left)?$`)
	textForm      = regexp.MustCompile(`^(no )?FIELD( is empty| has 0x[0-9A-F]{2}( '[ -~]')?| has U\+[0-9A-F]{4,6}| has \d+ characters|, length \d+|, (no byte|1 byte|\d+ bytes) left( over)?)?$`)
	codeForm      = regexp.MustCompile(`^(no )?FIELD( is 0x[0-9A-F]{2}( [A-Z].*)?)?$`)
	flagsForm     = regexp.MustCompile(`^(no )?FIELD( are 0x[0-9A-F]{2}| with (QoS|will QoS|retain handling) \d+)?$`)
	identityForm  = regexp.MustCompile(`^FIELD( is 0x[0-9A-F]{2,})?$`)
	typeForm      = regexp.MustCompile(`^FIELD is \d+( [A-Z]+)?$`)
	countForm     = regexp.MustCompile(`^(no|1|\d+) reason codes?$`)
	protocolForm  = regexp.MustCompile(`^(no )?FIELD( is [0-9]{1,3}| is 0x[0-9A-F]{2})?$`)
	lostForm      = regexp.MustCompile(`^FIELD were lost when their PropertyBuilder was reset$`)
	numberForm    = regexp.MustCompile(`^(no )?FIELD( is \d+|, (no byte|1 byte|\d+ bytes) left( over)?|, length \d+)?$`)
	printableForm = regexp.MustCompile(`^[ -~]+$`)
)

// missing are the rules whose Found counts what there is none of.
var missing = map[mqttwire.Rule]bool{
	mqttwire.RuleNoFilters: true, mqttwire.RuleNoReasonCodes: true, mqttwire.RuleOptionsMissing: true,
	mqttwire.RuleClientIDMissing: true, mqttwire.RuleWillMissing: true,
	mqttwire.RuleUserNameMissing: true, mqttwire.RulePasswordMissing: true,
}

// formOf returns the form that an error's line has.
func formOf(e *mqttwire.Error) *regexp.Regexp {
	switch {
	case missing[e.Rule]:
		return missingForm
	case e.Rule == mqttwire.RuleAnswerCodes:
		return countForm
	case e.Rule == mqttwire.RulePacketSize && e.Field == mqttwire.FieldRemainingLength, e.Rule == mqttwire.RuleMaximumPacketSize:
		return packetForm
	case e.Rule == mqttwire.RulePropertiesReset:
		return lostForm
	}
	switch e.Field {
	case mqttwire.FieldRemainingLength, mqttwire.FieldPropertyLength, mqttwire.FieldWillPropertyLength:
		return lengthForm
	case mqttwire.FieldReasonCode:
		return codeForm
	case mqttwire.FieldFlags, mqttwire.FieldConnectFlags, mqttwire.FieldAcknowledgeFlags, mqttwire.FieldSubscriptionOptions:
		return flagsForm
	case mqttwire.FieldPropertyID:
		return identityForm
	case mqttwire.FieldPacketType:
		return typeForm
	case mqttwire.FieldProtocolVersion:
		return protocolForm
	}
	if isText(e.Field) {
		return textForm
	}
	return numberForm
}

func isText(f mqttwire.Field) bool {
	switch f {
	case mqttwire.FieldTopicName, mqttwire.FieldTopicFilter, mqttwire.FieldWillTopic, mqttwire.FieldClientID,
		mqttwire.FieldUserName, mqttwire.FieldProtocolName:
		return true
	}
	name := strings.TrimPrefix(string(f), "Will ")
	for id := mqttwire.PropertyID(1); id < 0x80; id++ {
		if (mqttwire.Property{ID: id}).IsText() && id.String() == name {
			return true
		}
	}
	return false
}

// requireWords checks that the error's line tells what was found in the form that
// suits it, and what is allowed.
func requireWords(t testing.TB, e *mqttwire.Error) {
	t.Helper()
	line := e.Error()
	require.Regexp(t, printableForm, line)
	found, allowed, ok := strings.Cut(line, "; ")
	require.True(t, ok, line)
	_, found, ok = strings.Cut(found, e.Err.Error()+": ")
	require.True(t, ok, line)
	field := regexp.MustCompile(regexp.QuoteMeta(string(e.Field)) + `( at byte \d+)?`)
	at := field.FindStringIndex(found)
	if at != nil {
		require.Equal(t, e.Offset != mqttwire.NoOffset, strings.Contains(found[at[0]:at[1]], " at byte "), line)
		found = found[:at[0]] + "FIELD" + found[at[1]:]
	}
	require.Regexp(t, formOf(e), found, line)
	if e.Field != mqttwire.FieldPropertyLength || e.Rule != mqttwire.RulePacketSize {
		require.True(t, strings.HasPrefix(allowed, e.Rule.Allowed()), line)
	}
}

func TestErrorsOfEveryRuleTellWhatWasFoundInItsForm(t *testing.T) {
	seen := map[mqttwire.Rule]bool{}
	look := func(where string, err error) {
		var e *mqttwire.Error
		if errors.As(err, &e) {
			t.Run(where, func(t *testing.T) { requireWords(t, e) })
			seen[e.Rule] = true
		}
	}
	for _, c := range loadCorpus(t) {
		p, err := decodeCase(t, &c)
		look(c.Name, err)
		if err == nil {
			look(c.Name, packets.CheckSender(p, c.Version, c.Sender))
			look(c.Name, packets.CheckOptional(p, c.Version))
		}
	}
	for _, s := range loadStreams(t) {
		for _, told := range toldVersions(&s) {
			look(s.Name, pushed(&s, told, cutAt(whole), false).err)
		}
	}
	ack := mqttwire.FixedHeader{Type: mqttwire.PUBACK, RemainingLength: 2}
	_, tooLarge := (&packets.Publish{Topic: []byte("a")}).AppendStreamHeader(nil, v5, mqttwire.MaxVarint)
	_, otherVersion := (&packets.Connect{Version: v311}).Append(nil, v5)
	_, over := (&packets.Puback{PacketID: 1, Properties: builtOver()}).Append(nil, v5)
	_, wrongType := (&packets.Puback{PacketID: 1, Properties: props(setReasonNumber)}).Append(nil, v5)
	_, noPlace := (&packets.Puback{PacketID: 1, ReasonCode: 0x87}).Append(nil, v311)
	for where, err := range map[string]error{
		"another type": new(packets.Pingreq).Decode(mqttwire.Frame{Header: ack, Body: []byte{0, 1}}, v5),
		"body short":   new(packets.Puback).Decode(mqttwire.Frame{Header: ack, Body: []byte{0}}, v5),
		"no version":   new(packets.Puback).Decode(mqttwire.Frame{Header: ack, Body: []byte{0, 1}}, 0),
		"too large":    tooLarge, "another version": otherVersion, "no place": noPlace, "built over": over, "wrong type": wrongType,
		"another answer": packets.CheckSuback(&packets.Subscribe{PacketID: 1}, &packets.Suback{PacketID: 2}, v5),
		"wrong codes":    packets.CheckUnsuback(&packets.Unsubscribe{}, &packets.Unsuback{ReasonCodes: codes(2)}, v5),
	} {
		require.Error(t, err, where)
		look(where, err)
	}
	for _, r := range mqttwire.Rules() {
		assert.True(t, seen[r], "no error of rule %s was looked at", r)
	}
}

func TestErrorsOfWhatIsTooLargeSayWhatTheyCount(t *testing.T) {
	const (
		limited  = "; the whole packet is within the receiver's maximum packet size, here at most "
		standard = " [U-2.1.4-3], reason 0x95 Packet too large"
	)
	// Its properties are 69996 bytes.
	large := "\x30\xF4\xA2\x04\x00\x01t\xEC\xA2\x04" + strings.Repeat("x", 69998)
	small := mqttwire.Limits{PacketSize: 100, FirstPacketSize: 100}
	for name, c := range map[string]struct {
		err  func(t *testing.T) error
		want string
	}{
		"Reader": {func(*testing.T) error {
			_, err := mqttwire.NewReader(strings.NewReader(large), small).Next()
			return err
		}, "PUBLISH packet too large: packet of 70008 bytes by the Remaining Length at byte 1" + limited + "100" + standard},
		"Feeder": {func(*testing.T) error {
			f := mqttwire.NewFeeder(small)
			f.Feed([]byte(large))
			_, err := f.Frame()
			return err
		}, "PUBLISH packet too large: packet of 70008 bytes by the Remaining Length at byte 1" + limited + "100" + standard},
		"Decoder, of a packet that is not streamed": {func(t *testing.T) error {
			d := clientDecoder(t, packets.Options{StreamFrom: 1000}, &packets.Connack{})
			_, err := d.Next(mqttwire.NewReader(strings.NewReader("\x82\x80\x80\x80\x01"), mqttwire.Limits{PacketSize: mqttwire.MaxPacketSize}))
			return err
		}, "SUBSCRIBE (5.0) packet too large: packet of 2097157 bytes by the Remaining Length at byte 1" + limited + "1048576" + standard},
		"Decoder, by what the peer was told": {func(t *testing.T) error {
			d := clientDecoder(t, packets.Options{}, &packets.Connack{Properties: props(func(p *mqttwire.Properties) { p.SetMaximumPacketSize(20) })})
			_, err := d.Next(mqttwire.NewReader(strings.NewReader(large), mqttwire.Limits{}))
			return err
		}, "PUBLISH (5.0) packet too large: packet of 70008 bytes by the Remaining Length at byte 1; " +
			"no packet is larger than the receiver's maximum packet size, here at most 20 [MQTT-3.2.2-15], reason 0x95 Packet too large"},
		"ReadHeader": {func(t *testing.T) error {
			r := mqttwire.NewReader(strings.NewReader(large), mqttwire.Limits{})
			_, err := r.Next()
			require.NoError(t, err)
			_, _, err = new(packets.Publish).ReadHeader(r, v5, nil, packets.HeaderOptions{MaxProperties: 65536})
			return err
		}, "PUBLISH (5.0) packet too large: Property Length at byte 7 is 69996; " +
			"the property list is within what the receiver takes without the payload, here at most 65536" + standard},
		"Encoder": {func(t *testing.T) error {
			e := packets.NewEncoder(packets.Options{From: mqttwire.FromServer, Version: v5})
			e.Observe(&packets.Connect{Version: v5, ClientID: []byte("c"), Properties: props(func(p *mqttwire.Properties) { p.SetMaximumPacketSize(20) })})
			_, err := e.Append(nil, &packets.Connack{})
			require.NoError(t, err)
			_, err = e.Append(nil, &packets.Publish{Topic: []byte("t"), Payload: long(200)})
			return err
		}, "own PUBLISH (5.0) packet too large: packet of 207 bytes; " +
			"no packet is larger than the receiver's maximum packet size, here at most 20 [MQTT-3.1.2-24], reason 0x95 Packet too large"},
		"AppendStreamHeader": {func(*testing.T) error {
			_, err := (&packets.Publish{Topic: []byte("t")}).AppendStreamHeader(nil, v5, 1<<28)
			return err
		}, "own PUBLISH (5.0) packet too large: Remaining Length is 268435460; " +
			"0 to 268435455 bytes follow the fixed header [U-2.1.4-1], reason 0x95 Packet too large"},
		"AppendStreamHeader of less than nothing": {func(*testing.T) error {
			_, err := (&packets.Publish{Topic: []byte("t")}).AppendStreamHeader(nil, v5, -2)
			return err
		}, "own PUBLISH (5.0) packet too large: Application Message of -2 bytes; " +
			"0 to 268435455 bytes follow the fixed header [U-2.1.4-1], reason 0x95 Packet too large"},
	} {
		t.Run(name, func(t *testing.T) { assert.EqualError(t, c.err(t), "mqttwire: "+c.want) })
	}
}

func TestErrorsNameACodeByPacketAndVersion(t *testing.T) {
	decode := func(bytes string, v mqttwire.Version) error {
		f, _, err := mqttwire.CutFrame([]byte(bytes), 0)
		require.NoError(t, err)
		_, err = packets.Decode(f, v)
		return err
	}
	encode := func(p mqttwire.Packet, v mqttwire.Version) error {
		_, err := p.Append(nil, v)
		return err
	}
	for want, err := range map[string]error{
		"Reason Code is 0x04 Disconnect with Will Message; only the other side":        packets.CheckSender(&packets.Disconnect{ReasonCode: 4}, v5, mqttwire.FromServer),
		"Reason Code is 0x10 No matching subscribers; only the other side":             packets.CheckSender(&packets.Puback{PacketID: 1, ReasonCode: 0x10}, v5, mqttwire.FromClient),
		"Reason Code at byte 3 is 0x01 Refused: unacceptable protocol version; this":   decode("\x20\x02\x00\x01", v5),
		"Reason Code at byte 3 is 0x87; the code is one that":                          decode("\x20\x02\x00\x87", v311),
		"Reason Code at byte 3 is 0x04; the code is one that":                          decode("\x20\x03\x00\x04\x00", v5),
		"Reason Code is 0x87 Not authorized; this version has no place for this value": encode(&packets.Puback{PacketID: 1, ReasonCode: 0x87}, v311),
	} {
		assert.ErrorContains(t, err, want)
	}
}
