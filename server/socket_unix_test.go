//go:build unix

package server_test

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/server"
)

// leaves leaves a socket at which nobody listens, as a process does that is killed.
func leaves(t *testing.T, path string) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	require.NoError(t, err)
	l.SetUnlinkOnClose(false)
	require.NoError(t, l.Close())
}

func TestASocketThatAKilledServerHasLeftIsListenedAtAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	leaves(t, path)
	l, err := server.Listen("unix://"+path, nil)
	require.NoError(t, err)
	conn, err := net.Dial("unix", path)
	require.NoError(t, err)
	_ = conn.Close()
	_, err = server.Listen("unix://"+path, nil)
	assert.ErrorIs(t, err, syscall.EADDRINUSE, "as somebody listens there")
	conn, err = net.Dial("unix", path)
	require.NoError(t, err, "who still does")
	_ = conn.Close()
	require.NoError(t, l.Close())
}

func TestAFileThatIsNoSocketIsNotRemoved(t *testing.T) {
	dir := t.TempDir()
	socket, link, file := filepath.Join(dir, "s"), filepath.Join(dir, "link"), filepath.Join(dir, "file")
	leaves(t, socket)
	require.NoError(t, os.Symlink(socket, link))
	require.NoError(t, os.WriteFile(file, []byte("precious"), 0o600))
	for _, path := range []string{link, file, dir} {
		_, err := server.Listen("unix://"+path, nil)
		assert.ErrorIs(t, err, syscall.EADDRINUSE)
		_, err = os.Lstat(path)
		assert.NoError(t, err)
	}
}
