package session

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// forged returns a change whose checksum is right.
func forged(k ChangeKind, seq uint64, body ...any) []byte {
	return appendChange(nil, k, seq, func(b []byte) []byte {
		for _, x := range body {
			switch x := x.(type) {
			case int:
				b = append(b, byte(x))
			case string:
				b = append(b, x...)
			case []byte:
				b = append(b, x...)
			default:
				b, _ = binary.Append(b, binary.BigEndian, x)
			}
		}
		return b
	})
}

// queuedBytes returns what a change says of a message that waits.
func queuedBytes(token Token, q mqttwire.QoS) []byte {
	m := NewMessage(time.Unix(0, 0), &packets.Publish{Topic: []byte("t")})
	return appendEntry(nil, &entry{token: token, qos: q, message: m}, keptFlags)
}

func TestAChangeThatDoesNotFollowIsRefused(t *testing.T) {
	one, two := queuedBytes(5, 2), queuedBytes(7, 1)
	begin := [][]byte{forged(changeQueued, 1, one), forged(changeQueued, 2, two), forged(changeSent, 3, uint64(5), uint16(1))}
	s, _, err := Restore(Options{Side: mqttwire.FromServer}, time.Unix(0, 0), nil, slices.Values(begin))
	require.NoError(t, err)
	assert.Equal(t, 1, s.Stats().InFlight)
	hollow := appendMessage(nil, HollowMessage(Position{1, 2}, 100))
	for name, change := range map[string][]byte{
		"a kind that is not known":            forged(ChangeKind(99), 4),
		"kind 0":                              forged(0, 4),
		"of a snapshot alone":                 forged(changeInFlight, 4, uint16(3), queuedBytes(9, 1)),
		"of a snapshot alone, too":            forged(changeInRelease, 4, uint64(9), uint16(3), 0, 0),
		"of a snapshot alone, as well":        forged(changeIdentifier, 4, uint16(9)),
		"a token that was before":             forged(changeQueued, 4, queuedBytes(7, 1)),
		"a token that is too great":           forged(changeQueued, 4, queuedBytes(1<<63, 1)),
		"QoS 0":                               forged(changeQueued, 4, queuedBytes(9, 0)),
		"QoS 3":                               forged(changeQueued, 4, queuedBytes(9, 3)),
		"cut off":                             forged(changeQueued, 4, queuedBytes(9, 1)[:20]),
		"too long":                            forged(changeQueued, 4, queuedBytes(9, 1), 0),
		"sent, another":                       forged(changeSent, 4, uint64(5), uint16(2)),
		"sent, identifier 0":                  forged(changeSent, 4, uint64(7), uint16(0)),
		"sent, identifier in use":             forged(changeSent, 4, uint64(7), uint16(1)),
		"released, not sent":                  forged(changeReleased, 4, uint64(7), 0, 0),
		"ended, not there":                    forged(changeEnded, 4, uint64(6)),
		"waits, not in flight":                forged(changeWaits, 4, uint64(7), 0),
		"received, nothing":                   forged(changeReceived, 4, uint16(0)),
		"received, hollow":                    forged(changeReceived, 4, uint16(3), hollow),
		"handed on, nothing there":            forged(changeHandedOn, 4, uint32(0)),
		"forgotten, not there":                forged(changeForgotten, 4, uint16(3)),
		"subscribed, no filter":               forged(changeSubscribed, 4, uint32(0), 0),
		"subscribed, QoS 3":                   forged(changeSubscribed, 4, uint32(0), 3, "a"),
		"subscribed, another bit":             forged(changeSubscribed, 4, uint32(0), 0x80, "a"),
		"subscribed, a great identifier":      forged(changeSubscribed, 4, uint32(1<<30), 0, "a"),
		"unsubscribed, not there":             forged(changeUnsubscribed, 4, "a"),
		"left, not begun":                     forged(changeLeft, 4, uint64(0)),
		"a will that is hollow":               forged(changeWill, 4, uint32(0), hollow),
		"a will is due, and there is none":    forged(changeWillDue, 4),
		"a will is taken, and none is due":    forged(changeWillTaken, 4),
		"begun, another bit":                  forged(changeBegun, 4, uint32(0), 4),
		"two positions":                       forged(changeQueued, 4, uint64(9), 1, 0, 0, uint64(0), uint16(1), uint64(1), storedV5, "\x30\x04\x00\x01t\x00"),
		"a message of no form":                forged(changeQueued, 4, uint64(9), 1, 0, 0, uint64(0), uint16(0), uint64(0), 77),
		"a message that is no PUBLISH":        forged(changeQueued, 4, uint64(9), 1, 0, 0, uint64(0), uint16(0), uint64(0), storedV5, "\xC0\x00"),
		"a hollow message without a position": forged(changeQueued, 4, uint64(9), 1, 0, 0, uint64(0), uint16(0), uint64(0), storedHollow, uint32(9)),
		"many identifiers declared":           forged(changeQueued, 4, uint64(9), 1, 0, "\xFF\xFF\xFF\xFF\x0F"),
		"an identifier of 0":                  forged(changeQueued, 4, uint64(9), 1, 0, 1, uint32(0)),
	} {
		s, _, err := Restore(Options{Side: mqttwire.FromServer}, time.Unix(0, 0), nil, slices.Values(append(slices.Clone(begin), change)))
		var e *RestoreError
		require.ErrorAs(t, err, &e, name)
		assert.Equal(t, 3, e.Change, name)
		assert.Nil(t, s, name)
	}
	bad := append(slices.Clone(begin[:2]), forged(changeSent, 3, uint64(7), uint16(1)))
	_, _, err = Restore(Options{Side: mqttwire.FromServer}, time.Unix(0, 0), nil, slices.Values(bad))
	assert.Error(t, err, "not the one that waits longest")
}
