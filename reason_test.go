package mqttwire

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReasonCodesAreAllowedBySender(t *testing.T) {
	for _, c := range []struct {
		code   ReasonCode
		t      PacketType
		client bool
		server bool
	}{
		{ReasonNoMatchingSubscribers, PUBACK, false, true},
		{ReasonNoMatchingSubscribers, PUBREC, false, true},
		{ReasonNoMatchingSubscribers, PUBREL, false, false},
		{ReasonDisconnectWithWillMessage, DISCONNECT, true, false},
		{ReasonServerBusy, DISCONNECT, false, true},
		{ReasonQoSNotSupported, DISCONNECT, true, true},
		{ReasonBadAuthenticationMethod, DISCONNECT, true, true},
		{ReasonReauthenticate, AUTH, true, false},
		{ReasonSuccess, AUTH, false, true},
		{ReasonContinueAuthentication, AUTH, true, true},
		{ReasonQuotaExceeded, UNSUBACK, false, false},
		{ReasonPacketIdentifierNotFound, PUBREL, true, true},
		{ReasonPacketIdentifierNotFound, PUBACK, false, false},
		{1, PUBACK, false, false},
		{3, CONNACK, false, false},
	} {
		assert.Equal(t, c.client, c.code.AllowedIn(c.t, V5, FromClient), "%s in %s", c.code, c.t)
		assert.Equal(t, c.server, c.code.AllowedIn(c.t, V5, FromServer), "%s in %s", c.code, c.t)
		assert.Equal(t, c.client || c.server, c.code.AllowedIn(c.t, V5, 0), "%s in %s", c.code, c.t)
	}
}

func TestReturnCodesOfTheOlderVersions(t *testing.T) {
	for code := range 256 {
		c := ReasonCode(code)
		for _, v := range []Version{V31, V311} {
			assert.Equal(t, code <= 5, c.AllowedIn(CONNACK, v, 0))
			assert.Equal(t, code <= 2 || code == 0x80 && v == V311, c.AllowedIn(SUBACK, v, 0))
			assert.False(t, c.AllowedIn(PUBACK, v, 0))
		}
	}
}

func TestReasonCodesHaveTheNameOfTheirPacket(t *testing.T) {
	assert.Equal(t, "Success", ReasonCode(0).Name(PUBACK, V5))
	assert.Equal(t, "Granted QoS 0", ReasonCode(0).Name(SUBACK, V5))
	assert.Equal(t, "Normal disconnection", ReasonCode(0).Name(DISCONNECT, V5))
	assert.Equal(t, "Connection accepted", ReasonCode(0).Name(CONNACK, V311))
	assert.Equal(t, "Granted QoS 1", ReasonCode(1).Name(SUBACK, V31))
	assert.Equal(t, "Failure", ReturnFailure.Name(SUBACK, V311))
	assert.Equal(t, "", ReturnFailure.Name(SUBACK, V31))
	assert.Equal(t, "", ReasonCode(7).Name(PUBACK, V5))
}

func TestANameOfEveryVersionIsToldWithoutTheVersion(t *testing.T) {
	for typ := range PacketType(17) {
		for code := range 256 {
			c := ReasonCode(code)
			names := map[string]bool{}
			for v := V31; v <= V5; v++ {
				names[c.Name(typ, v)] = true
			}
			delete(names, "")
			name := c.Name(typ, 0)
			switch len(names) {
			case 1:
				assert.True(t, names[name], "%s in %s: %q", c, typ, name)
			default:
				assert.Empty(t, name, "%s in %s", c, typ)
			}
		}
	}
	assert.Equal(t, "Refused: bad user name or password", ReasonCode(4).Name(CONNACK, 0))
	assert.Equal(t, "Disconnect with Will Message", ReasonCode(4).Name(DISCONNECT, 0))
	assert.Equal(t, "Not authorized", ReasonNotAuthorized.Name(CONNACK, 0))
	assert.Equal(t, "", ReturnFailure.Name(SUBACK, 0), "Failure, or Unspecified error")
	assert.Equal(t, "", ReasonCode(0).Name(CONNACK, 0), "Connection accepted, or Success")
	assert.Equal(t, "", ReasonCode(4).Name(CONNACK, 6), "no such version")
}

func TestACodeByItselfHasANameOnlyIfThatIsRightInAllPackets(t *testing.T) {
	for code, want := range map[ReasonCode]string{
		0: "0x00 Success", 1: "0x01", 2: "0x02", 3: "0x03 Refused: server unavailable", 4: "0x04",
		5: "0x05 Refused: not authorized", 6: "0x06", 0x10: "0x10 No matching subscribers",
		0x80: "0x80 Unspecified error", 0x87: "0x87 Not authorized", 0xA2: "0xA2 Wildcard Subscriptions not supported", 0xFF: "0xFF",
	} {
		assert.Equal(t, want, code.String())
	}
}

func TestMapReasonCode(t *testing.T) {
	for _, c := range []struct {
		t        PacketType
		from, to Version
		in, out  ReasonCode
		ok       bool
	}{
		{CONNACK, V5, V311, ReasonBanned, ReturnNotAuthorized, true},
		{CONNACK, V5, V31, ReasonServerMoved, ReturnServerUnavailable, true},
		{CONNACK, V5, V311, ReasonMalformedPacket, noReturn, false},
		{CONNACK, V311, V5, ReturnIdentifierRejected, ReasonClientIdentifierNotValid, true},
		{CONNACK, V311, V31, ReturnNotAuthorized, ReturnNotAuthorized, true},
		{CONNACK, V311, V5, 6, 0, false},
		{SUBACK, V5, V311, ReasonNotAuthorized, ReturnFailure, true},
		{SUBACK, V5, V31, ReasonNotAuthorized, ReasonNotAuthorized, false},
		{SUBACK, V5, V31, ReasonGrantedQoS2, ReasonGrantedQoS2, true},
		{SUBACK, V311, V5, ReturnFailure, ReasonUnspecifiedError, true},
		{SUBACK, V311, V31, ReturnFailure, ReturnFailure, false},
		{PUBACK, V5, V5, ReasonNotAuthorized, ReasonNotAuthorized, true},
		{PUBACK, V5, V311, ReasonNotAuthorized, ReasonNotAuthorized, false},
		{CONNACK, V5, 0, ReasonUnsupportedProtocolVersion, 0, false},
		{CONNACK, V5, 77, ReasonUnspecifiedError, 0, false},
		{CONNACK, 2, V5, ReturnAccepted, 0, false},
	} {
		out, ok := MapReasonCode(c.t, c.in, c.from, c.to)
		assert.Equal(t, c.ok, ok, "%s %s from %s to %s", c.t, c.in, c.from, c.to)
		if ok {
			assert.Equal(t, c.out, out, "%s %s from %s to %s", c.t, c.in, c.from, c.to)
		}
	}
}

// What 3.x says for each code of a CONNACK of 5.0; a code that is not there cannot
// be said, and then the server closes the connection.
func TestEveryCodeOfAConnackHasItsReturnCode(t *testing.T) {
	said := map[ReasonCode]ReasonCode{
		0x00: 0, 0x80: 3, 0x83: 3, 0x84: 1, 0x85: 2, 0x86: 4, 0x87: 5, 0x88: 3, 0x89: 3, 0x8A: 5, 0x8C: 5, 0x90: 5,
		0x97: 3, 0x9C: 3, 0x9D: 3, 0x9F: 3,
	}
	for i := range 256 {
		want, can := said[ReasonCode(i)]
		for _, v := range []Version{V31, V311} {
			got, ok := MapReasonCode(CONNACK, ReasonCode(i), V5, v)
			assert.Equal(t, can, ok, "0x%02X", i)
			if ok && can {
				assert.Equal(t, want, got, "0x%02X", i)
			}
		}
	}
	for i, want := range []ReasonCode{0x00, 0x84, 0x85, 0x88, 0x86, 0x87} {
		for _, v := range []Version{V31, V311} {
			got, ok := MapReasonCode(CONNACK, ReasonCode(i), v, V5)
			assert.True(t, ok, i)
			assert.Equal(t, want, got, i)
		}
	}
}

// A packet that has no code in 3.x says success by being there, and so packets of
// 5.0 are written that say it in more words.
func TestSuccessIsMappedWherePacketsOf3xHaveNoCode(t *testing.T) {
	success := map[PacketType][]ReasonCode{
		PUBACK: {0, 0x10}, PUBREC: {0, 0x10}, PUBREL: {0}, PUBCOMP: {0}, UNSUBACK: {0, 0x11}, DISCONNECT: {0},
	}
	for typ := range PacketType(17) {
		if typ == CONNACK || typ == SUBACK { // which have codes in 3.x
			continue
		}
		for i := range 256 {
			c := ReasonCode(i)
			for _, v := range []Version{V31, V311} {
				code, ok := MapReasonCode(typ, c, V5, v)
				require.Equal(t, slices.Contains(success[typ], c), ok, "0x%02X in %s", i, typ)
				if ok {
					require.Equal(t, ReasonSuccess, code, "0x%02X in %s", i, typ)
				}
				for to := V31; to <= V5; to++ {
					code, ok = MapReasonCode(typ, c, v, to)
					require.Equal(t, success[typ] != nil && c == 0, ok, "0x%02X in %s from %s to %s", i, typ, v, to)
					if ok {
						require.Equal(t, ReasonSuccess, code, "0x%02X in %s", i, typ)
					}
				}
			}
		}
	}
}

func TestPacketTypesAndTheirSenders(t *testing.T) {
	for typ := range PacketType(20) {
		for _, v := range []Version{V31, V311, V5} {
			client, server := typ.MayBeSentBy(FromClient, v), typ.MayBeSentBy(FromServer, v)
			assert.Equal(t, typ >= CONNECT && (typ <= DISCONNECT || typ == AUTH && v == V5), typ.Known(v), "%s in %s", typ, v)
			switch typ {
			case CONNECT, SUBSCRIBE, UNSUBSCRIBE, PINGREQ:
				assert.True(t, client && !server, "%s in %s", typ, v)
			case CONNACK, SUBACK, UNSUBACK, PINGRESP:
				assert.True(t, !client && server, "%s in %s", typ, v)
			case DISCONNECT:
				assert.True(t, client && server == (v == V5), "%s in %s", typ, v)
			}
		}
		assert.False(t, typ.MayBeSentBy(0, V5))
	}
}
