package pcap

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// referencePacket is what a reference decode tells of a packet and of where it was.
// That all fields of the packets agree is a test of cmd/mqttdump.
type referencePacket struct {
	Frame         int
	Stream        int
	Src, Dst      string
	Type          string
	Flags         uint8
	Len           uint32
	Topic         any    // text, or hex in an object
	AliasTopic    any    `json:"alias_resolved_topic"`
	PayloadSHA256 string `json:"payload_sha256"`
	PayloadLen    int    `json:"payload_len"`
	ClientID      any    `json:"clientId"`
}

// references reads a reference decode.
func references(t *testing.T, name string) (all []referencePacket) {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var p referencePacket
		require.NoError(t, json.Unmarshal(lines.Bytes(), &p))
		all = append(all, p)
	}
	require.NoError(t, lines.Err())
	return all
}

// headerInReferenceForm is where a packet was, and its fixed header.
func headerInReferenceForm(e capture.Event) string {
	h := e.Frame.Header
	return fmt.Sprintf("%d stream %d %v > %v: %v %d, %d bytes", e.Record, e.Stream, e.Src, e.Dst, h.Type, h.Flags, h.RemainingLength)
}

// contentInReferenceForm is what tells one PUBLISH or CONNECT from another.
func contentInReferenceForm(e capture.Event) string {
	switch p := e.Packet.(type) {
	case *packets.Publish:
		sum := sha256.Sum256(p.Payload)
		return fmt.Sprintf(" %s %s %d %s", p.Topic, e.AliasTopic, len(p.Payload), hex.EncodeToString(sum[:8]))
	case *packets.Connect:
		return " " + string(p.ClientID)
	}
	return ""
}

// text is text of a reference.
func (p referencePacket) text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		b, _ := hex.DecodeString(v["hex"].(string))
		return string(b)
	}
	return ""
}

// header is headerInReferenceForm of the packet.
func (p referencePacket) header() string {
	return fmt.Sprintf("%d stream %d %s > %s: %s %d, %d bytes", p.Frame, p.Stream, p.Src, p.Dst, p.Type, p.Flags, p.Len)
}

// content is contentInReferenceForm of the packet.
func (p referencePacket) content() string {
	switch p.Type {
	case "PUBLISH":
		return fmt.Sprintf(" %s %s %d %s", p.text(p.Topic), p.text(p.AliasTopic), p.PayloadLen, p.PayloadSHA256)
	case "CONNECT":
		return " " + p.text(p.ClientID)
	}
	return ""
}

func TestCapturesGiveThePacketsOfTheirReferences(t *testing.T) {
	for _, name := range captures(t) {
		if _, err := os.Stat(name + ".jsonl"); err != nil {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			want := references(t, name+".jsonl")
			got := packetEvents(t, name)
			require.Len(t, got, len(want))
			for i, e := range got {
				switch h := want[i].header(); {
				case want[i].Type == "": // its length is none
					assert.Equal(t, capture.BrokenHeader, e.Kind)
				case e.Packet == nil: // what is wrong with it is a test of cmd/mqttdump
					assert.Error(t, e.Err)
					assert.Equal(t, h, headerInReferenceForm(e))
				default:
					assert.Equal(t, h+want[i].content(), headerInReferenceForm(e)+contentInReferenceForm(e))
				}
			}
		})
	}
}

// packetEvents are the events of a file that are packets, whole or not.
func packetEvents(t *testing.T, name string) (all []capture.Event) {
	t.Helper()
	r, err := Open(name, capture.Options{})
	require.NoError(t, err)
	defer r.Close()
	for e, err := range r.Events() {
		if err != nil {
			assert.Equal(t, "file-cut-in-record.pcap", filepath.Base(name))
			continue
		}
		switch e.Kind {
		case capture.WholePacket, capture.BrokenHeader, capture.PartialPacket:
			all = append(all, e)
		}
	}
	return all
}
