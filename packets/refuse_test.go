package packets_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// long returns n bytes of text.
func long(n int) []byte { return []byte(strings.Repeat("x", n)) }

// setReasonNumber sets a property to a value of another type.
func setReasonNumber(p *mqttwire.Properties) { p.Set(mqttwire.ReasonString, 7) }

// builtOver returns a list whose PropertyBuilder has been reset since.
func builtOver() mqttwire.Properties {
	var b mqttwire.PropertyBuilder
	b.Reset()
	b.SetReasonString([]byte("why"))
	p := b.Properties()
	b.Reset()
	return p
}

func TestEncodingRefuses(t *testing.T) {
	tooLong := long(65536)
	filter := func(s string) []packets.Subscription { return []packets.Subscription{{Filter: []byte(s)}} }
	codes := func(c ...mqttwire.ReasonCode) []mqttwire.ReasonCode { return c }
	for name, c := range map[string]struct {
		v    mqttwire.Version
		p    mqttwire.Packet
		rule mqttwire.Rule
	}{
		"version 0":                               {0, &packets.Pingreq{}, mqttwire.RuleVersion},
		"version 6":                               {6, &packets.Publish{Topic: []byte("a")}, mqttwire.RuleVersion},
		"CONNECT without a version":               {0, &packets.Connect{}, mqttwire.RuleVersion},
		"CONNECT of another version":              {v311, &packets.Connect{Version: v5}, mqttwire.RuleConnectVersion},
		"CONNECT with a bridge bit in 5.0":        {v5, &packets.Connect{Bridge: true}, mqttwire.RuleNotInVersion},
		"CONNECT 3.1 without client identifier":   {v31, &packets.Connect{CleanStart: true}, mqttwire.RuleClientIDLength},
		"CONNECT 3.1 with 24 characters":          {v31, &packets.Connect{ClientID: long(24)}, mqttwire.RuleClientIDLength},
		"CONNECT 3.1.1 without identifier":        {v311, &packets.Connect{}, mqttwire.RuleClientIDLength},
		"CONNECT client identifier too long":      {v5, &packets.Connect{ClientID: tooLong}, mqttwire.RuleStringLength},
		"CONNECT client identifier not UTF-8":     {v5, &packets.Connect{ClientID: []byte{0xFF}}, mqttwire.RuleUTF8},
		"CONNECT user name with NUL":              {v5, &packets.Connect{UserName: []byte{0}}, mqttwire.RuleNUL},
		"CONNECT user name too long":              {v5, &packets.Connect{UserName: tooLong}, mqttwire.RuleStringLength},
		"CONNECT password too long":               {v5, &packets.Connect{Password: tooLong}, mqttwire.RuleBinaryLength},
		"CONNECT password alone in 3.1.1":         {v311, &packets.Connect{CleanStart: true, Password: []byte("p")}, mqttwire.RulePasswordAlone},
		"CONNECT will QoS 3":                      {v5, &packets.Connect{Will: &packets.Will{Topic: []byte("w"), QoS: 3}}, mqttwire.RuleWillQoS},
		"CONNECT will QoS 4":                      {v5, &packets.Connect{Will: &packets.Will{Topic: []byte("w"), QoS: 4}}, mqttwire.RuleWillQoS},
		"CONNECT will without topic":              {v5, &packets.Connect{Will: &packets.Will{}}, mqttwire.RuleTopicEmpty},
		"CONNECT will topic with wildcard":        {v311, &packets.Connect{CleanStart: true, Will: &packets.Will{Topic: []byte("a/#")}}, mqttwire.RuleTopicWildcard},
		"CONNECT will payload too long":           {v5, &packets.Connect{Will: &packets.Will{Topic: []byte("w"), Payload: tooLong}}, mqttwire.RuleBinaryLength},
		"CONNECT will with a topic alias":         {v5, &packets.Connect{Will: &packets.Will{Topic: []byte("w"), Properties: props(withAlias)}}, mqttwire.RulePropertyNotAllowed},
		"CONNECT data without method":             {v5, &packets.Connect{Properties: props(withData)}, mqttwire.RuleAuthDataAlone},
		"CONNACK session present in 3.1":          {v31, &packets.Connack{SessionPresent: true}, mqttwire.RuleNotInVersion},
		"CONNACK session present and a failure":   {v311, &packets.Connack{SessionPresent: true, ReasonCode: 5}, mqttwire.RuleSessionPresent},
		"CONNACK 5.0 code in 3.1.1":               {v311, &packets.Connack{ReasonCode: 0x87}, mqttwire.RuleReasonCode},
		"CONNACK 3.1.1 code in 5.0":               {v5, &packets.Connack{ReasonCode: 5}, mqttwire.RuleReasonCode},
		"CONNACK with a topic alias":              {v5, &packets.Connack{Properties: props(withAlias)}, mqttwire.RulePropertyNotAllowed},
		"PUBLISH QoS 3":                           {v5, &packets.Publish{Topic: []byte("a"), QoS: 3, PacketID: 1}, mqttwire.RuleQoS},
		"PUBLISH QoS 255":                         {v31, &packets.Publish{Topic: []byte("a"), QoS: 255, PacketID: 1}, mqttwire.RuleQoS},
		"PUBLISH DUP with QoS 0":                  {v311, &packets.Publish{Topic: []byte("a"), Dup: true}, mqttwire.RuleDup},
		"PUBLISH packet identifier 0":             {v311, &packets.Publish{Topic: []byte("a"), QoS: 1}, mqttwire.RulePacketIDZero},
		"PUBLISH without topic":                   {v311, &packets.Publish{}, mqttwire.RuleTopicEmpty},
		"PUBLISH without topic and alias":         {v5, &packets.Publish{}, mqttwire.RuleTopicOrAlias},
		"PUBLISH by alias in 3.1.1":               {v311, &packets.Publish{Properties: props(withAlias)}, mqttwire.RuleTopicEmpty},
		"PUBLISH topic with wildcard":             {v5, &packets.Publish{Topic: []byte("a/+")}, mqttwire.RuleTopicWildcard},
		"PUBLISH topic with NUL":                  {v5, &packets.Publish{Topic: []byte("a\x00")}, mqttwire.RuleTopicNUL},
		"PUBLISH topic too long":                  {v5, &packets.Publish{Topic: tooLong}, mqttwire.RuleStringLength},
		"PUBLISH topic with surrogate":            {v311, &packets.Publish{Topic: []byte("\xED\xA0\x80")}, mqttwire.RuleUTF8},
		"PUBLISH with a reason string":            {v5, &packets.Publish{Topic: []byte("a"), Properties: props(withReason)}, mqttwire.RulePropertyNotAllowed},
		"PUBLISH too large":                       {v311, &packets.Publish{Topic: []byte("a"), Payload: make([]byte, mqttwire.MaxVarint-2)}, mqttwire.RuleRemainingLength},
		"CONNECT receive maximum 0":               {v5, &packets.Connect{Properties: props(func(p *mqttwire.Properties) { p.SetReceiveMaximum(0) })}, mqttwire.RulePropertyZero},
		"CONNACK maximum QoS 2":                   {v5, &packets.Connack{Properties: props(func(p *mqttwire.Properties) { p.SetMaximumQoS(2) })}, mqttwire.RulePropertyBool},
		"PUBLISH topic alias 0":                   {v5, &packets.Publish{Topic: []byte("a"), Properties: props(func(p *mqttwire.Properties) { p.SetTopicAlias(0) })}, mqttwire.RuleTopicAliasZero},
		"PUBLISH response topic with wildcard":    {v5, &packets.Publish{Topic: []byte("a"), Properties: props(func(p *mqttwire.Properties) { p.SetResponseTopic([]byte("a/#")) })}, mqttwire.RuleResponseTopicWildcard},
		"PUBLISH response topic empty":            {v5, &packets.Publish{Topic: []byte("a"), Properties: props(func(p *mqttwire.Properties) { p.SetResponseTopic(nil) })}, mqttwire.RuleResponseTopicEmpty},
		"PUBLISH subscription identifier too big": {v5, &packets.Publish{Topic: []byte("a"), Properties: props(func(p *mqttwire.Properties) { p.AddSubscriptionID(mqttwire.MaxVarint + 1) })}, mqttwire.RuleVarintLength},
		"SUBSCRIBE two subscription identifiers":  {v5, &packets.Subscribe{PacketID: 1, Subscriptions: filter("a"), Properties: props(func(p *mqttwire.Properties) { p.AddSubscriptionID(1); p.AddSubscriptionID(2) })}, mqttwire.RulePropertyRepeated},
		"PUBACK packet identifier 0":              {v5, &packets.Puback{}, mqttwire.RulePacketIDZero},
		"PUBACK code 1":                           {v5, &packets.Puback{PacketID: 1, ReasonCode: 1}, mqttwire.RuleReasonCode},
		"PUBACK failure in 3.1.1":                 {v311, &packets.Puback{PacketID: 1, ReasonCode: 0x87}, mqttwire.RuleNotInVersion},
		"PUBACK code that is none in 3.1.1":       {v311, &packets.Puback{PacketID: 1, ReasonCode: 0x33}, mqttwire.RuleNotInVersion},
		"PUBREC failure in 3.1":                   {v31, &packets.Pubrec{PacketID: 1, ReasonCode: 0x80}, mqttwire.RuleNotInVersion},
		"PUBREL failure in 3.1.1":                 {v311, &packets.Pubrel{PacketID: 1, ReasonCode: 0x92}, mqttwire.RuleNotInVersion},
		"PUBREL code 0x10":                        {v5, &packets.Pubrel{PacketID: 1, ReasonCode: 0x10}, mqttwire.RuleReasonCode},
		"PUBCOMP failure in 3.1.1":                {v311, &packets.Pubcomp{PacketID: 1, ReasonCode: 0x92}, mqttwire.RuleNotInVersion},
		"PUBCOMP with a refused property":         {v5, &packets.Pubcomp{PacketID: 1, Properties: props(func(p *mqttwire.Properties) { p.SetReasonString(tooLong) })}, mqttwire.RuleStringLength},
		"PUBACK with a number for a reason":       {v5, &packets.Puback{PacketID: 1, Properties: props(setReasonNumber)}, mqttwire.RulePropertyType},
		"PUBACK with a list that was built over":  {v5, &packets.Puback{PacketID: 1, Properties: builtOver()}, mqttwire.RulePropertiesReset},
		"SUBSCRIBE without filters":               {v5, &packets.Subscribe{PacketID: 1}, mqttwire.RuleNoFilters},
		"SUBSCRIBE packet identifier 0":           {v311, &packets.Subscribe{Subscriptions: filter("a")}, mqttwire.RulePacketIDZero},
		"SUBSCRIBE filter malformed":              {v311, &packets.Subscribe{PacketID: 1, Subscriptions: filter("a#")}, mqttwire.RuleFilterHash},
		"SUBSCRIBE filter empty":                  {v311, &packets.Subscribe{PacketID: 1, Subscriptions: filter("")}, mqttwire.RuleTopicEmpty},
		"SUBSCRIBE filter too long":               {v311, &packets.Subscribe{PacketID: 1, Subscriptions: filter(string(tooLong))}, mqttwire.RuleStringLength},
		"SUBSCRIBE share name empty":              {v5, &packets.Subscribe{PacketID: 1, Subscriptions: filter("$share//a")}, mqttwire.RuleShareNameEmpty},
		"SUBSCRIBE QoS 3":                         {v311, &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a"), QoS: 3}}}, mqttwire.RuleRequestedQoS},
		"SUBSCRIBE retain handling 3":             {v5, &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a"), RetainHandling: 3}}}, mqttwire.RuleRetainHandling},
		"SUBSCRIBE retain handling 4":             {v5, &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a"), RetainHandling: 4}}}, mqttwire.RuleRetainHandling},
		"SUBSCRIBE no local and shared":           {v5, &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("$share/g/a"), NoLocal: true}}}, mqttwire.RuleNoLocalShared},
		"SUBSCRIBE no local in 3.1.1":             {v311, &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a"), NoLocal: true}}}, mqttwire.RuleNotInVersion},
		"SUBSCRIBE retain as published in 3.1":    {v31, &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a"), RetainAsPublished: true}}}, mqttwire.RuleNotInVersion},
		"SUBSCRIBE retain handling in 3.1.1":      {v311, &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a"), RetainHandling: 1}}}, mqttwire.RuleNotInVersion},
		"SUBSCRIBE retain handling 4 in 3.1.1":    {v311, &packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a"), RetainHandling: 4}}}, mqttwire.RuleNotInVersion},
		"SUBACK without codes":                    {v311, &packets.Suback{PacketID: 1}, mqttwire.RuleNoReasonCodes},
		"SUBACK failure in 3.1":                   {v31, &packets.Suback{PacketID: 1, ReasonCodes: codes(0x80)}, mqttwire.RuleReasonCode},
		"SUBACK 5.0 code in 3.1.1":                {v311, &packets.Suback{PacketID: 1, ReasonCodes: codes(0x87)}, mqttwire.RuleReasonCode},
		"SUBACK code 3":                           {v5, &packets.Suback{PacketID: 1, ReasonCodes: codes(0, 3)}, mqttwire.RuleReasonCode},
		"UNSUBSCRIBE without filters":             {v311, &packets.Unsubscribe{PacketID: 1}, mqttwire.RuleNoFilters},
		"UNSUBSCRIBE packet identifier 0":         {v311, &packets.Unsubscribe{Filters: [][]byte{[]byte("a")}}, mqttwire.RulePacketIDZero},
		"UNSUBSCRIBE filter malformed":            {v5, &packets.Unsubscribe{PacketID: 1, Filters: [][]byte{[]byte("a"), []byte("b+")}}, mqttwire.RuleFilterPlus},
		"UNSUBACK without codes":                  {v5, &packets.Unsuback{PacketID: 1}, mqttwire.RuleNoReasonCodes},
		"UNSUBACK failure in 3.1.1":               {v311, &packets.Unsuback{PacketID: 1, ReasonCodes: codes(0x11, 0x87)}, mqttwire.RuleNotInVersion},
		"UNSUBACK code 1":                         {v5, &packets.Unsuback{PacketID: 1, ReasonCodes: codes(1)}, mqttwire.RuleReasonCode},
		"DISCONNECT code in 3.1.1":                {v311, &packets.Disconnect{ReasonCode: 4}, mqttwire.RuleNotInVersion},
		"DISCONNECT code 0x10":                    {v5, &packets.Disconnect{ReasonCode: 0x10}, mqttwire.RuleReasonCode},
		"AUTH in 3.1.1":                           {v311, &packets.Auth{}, mqttwire.RulePacketType},
		"AUTH without method":                     {v5, &packets.Auth{ReasonCode: 0x18}, mqttwire.RuleAuthMethodMissing},
		"AUTH code 0 with data and no method":     {v5, &packets.Auth{Properties: props(withData)}, mqttwire.RuleAuthMethodMissing},
		"AUTH code 0x80":                          {v5, &packets.Auth{ReasonCode: 0x80, Properties: props(withMethod)}, mqttwire.RuleReasonCode},
	} {
		t.Run(name, func(t *testing.T) {
			backing := []byte("prefix, and room behind it")
			dst, err := c.p.Append(backing[:6], c.v)
			var e *mqttwire.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.rule.String(), e.Rule.String())
			assert.Equal(t, c.p.Type(), e.Type)
			assert.Equal(t, c.v, e.Version)
			assert.Equal(t, mqttwire.NoOffset, e.Offset)
			assert.NotEmpty(t, e.Statement)
			requireWords(t, e)
			assert.Equal(t, "prefix", string(dst))
			assert.Equal(t, cap(backing), cap(dst))
			assert.Same(t, &backing[0], &dst[0], "the slice comes back as it was")
		})
	}
}

func TestFramesThatDoNotFit(t *testing.T) {
	for name, c := range map[string]struct {
		f    mqttwire.Frame
		v    mqttwire.Version
		rule mqttwire.Rule
	}{
		"another type":           {mqttwire.Frame{Header: mqttwire.FixedHeader{Type: mqttwire.PINGREQ}}, v5, mqttwire.RuleFrameType},
		"a body that is short":   {mqttwire.Frame{Header: mqttwire.FixedHeader{Type: mqttwire.PUBACK, RemainingLength: 3}, Body: []byte{0, 1}}, v5, mqttwire.RuleFrameLength},
		"a body that is long":    {mqttwire.Frame{Header: mqttwire.FixedHeader{Type: mqttwire.PUBACK, RemainingLength: 2}, Body: []byte{0, 1, 0}}, v5, mqttwire.RuleFrameLength},
		"a version that is none": {mqttwire.Frame{Header: mqttwire.FixedHeader{Type: mqttwire.PUBACK, RemainingLength: 2}, Body: []byte{0, 1}}, 7, mqttwire.RuleVersion},
		"a version not known":    {mqttwire.Frame{Header: mqttwire.FixedHeader{Type: mqttwire.PUBACK, RemainingLength: 2}, Body: []byte{0, 1}}, 0, mqttwire.RuleVersion},
	} {
		var p packets.Puback
		err := p.Decode(c.f, c.v)
		var e *mqttwire.Error
		require.ErrorAs(t, err, &e, name)
		assert.Equal(t, c.rule.String(), e.Rule.String(), name)
		assert.NotEmpty(t, e.Statement, name)
	}
	for _, typ := range []mqttwire.PacketType{0, 16, 255} {
		_, err := packets.Decode(mqttwire.Frame{Header: mqttwire.FixedHeader{Type: typ}}, v5)
		assert.ErrorIs(t, err, mqttwire.ErrMalformed)
		var set packets.Set
		_, err = set.Decode(mqttwire.Frame{Header: mqttwire.FixedHeader{Type: typ}}, v5)
		assert.ErrorIs(t, err, mqttwire.ErrMalformed, "type %d", typ)
		assert.Nil(t, packets.New(typ))
	}
}
