package packets_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/packets"
)

func TestTopicAliasesResolveToTheTopicTheyWereLastSetTo(t *testing.T) {
	var aliases packets.TopicAliases
	for _, step := range []struct {
		topic string
		alias uint16 // 0: none
		want  string
	}{
		{"a", 0, "a"},
		{"", 1, ""}, // never set
		{"first", 1, "first"},
		{"", 1, "first"},
		{"", 2, ""},
		{"b", 0, "b"},
		{"another", 2, "another"},
		{"", 1, "first"},
		{"new", 1, "new"},
		{"", 1, "new"},
		{"", 2, "another"},
	} {
		p := packets.Publish{Topic: []byte(step.topic)}
		if step.alias != 0 {
			p.Properties.SetTopicAlias(step.alias)
		}
		require.Equal(t, step.want, string(aliases.Resolve(&p)), "%+v", step)
	}
}

func TestTopicAliasesKeepNothingOfThePacket(t *testing.T) {
	var aliases packets.TopicAliases
	topic := []byte("plant/1")
	set := packets.Publish{Topic: topic}
	set.Properties.SetTopicAlias(7)
	aliases.Resolve(&set)
	copy(topic, "XXXXXXX")

	var use packets.Publish
	use.Properties.SetTopicAlias(7)
	assert.Equal(t, "plant/1", string(aliases.Resolve(&use)))
}
