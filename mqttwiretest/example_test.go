package mqttwiretest_test

import (
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

// adapter puts a codec behind mqttwiretest.Codec: here that of package packets.
type adapter struct{}

func (adapter) Decode(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
	f, _, err := mqttwire.CutFrame(b, 0)
	if err != nil {
		return nil, err
	}
	p, err := packets.Decode(f, v)
	if err != nil {
		return nil, err
	}
	if err := packets.CheckSender(p, v, from); err != nil {
		return nil, err
	}
	return p.Append(nil, v)
}

func ExampleJudge() {
	report := mqttwiretest.Judge(adapter{})
	for _, f := range mqttwiretest.Findings() {
		fmt.Printf("%s: %d\n", f, report.Count(f))
	}
	// Output:
	// accepted wrongly: 0
	// refused wrongly: 0
	// panicked: 0
	// encoded otherwise: 0
	// read outside: 0
	// wrote to its input: 0
}

func ExampleViolation_Plant() {
	publish := []byte("\x32\x05\x00\x01a\x00\x0A")
	for _, x := range mqttwiretest.Violations() {
		if x.Name != "packet identifier 0" {
			continue
		}
		c, ok := x.Plant(publish, mqttwire.V311, mqttwire.FromClient, func(int) int { return 0 })
		fmt.Printf("%X %t: %s, %s\n", c.Bytes, ok, c.Rule, c.Statement)
	}
	// Output:
	// 32050001610000 true: packet-id-zero, MQTT-2.3.1-1
}
