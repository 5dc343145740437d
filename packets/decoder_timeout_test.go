package packets_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// lateReader gives one byte after the other, and a timeout before each.
type lateReader struct {
	r    io.Reader
	late bool
}

func (l *lateReader) Read(p []byte) (int, error) {
	if l.late = !l.late; l.late {
		return 0, os.ErrDeadlineExceeded
	}
	return l.r.Read(p[:min(len(p), 1)])
}

func openLate(_ mqttwire.Sender, b []byte) io.Reader { return &lateReader{r: bytes.NewReader(b)} }

// nextInTime is Next, called again after each timeout.
func nextInTime(d *packets.Decoder, src packets.Source) (mqttwire.Packet, error) {
	for {
		if p, err := d.Next(src); !errors.Is(err, os.ErrDeadlineExceeded) {
			return p, err
		}
	}
}

func TestATimeoutIsTheErrorOfTheDecoderAndEndsNothing(t *testing.T) {
	d := packets.NewDecoder(packets.Options{From: mqttwire.FromClient})
	r := mqttwire.NewReader(openLate(0, []byte(connect311+pingreq)), mqttwire.Limits{})
	var types []mqttwire.PacketType
	timeouts := 0
	for {
		p, err := d.Next(r)
		if err == io.EOF {
			break
		}
		if err != nil {
			assert.Equal(t, os.ErrDeadlineExceeded, err)
			timeouts++
			continue
		}
		types = append(types, p.Type())
	}
	assert.Equal(t, []mqttwire.PacketType{mqttwire.CONNECT, mqttwire.PINGREQ}, types)
	assert.Equal(t, len(connect311+pingreq)+1, timeouts, "one before each byte, and before the end")
}

func TestATimeoutInTheHeaderOfAStreamedPublishEndsNothing(t *testing.T) {
	payload := bytes.Repeat([]byte("p"), 500)
	large, err := (&packets.Publish{Topic: []byte("a/b"), Payload: payload, QoS: 1, PacketID: 9}).Append(nil, mqttwire.V5)
	require.NoError(t, err)
	d := clientDecoder(t, packets.Options{StreamFrom: 100}, &packets.Connack{})
	r := mqttwire.NewReader(openLate(0, append(append(large, large...), pingreq...)), mqttwire.Limits{})
	for range 2 { // the payload of the first is skipped
		p, err := nextInTime(d, r)
		require.NoError(t, err)
		assert.Equal(t, "a/b", string(p.(*packets.Publish).Topic))
		assert.Equal(t, len(payload), d.PayloadSize())
	}
	p, err := nextInTime(d, r)
	require.NoError(t, err)
	assert.Equal(t, mqttwire.PINGREQ, p.Type())
}

func TestATimeoutBeforeAnOversizePublishIsReadEndsNothing(t *testing.T) {
	large, err := (&packets.Publish{Topic: []byte("a/b"), Payload: make([]byte, 500), QoS: 1, PacketID: 9}).Append(nil, mqttwire.V5)
	require.NoError(t, err)
	d := clientDecoder(t, packets.Options{}, &packets.Connack{})
	r := mqttwire.NewReader(openLate(0, append(large, pingreq...)), mqttwire.Limits{PacketSize: 100})
	_, err = nextInTime(d, r)
	requireBreach(t, mqttwire.RulePacketSize, err)
	p, err := d.Oversize(r)
	for errors.Is(err, os.ErrDeadlineExceeded) {
		p, err = d.Oversize(r)
	}
	require.NoError(t, err)
	assert.Equal(t, "a/b", string(p.Topic))
	require.ErrorIs(t, d.Resume(r), os.ErrDeadlineExceeded, "Next goes on with it")
	next, err := nextInTime(d, r)
	require.NoError(t, err)
	assert.Equal(t, mqttwire.PINGREQ, next.Type())
}
