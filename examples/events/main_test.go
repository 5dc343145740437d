package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/internal/mosquitto"
)

// output is what the program prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// await waits until a line was printed so often.
func (o *output) await(ctx context.Context, t *testing.T, line string, times int) {
	t.Helper()
	for ctx.Err() == nil {
		if strings.Count("\n"+o.String(), "\n"+line) >= times {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Millisecond):
		}
	}
	require.Fail(t, "a line is missing", "%s, %d times, in\n%s", line, times, o.String())
}

// TestTheLoopGoesOnOverARestartOfTheServer has it talk to mosquitto in each version.
func TestTheLoopGoesOnOverARestartOfTheServer(t *testing.T) {
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
		t.Run(v.String(), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			m := mosquitto.Start(t)
			url := "mqtt://" + m.Address
			var out output
			c, err := start(ctx, url, v, &out)
			require.NoError(t, err)
			out.await(ctx, t, "unsubscribe <nil>", 1)
			assert.True(t, strings.HasPrefix(out.String(), "connect\nsubscribe [test: QoS 1 news/#: QoS 2] <nil>\n"), "%s", out.String())
			out.await(ctx, t, "publish <nil>", 1)
			out.await(ctx, t, `message test "hello"`, 1)

			watcher, err := client.Dial(ctx, url, client.Options{})
			require.NoError(t, err)
			for q := range mqttwire.QoS(3) {
				require.NoError(t, watcher.Publish(ctx, fmt.Sprintf("news/%d", q), []byte("x"), client.QoS(q)))
				out.await(ctx, t, fmt.Sprintf(`message news/%d "x"`, q), 1)
			}
			m.Stop(t)
			out.await(ctx, t, "offline", 1)
			away := make(chan error, 1)
			go func() { away <- c.Publish(ctx, "news/away", []byte("kept"), client.QoS(1)) }()
			m.Start(t)
			out.await(ctx, t, "connect", 2)
			require.NoError(t, <-away)
			out.await(ctx, t, `message news/away "kept"`, 1)

			wills := make(chan string, 1)
			require.NoError(t, watcher.AwaitConnection(ctx))
			_, err = watcher.Subscribe(ctx, func(m *client.Message) { wills <- string(m.Payload) }, client.Sub("gone", 1))
			require.NoError(t, err)
			require.NoError(t, c.Close(ctx))
			out.await(ctx, t, "close <nil>", 1)
			other, err := start(ctx, url, v, &out)
			require.NoError(t, err)
			out.await(ctx, t, "unsubscribe <nil>", 2)
			assert.Empty(t, wills, "Close deletes the will")
			require.NoError(t, other.Abort())
			assert.Equal(t, "bye", <-wills)
			require.NoError(t, watcher.Close(ctx))
		})
	}
}
