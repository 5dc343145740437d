package mqttwire_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
)

func TestAPropertyListAsJSONKeepsOrderAndRepeatsAndHidesAuthenticationData(t *testing.T) {
	var b mqttwire.PropertyBuilder
	b.AddUser([]byte("k"), []byte("1"))
	b.SetAuthenticationData([]byte("token"))
	b.AddUser([]byte("k"), []byte("\u202e"))
	b.SetCorrelationData([]byte{0xFF})
	b.SetTopicAlias(7)
	const want = `[{"id":38,"name":"UserProperty","key":"k","value":"1"},{"id":22,"name":"AuthenticationData","value_len":5},` +
		`{"id":38,"name":"UserProperty","key":"k","value":"\u202e"},{"id":9,"name":"CorrelationData","value_base64":"/w=="},` +
		`{"id":35,"name":"TopicAlias","value":7}]`
	for _, v := range []any{&b, b, b.Properties()} {
		got, err := json.Marshal(v)
		require.NoError(t, err)
		assert.Equal(t, want, string(got))
	}
	got, err := json.Marshal(mqttwire.Properties{})
	require.NoError(t, err)
	assert.Equal(t, `[]`, string(got))
}

func TestAListWithARefusedValueHasNoJSON(t *testing.T) {
	var p mqttwire.Properties
	p.SetTopicAlias(0)
	_, err := p.MarshalJSON()
	assert.Equal(t, p.Err(), err)
	require.Error(t, err)

	var b mqttwire.PropertyBuilder
	b.Reset()
	b.SetTopicAlias(7)
	lost := b.Properties()
	b.Reset()
	_, err = lost.MarshalJSON()
	require.Error(t, err)
	assert.Equal(t, lost.Err(), err)
}
