package main

import (
	"time"

	"github.com/mqttwire/mqttwire"
)

// exchange is a packet that has an answer, until that came.
type exchange struct {
	step     step
	sender   mqttwire.Sender
	id       uint16
	qos      mqttwire.QoS
	topic    string
	record   int
	began    time.Time
	last     time.Time // of what was sent last of it
	repeats  int
	released bool // a PUBREL was sent
	request  mqttwire.Packet
}

// step is a packet and the answer that is waited for.
type step uint8

const (
	stepConnect step = iota
	stepPuback
	stepPubrec
	stepPubcomp // for a PUBREL
	stepMessage // the whole of a QoS 2 exchange: PUBLISH to PUBCOMP
	stepSuback
	stepUnsuback
	stepPing
	steps
)

// String returns both packets.
func (s step) String() string {
	return [steps]string{
		"CONNECT to CONNACK", "PUBLISH to PUBACK", "PUBLISH to PUBREC", "PUBREL to PUBCOMP", "PUBLISH to PUBCOMP",
		"SUBSCRIBE to SUBACK", "UNSUBSCRIBE to UNSUBACK", "PINGREQ to PINGRESP",
	}[s]
}

// begins is the packet that begins a step, ends the one that ends it.
func (s step) begins() mqttwire.PacketType {
	return [steps]mqttwire.PacketType{
		mqttwire.CONNECT, mqttwire.PUBLISH, mqttwire.PUBLISH, mqttwire.PUBREL, mqttwire.PUBLISH,
		mqttwire.SUBSCRIBE, mqttwire.UNSUBSCRIBE, mqttwire.PINGREQ,
	}[s]
}

func (s step) ends() mqttwire.PacketType {
	return [steps]mqttwire.PacketType{
		mqttwire.CONNACK, mqttwire.PUBACK, mqttwire.PUBREC, mqttwire.PUBCOMP, mqttwire.PUBCOMP,
		mqttwire.SUBACK, mqttwire.UNSUBACK, mqttwire.PINGRESP,
	}[s]
}

// exchangeKey tells exchanges of a connection apart. Those with packet identifiers
// share them: "a SUBSCRIBE may not use one that a PUBLISH has". Section 2.2.1.
type exchangeKey struct {
	sender mqttwire.Sender
	id     uint16
	single step // 1 more than stepConnect or stepPing; else 0, and an id
}

// exchangeTally counts exchanges of one kind that have ended.
type exchangeTally struct {
	begun, done int
	total, most time.Duration
}

func (t *exchangeTally) add(d time.Duration) {
	t.done++
	t.total += d
	t.most = max(t.most, d)
}

// average is how long the exchanges took.
func (t *exchangeTally) average() time.Duration {
	if t.done == 0 {
		return 0
	}
	return t.total / time.Duration(t.done)
}
