// Broker is all of MQTT in ten lines: a broker on port 1883 of this machine.
//
//	go run ./examples/broker
package main

import (
	"log"

	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/server"
)

func main() {
	s := &server.Server{Broker: broker.New(broker.Options{})}
	log.Fatal(s.ListenAndServe("mqtt://127.0.0.1:1883"))
}
