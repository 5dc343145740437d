package pcap_test

import (
	"fmt"

	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/pcap"
)

// Print the topics of all messages in a capture.
func ExampleOpen() {
	r, err := pcap.Open("../testdata/captures/zeek-mqtt.pcap", capture.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	for event, err := range r.Events() {
		if err != nil {
			fmt.Println(err) // the file is damaged; what came before is good
			return
		}
		if p, ok := event.Packet.(*packets.Publish); ok {
			fmt.Printf("record %d, from the %v: %s, %d bytes\n", event.Record, event.Sender, p.Topic, len(p.Payload))
		}
	}
	// Output:
	// record 5, from the server: SampleTopic, 35 bytes
	// record 9, from the client: SampleTopic, 10 bytes
	// record 11, from the server: SampleTopic, 10 bytes
}
