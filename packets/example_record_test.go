package packets_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// A server keeps messages in a file, and after a crash reads what is there.
func ExampleDecodeRecord() {
	p := packets.Publish{Topic: []byte("room/7/temperature"), Payload: []byte("21.5"), QoS: mqttwire.AtLeastOnce, Retain: true}
	arrived := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	var file []byte
	for publisher := range uint32(2) {
		r := packets.Record{Publish: p, Arrived: arrived, Sender: mqttwire.FromClient, Publisher: 1 + publisher}
		var err error
		if file, err = packets.AppendRecord(file, &r); err != nil {
			fmt.Println(err)
			return
		}
	}
	file = file[:len(file)-3] // the crash came in the middle of the second one

	for rest := file; len(rest) > 0; {
		r, next, err := packets.DecodeRecord(rest)
		switch err {
		case nil:
			fmt.Println(r.Publish, "of publisher", r.Publisher, "at", r.Arrived.Format(time.TimeOnly))
		case mqttwire.ErrIncomplete:
			fmt.Println("cut off at byte", len(file)-len(rest))
			return
		default:
			fmt.Println(err)
			return
		}
		rest = next
	}

	// Output:
	// PUBLISH topic="room/7/temperature" qos=1 packet_id=0 retain payload=4B of publisher 1 at 12:00:00
	// cut off at byte 49
}

// What is damaged says where.
func ExampleAppendRecord() {
	r := packets.Record{Publish: packets.Publish{Topic: []byte("a"), Payload: []byte("on")}}
	b, err := packets.AppendRecord(nil, &r)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(b), "bytes")
	b[len(b)-1] = 'f'
	_, _, err = packets.DecodeRecord(b)
	var damaged *packets.RecordError
	fmt.Println(errors.As(err, &damaged), damaged)

	// Output:
	// 30 bytes
	// true packets: damaged record: at byte 20: the checksum is not that of the record
}
