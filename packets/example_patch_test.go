package packets_test

import (
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A proxy passes a PUBLISH on under a packet identifier of its own.
func ExamplePatchPacketID() {
	frame := []byte("\x32\x08\x00\x03a/b\x00\x07x")
	err := packets.PatchPacketID(frame, mqttwire.V311, 513)
	fmt.Printf("%q %v\n", frame, err)

	// Output:
	// "2\b\x00\x03a/b\x02\x01x" <nil>
}

// A message whose acknowledgement has not come is sent again.
func ExamplePatchDup() {
	frame := []byte("\x32\x08\x00\x03a/b\x00\x07x")
	err := packets.PatchDup(frame, mqttwire.V311, true)
	fmt.Printf("%q %v\n", frame, err)

	// Output:
	// ":\b\x00\x03a/b\x00\ax" <nil>
}

// A message is not passed on as a retained one.
func ExamplePatchRetain() {
	frame := []byte("\x31\x06\x00\x03a/bx")
	err := packets.PatchRetain(frame, mqttwire.V311, false)
	fmt.Printf("%q %v\n", frame, err)

	// Output:
	// "0\x06\x00\x03a/bx" <nil>
}

// QoS 0 has no packet identifier, so that the packet would be shorter.
func ExamplePatchQoS() {
	frame := []byte("\x34\x08\x00\x03a/b\x00\x07x")
	for qos := range mqttwire.QoS(3) {
		err := packets.PatchQoS(frame, mqttwire.V311, qos)
		fmt.Printf("%q %v\n", frame, err)
	}

	// Output:
	// "4\b\x00\x03a/b\x00\ax" packets: the patched packet would be of another length: use SpliceProperties for a property, else decode and encode it
	// "2\b\x00\x03a/b\x00\ax" <nil>
	// "4\b\x00\x03a/b\x00\ax" <nil>
}

// A message has waited, and is passed on with less time left.
func ExamplePatchMessageExpiryInterval() {
	frame := []byte("\x30\x0C\x00\x03a/b\x05\x02\x00\x00\x00\x3Cx")
	err := packets.PatchMessageExpiryInterval(frame, mqttwire.V5, 32)
	fmt.Printf("%q %v\n", frame, err)

	// Output:
	// "0\f\x00\x03a/b\x05\x02\x00\x00\x00 x" <nil>
}

// One who must not tell why a message was refused tells that it was.
func ExamplePatchReasonCode() {
	for _, ack := range []string{"\x40\x03\x00\x07\x87", "\x40\x02\x00\x07"} {
		frame := []byte(ack)
		err := packets.PatchReasonCode(frame, mqttwire.V5, mqttwire.ReasonUnspecifiedError)
		fmt.Printf("%q %v\n", frame, err)
	}

	// Output:
	// "@\x03\x00\a\x80" <nil>
	// "@\x02\x00\a" packets: the patched packet would be of another length: use SpliceProperties for a property, else decode and encode it
}
