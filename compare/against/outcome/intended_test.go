package outcome

import (
	"bytes"
	"testing"

	"github.com/mqttwire/mqttwire"
)

func TestOnlyTheLengthOfAnEmptyListIsTakenOut(t *testing.T) {
	for _, c := range []struct {
		v          mqttwire.Version
		long, want string
	}{
		{mqttwire.V5, "\x40\x04\x00\x01\x10\x00", "\x40\x03\x00\x01\x10"},
		{mqttwire.V5, "\x62\x04\x00\x01\x92\x00", "\x62\x03\x00\x01\x92"},
		{mqttwire.V5, "\xE0\x02\x8E\x00", "\xE0\x01\x8E"},
		{mqttwire.V5, "\x40\x03\x00\x01\x10", ""},
		{mqttwire.V5, "\x40\x0A\x00\x01\x10\x06\x1F\x00\x03why", ""},
		{mqttwire.V5, "\x40\x02\x00\x00", ""},
		{mqttwire.V5, "\xE0\x00", ""},
		{mqttwire.V5, "\x20\x03\x00\x87\x00", ""},
		{mqttwire.V5, "\x30\x04\x00\x01a\x00", ""},
		{mqttwire.V5, "", ""},
		{mqttwire.V311, "\x40\x04\x00\x01\x10\x00", ""},
	} {
		if c.want == "" {
			c.want = c.long
		}
		if got := intended([]byte(c.long), c.v); !bytes.Equal(got, []byte(c.want)) {
			t.Errorf("%x: got %x, not %x", c.long, got, c.want)
		}
	}
}
