package mqttwire_test

import (
	"fmt"

	"github.com/mqttwire/mqttwire"
)

// Properties that another program keeps by their identifiers are set by one call
// for each, and shown by one loop.
func ExampleProperties_Set() {
	theirs := []struct {
		id    byte
		value any
	}{
		{0x02, uint32(3600)},
		{0x03, "text/plain"},
		{0x09, []byte{0xCA, 0xFE}},
		{0x26, [2]string{"source", "bridge"}},
	}
	var p mqttwire.Properties
	for _, t := range theirs {
		p.Set(mqttwire.PropertyID(t.id), t.value)
	}
	if err := p.Err(); err != nil {
		fmt.Println(err)
		return
	}
	for q := range p.All() {
		switch {
		case q.IsNumber():
			fmt.Println(q.ID, q.Number)
		case q.IsText():
			fmt.Printf("%s %s %s\n", q.ID, q.Name(), q.Value())
		default:
			fmt.Printf("%s %x\n", q.ID, q.Value())
		}
	}

	p.Set(mqttwire.ReceiveMaximum, "many")
	fmt.Println(p.Err())

	// Output:
	// Message Expiry Interval 3600
	// Content Type  text/plain
	// Correlation Data cafe
	// User Property source bridge
	// mqttwire: own CONNECT (5.0) malformed packet: Receive Maximum; a value that is set by identifier is of the property's type, and not too large for it [U-2.2.2.2-2], reason 0x81 Malformed Packet
}
