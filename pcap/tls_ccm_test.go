package pcap

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCCMOpensNothingThatWasNotEncrypted(t *testing.T) {
	for size, suite := range map[int]*tlsSuite{16: &aes128CCM, 8: &aes128CCM8} {
		aead, err := suite.aead(make([]byte, 16))
		require.NoError(t, err)
		assert.Equal(t, size, aead.Overhead())
		for n := range 3 * size {
			got, err := aead.Open([]byte("kept"), make([]byte, 12), make([]byte, n), []byte("header"))
			assert.ErrorIs(t, err, errAuthentication, "%d bytes", n)
			assert.Equal(t, "kept", string(got))
		}
	}
}
