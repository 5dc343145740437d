//go:build !race

package packets_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire/packets"
)

func TestRecordsAreAppendedAndDecodedWithoutAllocating(t *testing.T) {
	r := full()
	r.Publish.Properties = props(withUser) // without an alias, as it is kept
	buf := make([]byte, 0, r.Size()+8)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		b, err := packets.AppendRecord(buf, &r)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := packets.DecodeRecord(b); err != nil {
			t.Fatal(err)
		}
		if _, _, err := packets.DecodeRecord(b[:len(b)-1]); err == nil {
			t.Fatal("cut off")
		}
	}))
}

func TestARecordIsAppendedWithRoomMadeOnce(t *testing.T) {
	r := full()
	r.Publish.Properties = props(withUser)
	for _, n := range []int{0, 100, 200, 20000, 3 << 20} {
		r.Publish.Payload = make([]byte, n)
		assert.EqualValues(t, 1, testing.AllocsPerRun(10, func() {
			if _, err := packets.AppendRecord(nil, &r); err != nil {
				t.Fatal(err)
			}
		}), n)
	}
}
