package mqttwire_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal"
)

func TestWhatIsInternalIsForThoseWithTheKey(t *testing.T) {
	assert.NotPanics(t, func() { mqttwire.Internal.Export(&internal.AllowInternalUse) })
	assert.Panics(t, func() { mqttwire.Internal.Export(nil) })
}
