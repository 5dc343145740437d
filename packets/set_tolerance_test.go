package packets_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A packet that a Set has used before is read in fewer steps, and as a new one is:
// legal or not, whatever is let pass, and whatever was read into it before.
func TestASetDecodesTolerantlyAsTheFunctionDoes(t *testing.T) {
	for name, allow := range map[string]func(*mqttwire.Error) bool{
		"strict": nil, "Interop": mqttwire.Interop, "ReportAll": mqttwire.ReportAll,
	} {
		t.Run(name, func(t *testing.T) {
			var set packets.Set
			again := map[mqttwire.PacketType]int{}
			for _, c := range loadCorpus(t) {
				f, _, err := mqttwire.CutFrame(c.Bytes, c.Max)
				if err != nil {
					continue
				}
				again[f.Header.Type]++
				want, wantFindings, wantErr := tolerate(f, c.Version, allow)
				to := &mqttwire.Tolerance{Allow: allow}
				got, err := set.DecodeTolerant(f, c.Version, to)
				require.Equal(t, wantErr, err, c.Where())
				require.Equal(t, wantFindings, to.Findings, c.Where())
				require.Empty(t, cmp.Diff(want, got, sameFields), c.Where())
			}
			for n := mqttwire.CONNECT; n <= mqttwire.AUTH; n++ {
				require.Greater(t, again[n], 1, n)
			}
		})
	}
}

// A nil Tolerance is the strict way of a Set too.
func TestASetWithoutAToleranceIsStrict(t *testing.T) {
	var set packets.Set
	_, err := set.Decode(frameOf(t, pingreq), v311)
	require.NoError(t, err)
	flags := frameOf(t, "\xC1\x00")
	_, strict := packets.Decode(flags, v311)
	_, err = set.DecodeTolerant(flags, v311, nil)
	requireBreach(t, mqttwire.RuleFlags, err)
	require.Equal(t, strict, err)
}
