package fuzz

import (
	"os"
	"sync/atomic"
	"testing"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// family is a set of frames that are all tried, in some versions.
type family struct {
	name     string
	versions []mqttwire.Version
	frames   all
}

var (
	everyVersion = []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5}
	before5      = []mqttwire.Version{mqttwire.V31, mqttwire.V311}
	only5        = []mqttwire.Version{mqttwire.V5}
	toldByItself = []mqttwire.Version{0} // CONNECT
)

// TestEveryShortFrameHasTheModelsVerdict tries all frames up to some length, and
// all short variations of each part of longer ones, against the reference model.
// What decodes must also encode, and decode again to the same.
func TestEveryShortFrameHasTheModelsVerdict(t *testing.T) {
	var tried, accepted atomic.Int64
	t.Run("families", func(t *testing.T) {
		for _, f := range families(t) {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				a, n := tryFamily(t, f)
				tried.Add(n)
				accepted.Add(a)
			})
		}
	})
	t.Logf("%d verdicts, %d of them accept", tried.Load(), accepted.Load())
}

// tryFamily fails at the first few differences. A family of which nothing is
// accepted, or all is, would show little.
func tryFamily(t *testing.T, f family) (accepted, tried int64) {
	var set packets.Set
	differences := 0
	for b := range f.frames {
		for _, v := range f.versions {
			tried++
			p, frame, same := compareVerdict(t, &set, b, v)
			if p != nil {
				accepted++
				checkPacket(t, p, frame, v)
			}
			if !same {
				differences++
			}
			if differences == 5 {
				t.FailNow()
			}
		}
	}
	if accepted == 0 || accepted == tried {
		t.Errorf("%d of %d accepted", accepted, tried)
	}
	return accepted, tried
}

// deep is how far to go: less far but where EVERY_FRAME asks for it, as it takes a minute
// of two processors.
func deep(full, short int) int {
	if os.Getenv("EVERY_FRAME") == "" {
		return short
	}
	return full
}
