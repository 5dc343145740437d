package ws_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/mosquitto"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/ws"
)

func TestMosquittoSpeaksWithUs(t *testing.T) {
	address := mosquitto.StartWebSocket(t).WebSocket
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311, mqttwire.V5} {
		for _, size := range []int{0, 100, 20_000} {
			t.Run(fmt.Sprint(v, ", ", size, " bytes"), func(t *testing.T) {
				c, err := ws.Dial(t.Context(), "ws://"+address, ws.Options{Version: v})
				require.NoError(t, err)
				defer func() { assert.NoError(t, c.Close()) }()
				require.NoError(t, c.SetDeadline(time.Now().Add(30*time.Second)))
				s := packets.NewStream(c, packets.ConnectionOptions{Side: mqttwire.FromClient})
				require.NoError(t, s.Send(&packets.Connect{Version: v, CleanStart: true, ClientID: []byte("c")}))
				p, err := s.Receive()
				require.NoError(t, err)
				require.Equal(t, mqttwire.CONNACK, p.Type())
				require.NoError(t, s.Send(
					&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte("a")}}},
					&packets.Publish{Topic: []byte("a"), Payload: []byte(strings.Repeat("x", size))},
					&packets.Pingreq{}))
				for _, want := range []mqttwire.PacketType{mqttwire.SUBACK, mqttwire.PUBLISH, mqttwire.PINGRESP} {
					p, err = s.Receive()
					require.NoError(t, err)
					require.Equal(t, want, p.Type())
					if p, ok := p.(*packets.Publish); ok {
						assert.Len(t, p.Payload, size)
					}
				}
				require.NoError(t, s.Send(&packets.Disconnect{}))
				require.NoError(t, c.CloseWrite())
				_, err = c.Read(make([]byte, 1))
				assert.Equal(t, io.EOF, err)
			})
		}
	}
}
