package packets_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A proxy moves the topics of a tenant under a level of their own.
func ExampleSpliceTopic() {
	frame := []byte("\x30\x0B\x00\x05a/b/cx=21")
	start, err := packets.PeekPublish(frame)
	if err != nil {
		fmt.Println(err)
		return
	}
	topic := append([]byte("tenant-7/"), start.Topic...)
	out, err := packets.SpliceTopic(nil, frame, mqttwire.V311, topic)
	fmt.Printf("%q %v\n", out, err)
	_, err = packets.SpliceTopic(nil, frame, mqttwire.V311, []byte("a/#"))
	fmt.Println(err)
	// Output:
	// "0\x14\x00\x0etenant-7/a/b/cx=21" <nil>
	// mqttwire: own PUBLISH (3.1.1) malformed packet: Topic Name has 0x23 '#'; a topic name has neither + nor # [MQTT-3.3.2-2], reason 0x81 Malformed Packet
}

// Behind the proxy nobody knows the alias.
func ExampleSpliceTopicForAlias() {
	frame := []byte("\x30\x07\x00\x00\x03\x23\x00\x01x")
	out, err := packets.SpliceTopicForAlias(nil, frame, mqttwire.V5, []byte("a/b"))
	fmt.Printf("%q %v\n", out, err)
	// Output:
	// "0\a\x00\x03a/b\x00x" <nil>
}

// A proxy gives each client the credentials of its own.
func ExampleSpliceClientID() {
	frame := []byte("\x10\x0D\x00\x04MQTT\x04\x02\x00\x3C\x00\x01c")
	out, err := packets.SpliceClientID(nil, frame, []byte("proxy/c"))
	if err == nil {
		out, err = packets.SpliceUserName(nil, out, []byte("u"))
	}
	if err == nil {
		out, err = packets.SplicePassword(nil, out, []byte("p"))
	}
	fmt.Printf("%q %v\n", out, err)
	// Output:
	// "\x10\x19\x00\x04MQTT\x04\xc2\x00<\x00\aproxy/c\x00\x01u\x00\x01p" <nil>
}

func ExampleSpliceUserName() {
	frame := []byte("\x10\x13\x00\x04MQTT\x04\xC2\x00\x3C\x00\x01c\x00\x01u\x00\x01p")
	_, err := packets.SpliceUserName(nil, frame, nil)
	fmt.Println(err)
	out, err := packets.SplicePassword(nil, frame, nil)
	if err == nil {
		out, err = packets.SpliceUserName(nil, out, nil)
	}
	fmt.Printf("%q %v\n", out, err)
	// Output:
	// mqttwire: own CONNECT (3.1.1) malformed packet: Connect Flags are 0x42; before 5.0 a password comes with a user name [MQTT-3.1.2-22], reason 0x81 Malformed Packet
	// "\x10\r\x00\x04MQTT\x04\x02\x00<\x00\x01c" <nil>
}

// The result takes the place of the frame if it takes no more bytes.
func ExampleSplicePassword() {
	frame := []byte("\x10\x16\x00\x04MQTT\x04\xC2\x00\x3C\x00\x01c\x00\x01u\x00\x04pass")
	out, err := packets.SplicePassword(frame[:0], frame, []byte("word"))
	fmt.Printf("%q %v %v\n", out, &out[0] == &frame[0], err)
	// Output:
	// "\x10\x16\x00\x04MQTT\x04\xc2\x00<\x00\x01c\x00\x01u\x00\x04word" true <nil>
}

func ExampleSpliceWillTopic() {
	frame := []byte("\x10\x13\x00\x04MQTT\x04\x06\x00\x3C\x00\x01c\x00\x01w\x00\x01x")
	out, err := packets.SpliceWillTopic(nil, frame, []byte("t/w"))
	fmt.Printf("%q %v\n", out, err)
	// Output:
	// "\x10\x15\x00\x04MQTT\x04\x06\x00<\x00\x01c\x00\x03t/w\x00\x01x" <nil>
}

// A proxy with little memory takes fewer messages at a time, and no user properties.
func ExampleSpliceProperties() {
	frame := []byte("\x10\x17\x00\x04MQTT\x05\x02\x00\x3C\x0A\x21\xFF\xFF\x26\x00\x01k\x00\x01v\x00\x00")
	var put mqttwire.Properties
	put.SetReceiveMaximum(20)
	out, err := packets.SpliceProperties(nil, frame, 0, put, mqttwire.UserProperty)
	fmt.Printf("%q %v\n", out, err)
	// Output:
	// "\x10\x10\x00\x04MQTT\x05\x02\x00<\x03!\x00\x14\x00\x00" <nil>
}

func ExampleSpliceWillProperties() {
	frame := []byte("\x10\x14\x00\x04MQTT\x05\x06\x00\x3C\x00\x00\x01c\x00\x00\x01w\x00\x00")
	var put mqttwire.Properties
	put.SetWillDelayInterval(5)
	out, err := packets.SpliceWillProperties(nil, frame, put)
	fmt.Printf("%q %v\n", out, err)
	// Output:
	// "\x10\x19\x00\x04MQTT\x05\x06\x00<\x00\x00\x01c\x05\x18\x00\x00\x00\x05\x00\x01w\x00\x00" <nil>
}

// someParts are put into every packet of the corpus.
var someParts = []parts{
	{},
	{text: []byte("spliced/topic")},
	{text: []byte{}},
	{text: []byte("x"), out: allProperties()},
	{put: []mqttwire.Property{}, more: withUser},
	{more: withUser, out: allProperties()},
	{more: withReason, out: []mqttwire.PropertyID{mqttwire.UserProperty}},
	{more: withMethod},
	{more: withAlias},
	{out: []mqttwire.PropertyID{mqttwire.UserProperty, mqttwire.TopicAlias}},
}

// allProperties returns the identifiers of all properties, and those of none.
func allProperties() (all []mqttwire.PropertyID) {
	for id := range mqttwire.PropertyID(0x80) {
		all = append(all, id)
	}
	return all
}

// eachSplice calls f with each packet of the corpus that decodes, with each splice of
// it that is accepted, and with the packet that it makes.
func eachSplice(t *testing.T, f func(where string, c *change, x *parts, frame, got []byte, v mqttwire.Version)) {
	t.Helper()
	for _, k := range loadCorpus(t) {
		if !k.Decodes() || testing.Short() && len(k.Bytes) > 1024 {
			continue
		}
		for i := range changes {
			for n := range someParts {
				c, x := &changes[i], &someParts[n]
				if got, err := c.splice(nil, k.Bytes, k.Version, x); err == nil {
					f(fmt.Sprintf("%s: %s %d", k.Where(), c.name, n), c, x, k.Bytes, got, k.Version)
				}
			}
		}
	}
}

func decodedAs(t *testing.T, b []byte, v mqttwire.Version, where string) mqttwire.Packet {
	t.Helper()
	f, rest, err := mqttwire.CutFrame(b, 0)
	require.NoError(t, err, where)
	require.Empty(t, rest, where)
	p, err := packets.Decode(f, v)
	require.NoError(t, err, where)
	return p
}

func TestASplicedPacketHasTheChangeAndNoOther(t *testing.T) {
	spliced := map[string]int{}
	eachSplice(t, func(where string, c *change, x *parts, frame, got []byte, v mqttwire.Version) {
		p := decodedAs(t, frame, v, where)
		require.Zero(t, c.apply(p, v, x), where)
		require.Empty(t, cmp.Diff(p, decodedAs(t, got, v, where), sameFields), where)
		spliced[c.name]++
	})
	for _, c := range changes {
		assert.Greater(t, spliced[c.name], 10, c.name)
	}
}

// What a splice leaves is the same: at both ends of the body so many bytes that the
// rest is no more than what was to change.
func TestASpliceChangesNoByteOutside(t *testing.T) {
	eachSplice(t, func(where string, c *change, x *parts, frame, got []byte, v mqttwire.Version) {
		f, _, err := mqttwire.CutFrame(frame, 0)
		require.NoError(t, err, where)
		g, _, err := mqttwire.CutFrame(got, 0)
		require.NoError(t, err, where)
		require.Equal(t, frame[0], got[0], where)
		if len(f.Body) == len(g.Body) {
			require.Equal(t, frame[:f.Header.Size], got[:g.Header.Size], where)
		} else {
			require.Equal(t, 1+mqttwire.SizeVarint(g.Header.RemainingLength), int(g.Header.Size), where)
		}
		a, b := f.Body, g.Body
		if c.name == "SpliceUserName" || c.name == "SplicePassword" {
			a, b = withoutCredentialFlags(a), withoutCredentialFlags(b)
		}
		prefix, suffix := 0, 0
		for prefix < min(len(a), len(b)) && a[prefix] == b[prefix] {
			prefix++
		}
		for suffix < min(len(a), len(b)) && a[len(a)-1-suffix] == b[len(b)-1-suffix] {
			suffix++
		}
		old := sizeOfPart(decodedAs(t, frame, v, where), len(f.Body), c.name, v)
		require.GreaterOrEqual(t, prefix+suffix, len(a)-old, where)
		require.Equal(t, len(a)-old, len(b)-sizeOfPart(decodedAs(t, got, v, where), len(g.Body), c.name, v), where)
	})
}

// withoutCredentialFlags clears the two flags in the body of a CONNECT.
func withoutCredentialFlags(body []byte) []byte {
	b := bytes.Clone(body)
	b[2+int(b[1])+1] &= 0x3F
	return b
}

// sizeOfPart returns how many bytes of the packet, whose body has n bytes, the splice is
// about.
func sizeOfPart(p mqttwire.Packet, n int, name string, v mqttwire.Version) int {
	field := func(b []byte) int {
		if b == nil {
			return 0
		}
		return 2 + len(b)
	}
	switch p := p.(type) {
	case *packets.Connect:
		switch name {
		case "SpliceClientID":
			return field(p.ClientID)
		case "SpliceUserName":
			return field(p.UserName)
		case "SplicePassword":
			return field(p.Password)
		case "SpliceWillTopic":
			return field(p.Will.Topic)
		case "SpliceWillProperties":
			return listSize(&p.Will.Properties, v)
		}
		return listSize(&p.Properties, v)
	case *packets.Publish:
		switch name {
		case "SpliceTopic":
			return field(p.Topic)
		case "SpliceTopicForAlias": // and all between
			return n - len(p.Payload)
		}
		return listSize(&p.Properties, v)
	case *packets.Puback, *packets.Pubrec, *packets.Pubrel, *packets.Pubcomp:
		return n - 2
	case *packets.Disconnect, *packets.Auth, *packets.Pingreq, *packets.Pingresp:
		return n
	}
	return listSize(packets.PropertiesOf(p), v)
}

func listSize(p *mqttwire.Properties, v mqttwire.Version) int {
	if v != mqttwire.V5 {
		return 0
	}
	return p.Size()
}

// The bytes that Append does not write stay as they are where they can.
func TestASpliceKeepsOtherFormsOfThePacket(t *testing.T) {
	user := []byte("u")
	code := props(withReason)
	connect31 := "\x00\x06MQIsdp\x03"
	for name, c := range map[string]struct {
		frame  string
		splice func(frame []byte) ([]byte, error)
		want   string
	}{
		"a long remaining length, same size": {"\x30\x84\x00\x00\x01ax",
			func(b []byte) ([]byte, error) { return packets.SpliceTopic(nil, b, v311, []byte("b")) }, "\x30\x84\x00\x00\x01bx"},
		"a long remaining length, another size": {"\x30\x84\x00\x00\x01ax",
			func(b []byte) ([]byte, error) { return packets.SpliceTopic(nil, b, v311, []byte("bc")) }, "\x30\x05\x00\x02bcx"},
		"an empty list that is there, nothing to do": {"\x40\x04\x00\x01\x00\x00",
			func(b []byte) ([]byte, error) {
				return packets.SpliceProperties(nil, b, v5, mqttwire.Properties{}, mqttwire.UserProperty)
			}, "\x40\x04\x00\x01\x00\x00"},
		"an empty list that is there": {"\x40\x04\x00\x01\x10\x00",
			func(b []byte) ([]byte, error) { return packets.SpliceProperties(nil, b, v5, code) }, "\x40\x0A\x00\x01\x10\x06\x1F\x00\x03why"},
		"no list": {"\x40\x03\x00\x01\x10",
			func(b []byte) ([]byte, error) { return packets.SpliceProperties(nil, b, v5, code) }, "\x40\x0A\x00\x01\x10\x06\x1F\x00\x03why"},
		"no list and no code": {"\x40\x02\x00\x01",
			func(b []byte) ([]byte, error) { return packets.SpliceProperties(nil, b, v5, code) }, "\x40\x0A\x00\x01\x00\x06\x1F\x00\x03why"},
		"no body": {"\xE0\x00",
			func(b []byte) ([]byte, error) { return packets.SpliceProperties(nil, b, v5, code) }, "\xE0\x08\x00\x06\x1F\x00\x03why"},
		"the last property": {"\xE0\x08\x00\x06\x1F\x00\x03why",
			func(b []byte) ([]byte, error) {
				return packets.SpliceProperties(nil, b, v5, mqttwire.Properties{}, mqttwire.ReasonString)
			}, "\xE0\x00"},
		"the last property behind a code": {"\x40\x0A\x00\x01\x10\x06\x1F\x00\x03why",
			func(b []byte) ([]byte, error) {
				return packets.SpliceProperties(nil, b, v5, mqttwire.Properties{}, mqttwire.ReasonString)
			}, "\x40\x03\x00\x01\x10"},
		"the last property of a packet that says so": {"\x20\x09\x00\x00\x06\x1F\x00\x03why",
			func(b []byte) ([]byte, error) {
				return packets.SpliceProperties(nil, b, v5, mqttwire.Properties{}, mqttwire.ReasonString)
			}, "\x20\x03\x00\x00\x00"},
		"unused flags of 3.1": {"\x1F\x0F" + connect31 + "\x3B\x00\x00\x00\x01c",
			func(b []byte) ([]byte, error) { return packets.SpliceUserName(nil, b, user) }, "\x1F\x12" + connect31 + "\xBB\x00\x00\x00\x01c\x00\x01u"},
		"flags of absent fields in 3.1": {"\x10\x0F" + connect31 + "\xC2\x00\x00\x00\x01c",
			func(b []byte) ([]byte, error) { return packets.SpliceUserName(nil, b, user) }, "\x10\x12" + connect31 + "\x82\x00\x00\x00\x01c\x00\x01u"},
		"flags of absent fields in 3.1, nothing to do": {"\x10\x0F" + connect31 + "\xC2\x00\x00\x00\x01c",
			func(b []byte) ([]byte, error) { return packets.SplicePassword(nil, b, nil) }, "\x10\x0F" + connect31 + "\xC2\x00\x00\x00\x01c"},
		"flags of absent fields in 3.1, another field": {"\x10\x0F" + connect31 + "\xC2\x00\x00\x00\x01c",
			func(b []byte) ([]byte, error) { return packets.SpliceClientID(nil, b, []byte("d")) }, "\x10\x0F" + connect31 + "\xC2\x00\x00\x00\x01d"},
		"a flag of an absent password in 3.1": {"\x10\x12" + connect31 + "\xC2\x00\x00\x00\x01c\x00\x01u",
			func(b []byte) ([]byte, error) { return packets.SpliceUserName(nil, b, nil) }, "\x10\x0F" + connect31 + "\x02\x00\x00\x00\x01c"},
		"an order of one's own": {"\x30\x12\x00\x01a\x0E\x26\x00\x00\x00\x00\x23\x00\x05\x08\x00\x01r\x01\x01",
			func(b []byte) ([]byte, error) {
				return packets.SpliceProperties(nil, b, v5, props(withUser, withAlias), mqttwire.ResponseTopic)
			}, "\x30\x15\x00\x01a\x11\x26\x00\x00\x00\x00\x01\x01\x26\x00\x01k\x00\x01v\x23\x00\x07"},
	} {
		got, err := c.splice([]byte(c.frame))
		require.NoError(t, err, name)
		assert.Equal(t, c.want, string(got), name)
	}
}

func TestASpliceIsRefused(t *testing.T) {
	var (
		connect  = "\x10\x0D\x00\x04MQTT\x04\x02\x00\x00\x00\x01c"
		session  = "\x10\x0D\x00\x04MQTT\x04\x00\x00\x00\x00\x01c"
		withBoth = "\x10\x13\x00\x04MQTT\x04\xC2\x00\x00\x00\x01c\x00\x01u\x00\x01p"
		will     = "\x10\x13\x00\x04MQTT\x04\x06\x00\x00\x00\x01c\x00\x01w\x00\x01x"
		first    = "\x10\x0D\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00"
		authed   = "\x10\x15\x00\x04MQTT\x05\x02\x00\x00\x08\x15\x00\x01M\x16\x00\x01D\x00\x00"
		unnamed  = "\x10\x0F\x00\x06MQIsdp\x03\xC2\x00\x00\x00\x01c"
		publish  = "\x30\x05\x00\x01a\x00x"
		alias    = "\x30\x07\x00\x00\x03\x23\x00\x01x"
		auth     = "\xF0\x06\x18\x04\x15\x00\x01M"
		ack      = "\x40\x02\x00\x01"
	)
	text := func(f func(dst, frame, text []byte) ([]byte, error), s []byte) func(dst, frame []byte) ([]byte, error) {
		return func(dst, frame []byte) ([]byte, error) { return f(dst, frame, s) }
	}
	topic := func(v mqttwire.Version, s string) func(dst, frame []byte) ([]byte, error) {
		return func(dst, frame []byte) ([]byte, error) { return packets.SpliceTopic(dst, frame, v, []byte(s)) }
	}
	list := func(v mqttwire.Version, put mqttwire.Properties, out ...mqttwire.PropertyID) func(dst, frame []byte) ([]byte, error) {
		return func(dst, frame []byte) ([]byte, error) { return packets.SpliceProperties(dst, frame, v, put, out...) }
	}
	none := mqttwire.Properties{}
	for name, c := range map[string]struct {
		frame  string
		splice func(dst, frame []byte) ([]byte, error)
		rule   mqttwire.Rule
	}{
		"a topic with a wildcard":            {publish, topic(v5, "a/+"), mqttwire.RuleTopicWildcard},
		"a topic that is not UTF-8":          {publish, topic(v5, "\xFF"), mqttwire.RuleUTF8},
		"a topic too long":                   {publish, topic(v5, string(long(65536))), mqttwire.RuleStringLength},
		"no topic":                           {publish, topic(v5, ""), mqttwire.RuleTopicOrAlias},
		"no topic in 3.1.1":                  {"\x30\x04\x00\x01ax", topic(v311, ""), mqttwire.RuleTopicEmpty},
		"no topic for an alias":              {alias, func(dst, b []byte) ([]byte, error) { return packets.SpliceTopicForAlias(dst, b, v5, nil) }, mqttwire.RuleTopicOrAlias},
		"an alias that is needed":            {alias, list(v5, none, mqttwire.TopicAlias), mqttwire.RuleTopicOrAlias},
		"a topic of no version":              {publish, topic(6, "a"), mqttwire.RuleVersion},
		"a topic of a PUBACK":                {ack, topic(v5, "a"), mqttwire.RuleFrameType},
		"a client identifier of a PUBLISH":   {publish, text(packets.SpliceClientID, []byte("c")), mqttwire.RuleFrameType},
		"no client identifier":               {session, text(packets.SpliceClientID, nil), mqttwire.RuleClientIDLength},
		"a client identifier of 24 in 3.1":   {unnamed, text(packets.SpliceClientID, long(24)), mqttwire.RuleClientIDLength},
		"a client identifier with NUL":       {connect, text(packets.SpliceClientID, []byte("a\x00")), mqttwire.RuleNUL},
		"a user name that is not UTF-8":      {connect, text(packets.SpliceUserName, []byte("\xC0")), mqttwire.RuleUTF8},
		"a user name too long":               {connect, text(packets.SpliceUserName, long(65536)), mqttwire.RuleStringLength},
		"no user name for a password":        {withBoth, text(packets.SpliceUserName, nil), mqttwire.RulePasswordAlone},
		"a password alone":                   {connect, text(packets.SplicePassword, []byte("p")), mqttwire.RulePasswordAlone},
		"a password for an absent user name": {unnamed, text(packets.SplicePassword, []byte("p")), mqttwire.RulePasswordAlone},
		"a password too long":                {withBoth, text(packets.SplicePassword, long(65536)), mqttwire.RuleBinaryLength},
		"a will topic without a will":        {connect, text(packets.SpliceWillTopic, []byte("w")), mqttwire.RuleWillMissing},
		"no will topic":                      {will, text(packets.SpliceWillTopic, nil), mqttwire.RuleTopicEmpty},
		"a will topic with a wildcard":       {will, text(packets.SpliceWillTopic, []byte("#")), mqttwire.RuleTopicWildcard},
		"will properties without a will":     {first, func(dst, b []byte) ([]byte, error) { return packets.SpliceWillProperties(dst, b, none) }, mqttwire.RuleWillMissing},
		"will properties in 3.1.1":           {will, func(dst, b []byte) ([]byte, error) { return packets.SpliceWillProperties(dst, b, props(withUser)) }, mqttwire.RuleNotInVersion},
		"properties in 3.1.1":                {connect, list(0, props(withUser)), mqttwire.RuleNotInVersion},
		"a bad property in 3.1.1":            {connect, list(0, props(setReasonNumber)), mqttwire.RuleNotInVersion},
		"properties of a PINGREQ":            {pingreq, list(v5, props(withUser)), mqttwire.RulePropertyNotAllowed},
		"a property of other packets":        {ack, list(v5, props(withAlias)), mqttwire.RulePropertyNotAllowed},
		"a value of another type":            {ack, list(v5, props(setReasonNumber)), mqttwire.RulePropertyType},
		"a list that was lost":               {ack, list(v5, builtOver()), mqttwire.RulePropertiesReset},
		"two of what is there once":          {"\x82\x07\x00\x01\x00\x00\x01a\x00", list(v5, props(func(p *mqttwire.Properties) { p.AddSubscriptionID(1); p.AddSubscriptionID(2) })), mqttwire.RulePropertyRepeated},
		"data without a method":              {first, list(0, props(withData)), mqttwire.RuleAuthDataAlone},
		"no method for data":                 {authed, list(0, none, mqttwire.AuthenticationMethod), mqttwire.RuleAuthDataAlone},
		"no method in AUTH":                  {auth, list(v5, none, mqttwire.AuthenticationMethod), mqttwire.RuleAuthMethodMissing},
		"properties of an AUTH without":      {"\xF0\x00", list(v5, props(withUser)), mqttwire.RuleAuthMethodMissing},
		"properties of another version":      {first, list(v311, none), mqttwire.RuleProtocolVersion},
		"nothing":                            {"", topic(v5, "a"), mqttwire.RuleFrameLength},
		"half a header":                      {"\x30", topic(v5, "a"), mqttwire.RuleFrameLength},
		"half a packet":                      {"\x30\x05\x00\x01a", topic(v5, "a"), mqttwire.RuleFrameLength},
		"more than a packet":                 {publish + "\xC0", topic(v5, "a"), mqttwire.RuleFrameLength},
		"packet type 0":                      {"\x00\x00", list(v5, none), mqttwire.RulePacketType},
		"a packet type of 5.0":               {"\xF0\x00", list(v311, none), mqttwire.RulePacketType},
		"a length of five bytes":             {"\x30\xFF\xFF\xFF\xFF\x01", topic(v5, "a"), mqttwire.RuleVarintLength},
	} {
		backing := []byte("prefix, and room behind it for all that may be written to it")
		before, frame := bytes.Clone(backing), []byte(c.frame)
		got, err := c.splice(backing[:6], frame)
		e := requireBreach(t, c.rule, err)
		assert.NotEmpty(t, e.Statement, name)
		requireWords(t, e)
		assert.Equal(t, "prefix", string(got), name)
		assert.Same(t, &backing[0], &got[0], name)
		assert.Equal(t, string(before), string(backing), "%s: nothing is written", name)
		assert.Equal(t, c.frame, string(frame), name)
	}
}

// What is no legal packet is refused as Decode refuses it, whatever is to be spliced.
func TestASpliceOfAnyCorpusCaseIsDecodeChangeEncode(t *testing.T) {
	accepted, refused := 0, 0
	for _, k := range loadCorpus(t) {
		if testing.Short() && len(k.Bytes) > 1024 {
			continue
		}
		for i := range changes {
			for n := range someParts {
				if checkSplice(t, &changes[i], &someParts[n], k.Bytes, k.Version, k.Where()+": "+changes[i].name) {
					accepted++
				} else {
					refused++
				}
			}
		}
	}
	require.Greater(t, accepted, 5000)
	require.Greater(t, refused, 5000)
}

func TestASpliceOverTheFrameGivesTheSame(t *testing.T) {
	over := 0
	eachSplice(t, func(where string, c *change, x *parts, frame, want []byte, v mqttwire.Version) {
		const behind = "\xC0\x00 and more"
		memory := append(bytes.Clone(frame), behind...)
		own := memory[:len(frame)]
		got, err := c.splice(own[:0], own, v, x)
		require.NoError(t, err, where)
		require.Equal(t, string(want), string(got), where)
		require.Equal(t, behind, string(memory[len(frame):]), where)
		if len(got) > 0 && &got[0] == &own[0] {
			require.LessOrEqual(t, len(got), len(frame), where)
			over++
		} else {
			require.Equal(t, string(frame), string(own), where)
		}
	})
	require.Greater(t, over, 1000)
}

func TestASpliceOfTheSameLengthIsWrittenOverTheFrame(t *testing.T) {
	var alias mqttwire.Properties
	alias.SetTopicAlias(9)
	for name, c := range map[string]struct {
		frame  string
		splice func(frame []byte) ([]byte, error)
		want   string
	}{
		"topic": {"\x30\x85\x00\x00\x02abx", func(b []byte) ([]byte, error) { return packets.SpliceTopic(b[:0], b, v311, []byte("cd")) }, "\x30\x85\x00\x00\x02cdx"},
		"client identifier": {"\x10\x0D\x00\x04MQTT\x04\x02\x00\x00\x00\x01c",
			func(b []byte) ([]byte, error) { return packets.SpliceClientID(b[:0], b, []byte("d")) }, "\x10\x0D\x00\x04MQTT\x04\x02\x00\x00\x00\x01d"},
		"property": {"\x30\x08\x00\x01a\x03\x23\x00\x01x", func(b []byte) ([]byte, error) { return packets.SpliceProperties(b[:0], b, v5, alias) }, "\x30\x08\x00\x01a\x03\x23\x00\x09x"},
		"alias for its topic": {"\x30\x08\x00\x01a\x03\x23\x00\x01x",
			func(b []byte) ([]byte, error) { return packets.SpliceTopicForAlias(b[:0], b, v5, []byte("b")) }, "\x30\x05\x00\x01b\x00x"},
	} {
		frame := []byte(c.frame)
		got, err := c.splice(frame)
		require.NoError(t, err, name)
		assert.Equal(t, c.want, string(got), name)
		assert.Same(t, &frame[0], &got[0], name)
	}
}

// The packet gets shorter, but not in every place.
func TestATopicThatMovesWhatFollowsIsNotWrittenOverTheFrame(t *testing.T) {
	const before = "\x32\x0B\x00\x00\x00\x07\x05\x01\x01\x23\x00\x01x"
	frame := []byte(before)
	got, err := packets.SpliceTopicForAlias(frame[:0], frame, v5, []byte("ab"))
	require.NoError(t, err)
	assert.Equal(t, "\x32\x0A\x00\x02ab\x00\x07\x02\x01\x01x", string(got))
	assert.Equal(t, before, string(frame))
}

func TestASpliceMayBeAppendedToTheFrameItself(t *testing.T) {
	for _, topic := range []string{"b", "b/c"} {
		frame := []byte("\x30\x04\x00\x01ax")
		alone, err := packets.SpliceTopic(nil, frame, v311, []byte(topic))
		require.NoError(t, err)
		both, err := packets.SpliceTopic(frame, frame, v311, []byte(topic))
		require.NoError(t, err)
		assert.Equal(t, "\x30\x04\x00\x01ax"+string(alone), string(both))
	}
}

func TestAFailedSpliceOverTheFrameLeavesItAsItIs(t *testing.T) {
	for _, k := range loadCorpus(t) {
		if !k.Decodes() || len(k.Bytes) > 1024 {
			continue
		}
		for i := range changes {
			frame := bytes.Clone(k.Bytes)
			got, err := changes[i].splice(frame[:0], frame, k.Version, &parts{text: []byte("\xFF+"), more: setReasonNumber})
			if err != nil {
				require.Empty(t, got)
				require.Equal(t, k.Bytes, frame, k.Where())
			}
		}
	}
}

func TestLengthsFollowASplice(t *testing.T) {
	for _, size := range []int{0, 126, 127, 128, 129, 16382, 16383, 16384, 16385, 2097150, 2097151, 2097152, 2097153} {
		for _, from := range []int{1, 2, 3, 100, 65535} {
			body := size
			if body < 2+from {
				continue
			}
			p := packets.Publish{Topic: long(from), Payload: make([]byte, body-2-from)}
			frame, err := p.Append(nil, v311)
			require.NoError(t, err)
			for _, to := range []int{1, 2, 3, 4, 99, 101, 127, 128, 65534, 65535} {
				got, err := packets.SpliceTopic(nil, frame, v311, long(to))
				require.NoError(t, err)
				p := p
				p.Topic = long(to)
				want, err := p.Append(nil, v311)
				require.NoError(t, err)
				require.True(t, bytes.Equal(want, got), "%d bytes, topic of %d to %d", size, from, to)
			}
		}
	}
}

// largestPublish returns a PUBLISH of 5.0 that no byte can be added to, with a topic
// name of three bytes.
func largestPublish(t *testing.T) []byte {
	t.Helper()
	frame := make([]byte, mqttwire.MaxPacketSize)
	copy(frame, "\x30\xFF\xFF\xFF\x7F\x00\x03a/b")
	return frame
}

func TestASpliceMakesNoPacketThatIsTooLarge(t *testing.T) {
	frame := largestPublish(t)
	for name, splice := range map[string]func(dst []byte) ([]byte, error){
		"topic":    func(dst []byte) ([]byte, error) { return packets.SpliceTopic(dst, frame, v5, long(4)) },
		"property": func(dst []byte) ([]byte, error) { return packets.SpliceProperties(dst, frame, v5, props(withAlias)) },
	} {
		got, err := splice([]byte("prefix"))
		e := requireBreach(t, mqttwire.RuleRemainingLength, err)
		assert.ErrorIs(t, err, mqttwire.ErrTooLarge, name)
		assert.Greater(t, e.Found, int64(mqttwire.MaxVarint), name)
		assert.True(t, e.Own, name)
		assert.Equal(t, "prefix", string(got), name)
	}
}

func TestASpliceMakesTheLargestPacketThereIs(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 512 MiB")
	}
	frame := largestPublish(t)
	got, err := packets.SpliceTopic(make([]byte, 0, mqttwire.MaxPacketSize), frame, v5, []byte("c/d"))
	require.NoError(t, err)
	copy(frame[7:], "c/d")
	require.True(t, bytes.Equal(frame, got))
}

func TestThePropertyLengthFollowsASplice(t *testing.T) {
	for _, size := range []int{5, 126, 127, 128, 129, 16382, 16383, 16384, 16385, 2097150, 2097151, 2097152, 2097153} {
		for _, p := range []mqttwire.Packet{
			&packets.Publish{Topic: []byte("a"), Payload: []byte("x"), Properties: listOf(size)},
			&packets.Puback{PacketID: 1, Properties: listOf(size)}, &packets.Unsuback{PacketID: 1, Properties: listOf(size), ReasonCodes: codes(70)},
		} {
			frame, err := p.Append(nil, v5)
			require.NoError(t, err)
			for _, more := range []int{5, 6, 7, 8} {
				longer, err := packets.SpliceProperties(nil, frame, v5, listOf(more))
				require.NoError(t, err)
				q := decodedAs(t, frame, v5, "")
				list := packets.PropertiesOf(q)
				list.AddUser(nil, long(more-5))
				want, err := q.Append(nil, v5)
				require.NoError(t, err)
				require.True(t, bytes.Equal(want, longer), "%s: list of %d, and %d", p.Type(), size, more)
				list.Remove(mqttwire.UserProperty)
				shorter, err := packets.SpliceProperties(nil, longer, v5, mqttwire.Properties{}, mqttwire.UserProperty)
				require.NoError(t, err)
				want, err = q.Append(nil, v5)
				require.NoError(t, err)
				require.True(t, bytes.Equal(want, shorter), "%s: list of %d, and %d", p.Type(), size, more)
			}
		}
	}
}
