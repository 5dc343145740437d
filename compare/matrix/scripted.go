package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"

	"github.com/mqttwire/mqttwire"
)

// The clients of other languages run as scripts of peers/.
var (
	pahoPython = &kind{name: "Paho Python", versions: versions, over: transports, cuts: 60, receive: dialPython, send: dialPython,
		faults: []string{"out of order", "failed", "lost"}}
	mqttJS = &kind{name: "MQTT.js 5.16.0", versions: versions, over: transports, cuts: 60, receive: dialMQTTJS, send: dialMQTTJS,
		faults: []string{"failed", "lost", "out of order"}}
)

// scripted is a script that is a client: it is given a command on each line, and answers on
// lines of its own.
type scripted struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers chan answer
	ended   chan struct{}
	mu      sync.Mutex // of in
}

// command is what a script is told to do: connect, subscribe, publish, flush or close.
type command struct {
	Do        string `json:"do"`
	Host      string `json:"host,omitempty"`
	Port      int    `json:"port,omitempty"`
	Transport string `json:"transport,omitempty"`
	CA        string `json:"ca,omitempty"` // a file
	Version   string `json:"version,omitempty"`
	ID        string `json:"id,omitempty"`
	InFlight  int    `json:"inflight,omitempty"`
	Will      *text  `json:"will,omitempty"`
	text
}

// text is a message, whose payload is one of text.
type text struct {
	Topic   string `json:"topic"`
	Payload string `json:"payload"`
	QoS     byte   `json:"qos"`
	Retain  bool   `json:"retain"`
	Alias   uint16 `json:"alias,omitempty"`
}

// answer is a line of a script's: what it has done, why it failed, or a message.
type answer struct {
	Done   string `json:"done"`
	Failed string `json:"failed"`
	text
}

func dialPython(ctx context.Context, e end, got func(message)) (party, error) {
	python, err := e.server.lab.python()
	if err != nil {
		return nil, err
	}
	from, err := module()
	if err != nil {
		return nil, err
	}
	return dialScript(ctx, exec.CommandContext(ctx, python, from+"/matrix/peers/python.py"), e, got)
}

func dialMQTTJS(ctx context.Context, e end, got func(message)) (party, error) {
	dir, err := e.server.lab.npm()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "node", "mqttjs.js")
	cmd.Dir = dir
	return dialScript(ctx, cmd, e, got)
}

// dialScript runs a script, which is killed when ctx ends, and has it connect.
func dialScript(ctx context.Context, cmd *exec.Cmd, e end, got func(message)) (party, error) {
	s := &scripted{cmd: cmd, answers: make(chan answer, 100), ended: make(chan struct{})}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if s.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go s.read(out, got)
	host, port, err := net.SplitHostPort(e.addr)
	if err != nil {
		return nil, err
	}
	c := command{Do: "connect", Host: host, Transport: e.transport, CA: e.server.lab.ca.file, Version: e.version.String(), ID: e.id, InFlight: 20}
	if e.version == mqttwire.V5 {
		c.InFlight = 100
	}
	if c.Port, err = strconv.Atoi(port); err != nil {
		return nil, err
	}
	if e.will != nil {
		c.Will = e.will.text()
	}
	if err := s.do(ctx, c, true); err != nil {
		s.kill()
		return nil, err
	}
	return s, nil
}

func (m message) text() *text {
	return &text{m.topic, string(m.payload), m.qos, m.retain, m.alias}
}

// read reads the lines of the script, to its end. Of connections only the first is told.
func (s *scripted) read(out io.Reader, got func(message)) {
	defer close(s.ended)
	lines := json.NewDecoder(bufio.NewReaderSize(out, 1<<16))
	connected := false
	for {
		var a answer
		if err := lines.Decode(&a); err != nil {
			return
		}
		switch {
		case a.Done == "connect" && connected:
		case a.Done != "" || a.Failed != "":
			connected = true
			select {
			case s.answers <- a:
			default: // nobody asks any more, or the script says again and again that it failed
			}
		case got != nil:
			got(message{topic: a.Topic, payload: []byte(a.Payload), qos: a.QoS, retain: a.Retain})
		}
	}
}

// do gives the script a command, and waits for the answer if there is one.
func (s *scripted) do(ctx context.Context, c command, wait bool) error {
	line, err := json.Marshal(c)
	if err != nil {
		return err
	}
	s.mu.Lock()
	_, err = s.in.Write(append(line, '\n'))
	s.mu.Unlock()
	if err != nil || !wait {
		return err
	}
	for {
		select {
		case a := <-s.answers:
			if a.Failed != "" {
				return fmt.Errorf("%s: %s", c.Do, a.Failed)
			}
			if a.Done == c.Do {
				return nil
			}
		case <-s.ended:
			return fmt.Errorf("%s: the script has ended", c.Do)
		case <-ctx.Done():
			return fmt.Errorf("%s: no answer: %w", c.Do, ctx.Err())
		}
	}
}

func (s *scripted) subscribe(ctx context.Context, filter string, qos byte) error {
	return s.do(ctx, command{Do: "subscribe", text: text{Topic: filter, QoS: qos}}, true)
}

func (s *scripted) publish(ctx context.Context, m message) error {
	return s.do(ctx, command{Do: "publish", text: *m.text()}, false)
}

func (s *scripted) flush(ctx context.Context) error { return s.do(ctx, command{Do: "flush"}, true) }

func (s *scripted) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, closing)
	defer cancel()
	defer s.kill()
	return s.do(ctx, command{Do: "close"}, true)
}

func (s *scripted) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
	_ = s.cmd.Wait() // it was killed
}
