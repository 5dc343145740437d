package session

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEveryKindAndReasonHasAName(t *testing.T) {
	seen := make(map[string]bool)
	for _, table := range [][]string{kindNames[:], outcomeNames[:], dropNames[:], canceledNames[:], changeNames[:], causes[:]} {
		clear(seen)
		for i, name := range table[1:] {
			assert.NotEmpty(t, name, i+1)
			assert.False(t, seen[name], name)
			seen[name] = true
		}
	}
	assert.Len(t, kindNames, int(Ended)+1)
	assert.Len(t, outcomeNames, int(Unknown)+1)
	assert.Len(t, dropNames, int(DropGone)+1)
	assert.Len(t, causes, int(SessionDetached)+1)
	assert.Len(t, changeNames, int(changeIdentifier)+1)
	assert.Equal(t, "arrived", Arrived.String())
	assert.Equal(t, "none", Kind(200).String())
	assert.Equal(t, "none", Outcome(0).String())
	assert.Equal(t, "session: the peer has disconnected, reason 0x8E Session taken over", Cause{Kind: PeerDisconnected, Code: 0x8E}.Error())
}
