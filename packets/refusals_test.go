package packets_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/internal/corpus"
	"github.com/mqttwire/mqttwire/packets"
)

// loadRefusals returns what the corpus says of each rule.
func loadRefusals(t *testing.T) map[string]corpus.Refusal {
	t.Helper()
	all, err := corpus.LoadRefusals()
	require.NoError(t, err)
	require.Len(t, all, len(mqttwire.Rules()))
	return all
}

func TestEveryRuleHasClassAndReasonCodeOfTheCorpus(t *testing.T) {
	all := loadRefusals(t)
	for _, rule := range mqttwire.Rules() {
		want, ok := all[rule.String()]
		require.True(t, ok, "%s is not in the corpus", rule)
		e := mqttwire.NewError(rule, 0, 0, "", mqttwire.NoOffset, mqttwire.NotANumber)
		assert.Equal(t, want.Class, e.Err, rule)
		assert.Equal(t, want.Class, rule.Class(), rule)
		assert.Equal(t, want.Reason, e.Reason, rule)
		assert.Equal(t, want.Reason, rule.Reason(), rule)
	}
}

func TestEveryRuleThatBytesCanBreakHasACase(t *testing.T) {
	cases := map[string]int{}
	for _, c := range append(loadCorpus(t), corpus.CasesOf(loadStreams(t))...) {
		cases[c.Rule]++
	}
	for name, rule := range loadRefusals(t) {
		if rule.Value {
			assert.Zero(t, cases[name], "%s has a case, so bytes can break it", name)
		} else {
			assert.NotZero(t, cases[name], "%s has no case", name)
		}
	}
}

func TestAServerAnswersEachRuleWithTheCodeOfTheCorpus(t *testing.T) {
	all := loadRefusals(t)
	for _, rule := range mqttwire.Rules() {
		want := all[rule.String()]
		for connected, code := range map[bool]corpus.Code{false: want.Before, true: want.After} {
			// Type and level are such that each rule has its answer of 5.0.
			e := sentBy(mqttwire.FromClient, mqttwire.NewError(rule, mqttwire.PINGREQ, mqttwire.V5, "", 0, 6))
			e.Connected = connected
			a := packets.Reply(e)
			assert.True(t, a.Close, e)
			switch {
			case code.Close:
				assert.Nil(t, a.Packet, e)
			case connected:
				assert.Equal(t, &packets.Disconnect{ReasonCode: code.Reason}, a.Packet, e)
			default:
				assert.Equal(t, &packets.Connack{ReasonCode: code.Reason}, a.Packet, e)
			}
		}
	}
}
