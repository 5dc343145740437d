package mqttwiretest_test

import (
	"fmt"
	"slices"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/mqttwiretest"
	"github.com/mqttwire/mqttwire/packets"
)

// printed is a mqttwiretest.TB for examples, in place of the *testing.T of a
// test.
type printed struct{}

func (printed) Helper() {}

func (printed) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

func (printed) Logf(string, ...any) {}

// t is the *testing.T of a test.
var t printed

func ExampleRun() {
	// Put your codec in the place of package packets.
	codec := mqttwiretest.CodecFunc(func(b []byte, v mqttwire.Version, from mqttwire.Sender) ([]byte, error) {
		if v == mqttwire.V31 {
			return nil, mqttwiretest.ErrVersion // for a version that it does not know
		}
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
		return p.Append(nil, v) // or nil, nil if it cannot encode
	})
	report := mqttwiretest.Run(t, codec) // in a test, with its *testing.T
	fmt.Println(report.Count(mqttwiretest.AcceptedWrongly), "malformed packets accepted")
	// Output: 0 malformed packets accepted
}

func ExampleOptions_Run() {
	codec := mqttwiretest.CodecFunc(func(b []byte, v mqttwire.Version, _ mqttwire.Sender) ([]byte, error) {
		f, _, err := mqttwire.CutFrame(b, 0)
		if err != nil {
			return nil, err
		}
		p, err := packets.Decode(f, v) // which is not told the sender
		if err != nil {
			return nil, err
		}
		return p.Append(nil, v)
	})
	cases := slices.DeleteFunc(mqttwiretest.Cases(), mqttwiretest.Case.WrongSenderOnly)
	report := mqttwiretest.Options{Cases: cases}.Run(t, codec)
	for _, f := range mqttwiretest.Findings() {
		fmt.Printf("%s: %d\n", f, report.Count(f))
	}
	// Output:
	// accepted wrongly: 0
	// refused wrongly: 0
	// panicked: 0
	// cut off: 0
	// encoded otherwise: 0
	// read outside: 0
	// not the same each time: 0
	// wrote to its input: 0
}

func ExampleViolation_Plant() {
	publish := []byte("\x32\x05\x00\x01a\x00\x0A")
	for _, x := range mqttwiretest.Violations() {
		if x.Name != "packet identifier 0" {
			continue
		}
		c, ok := x.Plant(publish, mqttwire.V311, mqttwire.FromClient, nil)
		fmt.Printf("%X %t: %s, %s\n", c.Bytes, ok, c.Rule, c.Statement)
	}
	// Output:
	// 32050001610000 true: packet-id-zero, MQTT-2.3.1-1
}
