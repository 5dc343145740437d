package codecs

import (
	"bytes"
	"io"

	server "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/mqttwire/mqttwire"
)

const mochiCalls = "`FixedHeader.Decode`, `DecodeLength`, `Packet.XxxDecode`, `Packet.XxxValidate` where there is one, " +
	"`Packet.ReasonCodeValid`, and for filters `server.IsValidFilter` and `server.IsSharedFilter`; `Packet.XxxEncode` to encode."

// Mochi is github.com/mochi-mqtt/server/v2/packets.
//
// The frame is cut as the server's Client.ReadPacket does: FixedHeader.Decode,
// then DecodeLength. The packet is judged by XxxDecode, by XxxValidate of
// CONNECT, PUBLISH, SUBSCRIBE, UNSUBSCRIBE and AUTH, by ReasonCodeValid, and, as
// the server does, by IsValidFilter of the module's root package.
type Mochi struct{}

// Decode implements mqttwiretest.Codec.
func (Mochi) Decode(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
	pk := packets.Packet{ProtocolVersion: byte(v)}
	body, err := mochiFrame(&pk.FixedHeader, b)
	if err != nil {
		return nil, err
	}
	codec, ok := mochiCodecs[pk.FixedHeader.Type]
	if !ok {
		return nil, packets.ErrNoValidPacketAvailable
	}
	if err := codec.decode(&pk, body); err != nil {
		return nil, err
	}
	if code := mochiValidate(&pk, from); code != packets.CodeSuccess {
		return nil, code
	}
	if pk.ProtocolVersion != byte(v) { // ConnectDecode sets it
		return nil, errOtherVersion
	}
	pk.Mods.AllowResponseInfo = true // otherwise Encode leaves properties out
	var out bytes.Buffer
	if err := codec.encode(&pk, &out); err != nil {
		return nil, nil // decoded, but not to be encoded
	}
	return out.Bytes(), nil
}

// mochiFrame reads the fixed header and returns the body.
func mochiFrame(h *packets.FixedHeader, b []byte) ([]byte, error) {
	r := bytes.NewReader(b)
	first, err := r.ReadByte()
	if err != nil {
		return nil, err
	}
	if err := h.Decode(first); err != nil {
		return nil, err
	}
	if h.Remaining, _, err = packets.DecodeLength(r); err != nil {
		return nil, err
	}
	if h.Remaining > r.Len() {
		return nil, io.ErrUnexpectedEOF
	}
	body := make([]byte, h.Remaining)
	_, err = io.ReadFull(r, body)
	return body, err
}

// mochiCodecs has the methods of each packet type.
var mochiCodecs = map[byte]struct {
	decode func(*packets.Packet, []byte) error
	encode func(*packets.Packet, *bytes.Buffer) error
}{
	packets.Connect:     {(*packets.Packet).ConnectDecode, (*packets.Packet).ConnectEncode},
	packets.Connack:     {(*packets.Packet).ConnackDecode, (*packets.Packet).ConnackEncode},
	packets.Publish:     {(*packets.Packet).PublishDecode, (*packets.Packet).PublishEncode},
	packets.Puback:      {(*packets.Packet).PubackDecode, (*packets.Packet).PubackEncode},
	packets.Pubrec:      {(*packets.Packet).PubrecDecode, (*packets.Packet).PubrecEncode},
	packets.Pubrel:      {(*packets.Packet).PubrelDecode, (*packets.Packet).PubrelEncode},
	packets.Pubcomp:     {(*packets.Packet).PubcompDecode, (*packets.Packet).PubcompEncode},
	packets.Subscribe:   {(*packets.Packet).SubscribeDecode, (*packets.Packet).SubscribeEncode},
	packets.Suback:      {(*packets.Packet).SubackDecode, (*packets.Packet).SubackEncode},
	packets.Unsubscribe: {(*packets.Packet).UnsubscribeDecode, (*packets.Packet).UnsubscribeEncode},
	packets.Unsuback:    {(*packets.Packet).UnsubackDecode, (*packets.Packet).UnsubackEncode},
	packets.Pingreq:     {(*packets.Packet).PingreqDecode, (*packets.Packet).PingreqEncode},
	packets.Pingresp:    {(*packets.Packet).PingrespDecode, (*packets.Packet).PingrespEncode},
	packets.Disconnect:  {(*packets.Packet).DisconnectDecode, (*packets.Packet).DisconnectEncode},
	packets.Auth:        {(*packets.Packet).AuthDecode, (*packets.Packet).AuthEncode},
}

// mochiValidate calls what the library has to validate a decoded packet.
func mochiValidate(pk *packets.Packet, from mqttwire.Sender) packets.Code {
	switch pk.FixedHeader.Type {
	case packets.Connect:
		return pk.ConnectValidate()
	case packets.Publish:
		return mochiValidatePublish(pk, from)
	case packets.Subscribe:
		if code := pk.SubscribeValidate(); code != packets.CodeSuccess {
			return code
		}
		return mochiValidateFilters(pk)
	case packets.Unsubscribe:
		if code := pk.UnsubscribeValidate(); code != packets.CodeSuccess {
			return code
		}
		return mochiValidateFilters(pk)
	case packets.Auth:
		return pk.AuthValidate()
	}
	return mochiValidateReasonCodes(*pk)
}

// mochiValidatePublish validates with the largest Topic Alias Maximum. The
// validation is that of a server; a Subscription Identifier, which it refuses
// for that reason, is legal from a server.
func mochiValidatePublish(pk *packets.Packet, from mqttwire.Sender) packets.Code {
	code := pk.PublishValidate(0xFFFF)
	if code == packets.ErrProtocolViolationSurplusSubID && from == mqttwire.FromServer {
		return packets.CodeSuccess
	}
	return code
}

// mochiValidateFilters asks for filters what the server does. It applies the
// rules of 5.0 on shared subscriptions to all versions; where they are no rule,
// a filter that looks shared is not asked about.
func mochiValidateFilters(pk *packets.Packet) packets.Code {
	for _, s := range pk.Filters {
		shared := server.IsSharedFilter(s.Filter)
		if shared && pk.ProtocolVersion != byte(mqttwire.V5) {
			continue
		}
		if !server.IsValidFilter(s.Filter, false) {
			return packets.ErrTopicFilterInvalid
		}
		if shared && s.NoLocal {
			return packets.ErrProtocolViolationInvalidSharedNoLocal
		}
	}
	return packets.CodeSuccess
}

// mochiValidateReasonCodes asks ReasonCodeValid, which looks at one code, for
// the code of an acknowledgement and for each one of a list.
func mochiValidateReasonCodes(pk packets.Packet) packets.Code {
	for _, code := range append([]byte{pk.ReasonCode}, pk.ReasonCodes...) {
		pk.ReasonCode = code
		if !pk.ReasonCodeValid() {
			return packets.ErrProtocolViolationInvalidReason
		}
	}
	return packets.CodeSuccess
}
