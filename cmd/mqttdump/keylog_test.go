package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTLSIsDecryptedWithAKeyLog takes the secrets out of a capture that has some, and
// gives them as a file.
func TestTLSIsDecryptedWithAKeyLog(t *testing.T) {
	const secretsBlock = 10
	whole := []byte(readFile(t, filepath.Join(ownCaptures, "tls-openssl-secrets.pcapng")))
	var without, secrets []byte
	for at := 0; at < len(whole); {
		size := int(binary.LittleEndian.Uint32(whole[at+4:]))
		block := whole[at : at+size]
		if binary.LittleEndian.Uint32(block) == secretsBlock {
			secrets = append(secrets, block[16:16+binary.LittleEndian.Uint32(block[12:])]...)
		} else {
			without = append(without, block...)
		}
		at += size
	}
	folder := t.TempDir()
	capture, log := filepath.Join(folder, "tls.pcapng"), filepath.Join(folder, "keys.log")
	require.NoError(t, os.WriteFile(capture, without, 0o600))
	require.NoError(t, os.WriteFile(log, secrets, 0o600))

	want, _, _ := dumpAll("", "-q", filepath.Join(ownCaptures, "tls-openssl-secrets.pcapng"))
	require.Contains(t, want, "via=\"TLS\"")
	got, _, status := dumpAll("", "-q", "--keylog", log, capture)
	assert.Equal(t, want, got)
	assert.NotEqual(t, statusNotDecoded, status)

	_, notes, _ := dumpAll("", capture)
	assert.Contains(t, notes, "mqttdump: 0 packets in 7 streams (7 TLS)")

	_, notes, status = dumpAll("", "--keylog", filepath.Join(folder, "none"), capture)
	assert.Equal(t, statusUnread, status)
	assert.Contains(t, notes, "none: no such file or directory")
}
