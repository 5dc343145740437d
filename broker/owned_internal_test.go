package broker

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A session of another node comes without the Name that it has there.
func TestInAClusterASessionWithoutANameMayBeSomebodys(t *testing.T) {
	cl := &client{used: true, peer: &Peer{}}
	assert.True(t, cl.mayBeOf("alice"))
	cl.hold = &hold{}
	assert.False(t, cl.mayBeOf("alice"))
	assert.True(t, cl.mayBeOf(""))
}
