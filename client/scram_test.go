package client_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

// scrams lets a broker authenticate by SCRAM-SHA-256, against a password.
func (b *broker) scrams(password string) {
	salted, _ := pbkdf2.Key(sha256.New, password, []byte("salt"), 4096, sha256.Size)
	stored := sha256.Sum256(mac(salted, "Client Key"))
	var bare, first string
	b.auth = func(c *brokerConn, data []byte) mqttwire.Packet {
		var p mqttwire.Properties
		p.SetAuthenticationMethod([]byte("SCRAM-SHA-256"))
		if rest, ok := strings.CutPrefix(string(data), "n,,"); ok {
			bare = rest
			_, nonce, _ := strings.Cut(rest, ",r=")
			first = "r=" + nonce + "more,s=" + base64.StdEncoding.EncodeToString([]byte("salt")) + ",i=4096"
			p.SetAuthenticationData([]byte(first))
			return &packets.Auth{ReasonCode: mqttwire.ReasonContinueAuthentication, Properties: p}
		}
		final, proof, _ := strings.Cut(string(data), ",p=")
		all := bare + "," + first + "," + final
		key, _ := base64.StdEncoding.DecodeString(proof)
		for i, x := range mac(stored[:], all) {
			key[i] ^= x
		}
		open := b.here[c.id] == c
		if sha256.Sum256(key) != stored && !open {
			return &packets.Connack{ReasonCode: mqttwire.ReasonNotAuthorized}
		}
		p.SetAuthenticationData([]byte("v=" + base64.StdEncoding.EncodeToString(mac(mac(salted, "Server Key"), all))))
		if open {
			return &packets.Auth{Properties: p}
		}
		return &packets.Connack{Properties: p}
	}
}

func TestScramConnectsAndReauthenticates(t *testing.T) {
	for _, password := range []string{"pencil", "pen"} {
		bubble(t, func(t *testing.T) {
			b := newBroker()
			b.scrams("pencil")
			o := b.options(mqttwire.V5)
			o.Auth = &scram{user: "a,b=c", password: password}
			c, err := client.Dial(t.Context(), "mqtt://broker", o)
			if password != "pencil" {
				assert.ErrorContains(t, err, "Not authorized")
				return
			}
			require.NoError(t, err)
			require.NoError(t, c.ReAuth(t.Context()))
			require.NoError(t, c.Close(t.Context()))
		})
	}
}
