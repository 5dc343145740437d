package store_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/store"
)

func TestASessionHasOneClientAtATime(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "queue"))
	o := client.Options{ClientID: "c", Journal: s}
	first, err := client.New("mqtt://broker", o)
	require.NoError(t, err)
	_, err = client.New("mqtt://broker", o)
	require.ErrorIs(t, err, store.ErrInUse)
	assert.Contains(t, err.Error(), `"c"`)
	other, err := client.New("mqtt://broker", client.Options{ClientID: "other", Journal: s})
	require.NoError(t, err)

	require.NoError(t, first.Close(t.Context()))
	again, err := client.New("mqtt://broker", o)
	require.NoError(t, err)
	require.NoError(t, first.Close(t.Context()), "once more")
	_, err = client.New("mqtt://broker", o)
	assert.ErrorIs(t, err, store.ErrInUse)
	require.NoError(t, again.Abort())
	require.NoError(t, other.Close(t.Context()))
}

func TestAClientThatIsNotMadeLeavesItsSessionFree(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "queue"))
	require.NoError(t, s.Append([]session.Record{change("c", "no change of a session")}))
	o := client.Options{ClientID: "c", Journal: s}
	for range 2 {
		_, err := client.New("mqtt://broker", o)
		require.Error(t, err)
		assert.NotErrorIs(t, err, store.ErrInUse)
	}
	away := errors.New("the server is away")
	o = client.Options{ClientID: "d", Journal: s, Dialer: func(context.Context, *url.URL) (net.Conn, error) { return nil, away }}
	for range 2 {
		_, err := client.Dial(t.Context(), "mqtt://broker", o)
		require.ErrorIs(t, err, away)
	}
	require.NoError(t, s.Close())
	_, err := client.New("mqtt://broker", o)
	assert.ErrorIs(t, err, store.ErrClosed)
}
