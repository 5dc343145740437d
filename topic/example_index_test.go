package topic_test

import (
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/topic"
)

// A server looks up for each message who gets it, and with which options. Of a shared
// subscription one of the group does.
func ExampleIndex() {
	var subscriptions topic.Index[string] // by client identifier
	for client, filter := range map[string]string{"wall": "room/+/temperature", "log": "#", "w1": "$share/work/room/#", "w2": "$share/work/room/#"} {
		s := packets.Subscription{Filter: []byte(filter), QoS: mqttwire.AtLeastOnce}
		if _, _, err := subscriptions.Set(&s, 0, client); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(subscriptions.Len(), "subscriptions,", subscriptions.Filters(), "filters")

	var hits []topic.Hit[string] // used again for the next message
	hits = subscriptions.Match([]byte("room/7/temperature"), hits[:0])
	for _, h := range hits {
		if h.Group != nil {
			fmt.Println("one of", h.Group.Len(), "in group", h.Group.Name())
			continue
		}
		fmt.Println(h.Value, h.QoS)
	}

	left, deleted := subscriptions.Delete([]byte("#"), "log")
	fmt.Println(left, deleted)

	// Unordered output:
	// 4 subscriptions, 3 filters
	// wall QoS 1
	// log QoS 1
	// one of 2 in group work
	// 0 true
}

// Retained messages are found by the filter of a new subscription, some at a time so
// that nobody else waits for long.
func ExampleNames() {
	var retained topic.Names[string]
	for _, name := range []string{"room/9/light", "room/7/light", "room/7/temperature", "hall/light", "$SYS/uptime"} {
		if _, err := retained.Set([]byte(name), "of "+name); err != nil {
			fmt.Println(err)
			return
		}
	}

	var c topic.Cursor
	if err := c.Start([]byte("+/+/light")); err != nil {
		fmt.Println(err)
		return
	}
	for c.More() {
		for name, message := range retained.Find(&c, 100) {
			fmt.Printf("%s: %s\n", name, message)
		}
	}

	// Output:
	// room/7/light: of room/7/light
	// room/9/light: of room/9/light
}
