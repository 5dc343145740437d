package broker

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
)

// The allocator has classes of size: 224 and 288 are two of them.
func TestWithoutAClusterNothingIsHeldForOne(t *testing.T) {
	assert.LessOrEqual(t, int(unsafe.Sizeof(Conn{})), 224)
	assert.LessOrEqual(t, int(unsafe.Sizeof(client{})), 288)
	b := New(Options{})
	assert.Nil(t, b.engine)
	assert.False(t, (&Conn{b: b}).stages())
}
