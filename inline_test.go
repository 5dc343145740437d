package mqttwire_test

import (
	"os/exec"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inlined are the small functions on the way of every packet whose cost rests on
// the compiler putting them into their callers, by the folder of their package.
var inlined = map[string][]string{".": {
	"SizeVarint",
	"FixedHeader.PacketSize",
	"PacketType.Flags",
	"Version.Known",
	"(*Properties).Has",
	"(*Properties).Empty",
	"(*Properties).All",
	"(*Properties).All.func1",
	"Property.Name",
	"Property.Value",
	"load64",
	"store64",
	"zeroByte",
	"topicFault",
	"oddBytes",
	"plainByte",
	"plusAlone",
	"uint16At",
}, "./packets": {
	"shortFrame",
	"shortAck",
	"isEmpty",
	"plainLength",
	"plainID",
	"fieldEnd",
	"plainCode",
	"plainList",
	"plainListSize",
	"tooRoomy",
}}

func TestSmallFunctionsOnTheWayOfEveryPacketAreInlined(t *testing.T) {
	if testing.Short() {
		t.Skip("asks the compiler")
	}
	for dir, names := range inlined {
		out, err := exec.Command("go", "build", "-gcflags=-m", dir).CombinedOutput()
		require.NoError(t, err, "%s", out)
		can := map[string]bool{}
		for _, m := range regexp.MustCompile(`can inline (\S+)`).FindAllSubmatch(out, -1) {
			can[string(m[1])] = true
		}
		require.NotEmpty(t, can)
		for _, name := range names {
			assert.True(t, can[name], "%s is not inlined in %s", name, dir)
		}
	}
}
