package mochi

import (
	"bytes"
	"slices"
	"testing"

	mochi "github.com/mochi-mqtt/server/v2/packets"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

// through is the adapter as a codec: bytes to mochi's struct, and back.
func through(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
	f, _, err := mqttwire.CutFrame(b, 0)
	if err != nil {
		return nil, err
	}
	if v == mqttwire.V5 && int(f.Header.Size) > 1+mqttwire.SizeVarint(f.Header.RemainingLength) {
		return nil, mochi.ErrMalformedVariableByteInteger // mochi cuts the frame, and does not say in how many bytes
	}
	pk := mochi.Packet{ProtocolVersion: byte(v), Mods: mochi.Mods{AllowResponseInfo: true}}
	pk.FixedHeader = header(f.Header)
	if err := Decode(&pk, f.Body); err != nil {
		return nil, err
	}
	if version(pk.ProtocolVersion) != v { // a CONNECT of another one
		return nil, mochi.ErrUnsupportedProtocolVersion
	}
	if err := packets.CheckSender(FromMochi(&pk), v, from); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = Encode(&pk, &out)
	return out.Bytes(), err
}

// header is mochi's fixed header with the same bits.
func header(h mqttwire.FixedHeader) mochi.FixedHeader {
	return mochi.FixedHeader{
		Type: byte(h.Type), Dup: h.Flags&8 != 0, Qos: h.Flags >> 1 & 3, Retain: h.Flags&1 != 0,
		Remaining: int(h.RemainingLength),
	}
}

func TestPacketsOfTheCorpusComeBackButForEmptyPropertiesWithoutAFlag(t *testing.T) {
	report := mqttwiretest.Judge(mqttwiretest.CodecFunc(through))
	lost := 0
	for _, row := range report.Rows {
		want := losesProperty(row.Case)
		if want {
			lost++
		}
		if row.Failed() != want {
			t.Errorf("loses a property: %t; %s", want, row)
		}
	}
	if lost == 0 || lost == len(report.Rows) {
		t.Errorf("%d of %d cases lose a property", lost, len(report.Rows))
	}
}

// losesProperty reports whether the packet of the case has a property that mochi's
// struct cannot tell from one that is not there.
func losesProperty(c mqttwiretest.Case) bool {
	f, _, err := mqttwire.CutFrame(c.Bytes, 0)
	if err != nil {
		return false
	}
	p, err := packets.Decode(f, c.Version)
	if err != nil || c.Version != mqttwire.V5 || c.Outcome == mqttwiretest.RejectSender {
		return false
	}
	if p, ok := p.(*packets.Connect); ok && p.Will != nil && hasEmpty(&p.Will.Properties) {
		return true
	}
	list := packets.PropertiesOf(p)
	return list != nil && hasEmpty(list)
}

// withoutFlag are the properties that are there for mochi if they are not 0 or empty.
var withoutFlag = []mqttwire.PropertyID{
	mqttwire.MessageExpiryInterval, mqttwire.ContentType, mqttwire.ResponseTopic, mqttwire.CorrelationData,
	mqttwire.AssignedClientIdentifier, mqttwire.AuthenticationMethod, mqttwire.AuthenticationData,
	mqttwire.WillDelayInterval, mqttwire.RequestResponseInformation, mqttwire.ResponseInformation,
	mqttwire.ServerReference, mqttwire.ReasonString, mqttwire.TopicAliasMaximum,
}

// hasEmpty reports whether the list has one of withoutFlag that is 0 or empty.
func hasEmpty(list *mqttwire.Properties) bool {
	for q := range list.All() {
		if q.Number == 0 && len(q.Value()) == 0 && slices.Contains(withoutFlag, q.ID) {
			return true
		}
	}
	return false
}
