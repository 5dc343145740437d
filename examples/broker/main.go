// Broker is all of MQTT in ten lines: a broker on port 1883 of this machine.
//
//	go run ./examples/broker
package main

import (
	"log"
	"net"

	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/server"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:1883")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(serve(listener))
}

func serve(listener net.Listener) error {
	s := &server.Server{Broker: broker.New(broker.Options{})}
	return s.Serve(listener)
}
