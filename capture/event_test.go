package capture

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestKindsAreNamed(t *testing.T) {
	for k := WholePacket; k <= StageNote; k++ {
		assert.NotEqual(t, "unknown kind", k.String())
	}
	assert.Equal(t, "unknown kind", Kind(0).String())
}
