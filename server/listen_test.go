package server_test

import (
	"crypto/tls"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/server"
)

// What would not be looked at is not what who has written it means.
func TestListenRefusesAURLWithMoreThanAnAddress(t *testing.T) {
	cert, _ := certificate(t, "server")
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	socket := "unix://" + filepath.Join(t.TempDir(), "s")
	for _, url := range []string{"mqtt://127.0.0.1:0", "mqtts://127.0.0.1:0", socket} {
		for _, more := range []string{"?x", "#f"} {
			_, err := server.Listen(url+more, config)
			assert.Equal(t, server.ErrScheme, err, url+more)
		}
	}
	for _, url := range []string{"mqtt://127.0.0.1:0/path", "mqtts://127.0.0.1:0/path", "mqtt://u@127.0.0.1:0", "mqtts://u:p@127.0.0.1:0"} {
		_, err := server.Listen(url, config)
		assert.Equal(t, server.ErrScheme, err, url)
	}
	for _, url := range []string{"mqtt://127.0.0.1:0/", "mqtts://127.0.0.1:0/"} {
		l, err := server.Listen(url, config)
		require.NoError(t, err, url)
		_ = l.Close()
	}
}
