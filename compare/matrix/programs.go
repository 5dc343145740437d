package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"

	"github.com/mqttwire/mqttwire"
)

// others are the kinds of clients that are not ours.
var others = []*kind{programs, pahoPython, mqttJS, pahoMQTT, pahoGolang}

// programs are mosquitto_sub and mosquitto_pub, which know no WebSocket, and wait for a
// second before they connect again.
var programs = &kind{
	name: "mosquitto_pub, mosquitto_sub", versions: versions, over: transports[:2], cuts: 10, gently: true, receive: dialPrograms, send: dialPrograms,
	faults: []string{"failed", "lost", "twice"},
}

// program is one of both, or both, each run when it is needed.
type program struct {
	end
	got      func(message)
	sub, pub *exec.Cmd
	ended    chan struct{} // sub has
	said     bytes.Buffer  // what pub has
	lines    io.WriteCloser
}

func dialPrograms(_ context.Context, e end, got func(message)) (party, error) {
	if _, err := exec.LookPath("mosquitto_sub"); err != nil {
		return nil, missing("mosquitto's programs are not installed (apt-get install mosquitto-clients)")
	}
	return &program{end: e, got: got}, nil
}

// command returns a program that connects, and is killed when ctx ends. Its lines come as they are said, which it leaves
// to the C library otherwise.
func (p *program) command(ctx context.Context, name, topic string, qos byte, args ...string) (*exec.Cmd, error) {
	host, port, err := net.SplitHostPort(p.addr)
	if err != nil {
		return nil, err
	}
	version := map[mqttwire.Version]string{mqttwire.V31: "mqttv31", mqttwire.V311: "mqttv311", mqttwire.V5: "mqttv5"}[p.version]
	args = append([]string{"-oL", name, "-h", host, "-p", port, "-V", version, "-i", p.id, "-t", topic, "-q", fmt.Sprint(qos)}, args...)
	if p.version == mqttwire.V5 {
		args = append(args, "-x", "3600")
	}
	if p.transport == "tls" {
		args = append(args, "--cafile", p.server.lab.ca.file)
	}
	if w := p.will; w != nil {
		args = append(args, "--will-topic", w.topic, "--will-payload", string(w.payload), "--will-qos", fmt.Sprint(w.qos))
	}
	return exec.CommandContext(ctx, "stdbuf", args...), nil
}

// subscribe runs mosquitto_sub, until it says that it has subscribed.
func (p *program) subscribe(ctx context.Context, filter string, qos byte) (err error) {
	if p.sub, err = p.command(ctx, "mosquitto_sub", filter, qos, "-c", "-d", "-F", "message %r %q %t %p"); err != nil {
		return err
	}
	out, err := p.sub.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.sub.Start(); err != nil {
		return err
	}
	p.ended = make(chan struct{})
	subscribed := make(chan struct{})
	go p.read(out, sync.OnceFunc(func() { close(subscribed) }))
	select {
	case <-subscribed:
		return nil
	case <-p.ended:
		return errors.New("mosquitto_sub has ended")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read reads what mosquitto_sub says: messages, and with -d all that it does.
func (p *program) read(out io.Reader, subscribed func()) {
	defer close(p.ended)
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\n")
		if strings.Contains(line, "received SUBACK") {
			subscribed()
		}
		if is := strings.SplitN(line, " ", 5); is[0] == "message" && len(is) == 5 && p.got != nil {
			p.got(message{topic: is[3], payload: []byte(is[4]), qos: is[2][0] - '0', retain: is[1] == "1"})
		}
	}
}

// publish gives a line to mosquitto_pub, which is run for the first, and has topic, QoS,
// retain and alias of that.
func (p *program) publish(ctx context.Context, m message) (err error) {
	if p.pub == nil {
		args := []string{"-l", "-c"}
		if m.retain {
			args = append(args, "-r")
		}
		if m.alias > 0 {
			args = append(args, "-D", "publish", "topic-alias", fmt.Sprint(m.alias))
		}
		if p.pub, err = p.command(ctx, "mosquitto_pub", m.topic, m.qos, args...); err != nil {
			return err
		}
		p.pub.Stdout, p.pub.Stderr = &p.said, &p.said
		if p.lines, err = p.pub.StdinPipe(); err != nil {
			return err
		}
		if err := p.pub.Start(); err != nil {
			return err
		}
	}
	_, err = p.lines.Write(append(m.payload, '\n'))
	return err
}

// flush waits until mosquitto_pub has ended.
func (p *program) flush(context.Context) error {
	pub := p.pub
	p.pub = nil
	if pub == nil {
		return nil
	}
	if err := errors.Join(p.lines.Close(), pub.Wait()); err != nil {
		return fmt.Errorf("mosquitto_pub: %w: %s", err, p.said.Bytes())
	}
	return nil
}

func (p *program) close(context.Context) error {
	if p.pub != nil {
		_, _ = p.pub.Process.Kill(), p.pub.Wait()
		p.pub = nil
	}
	if p.sub != nil && p.ended != nil {
		_ = p.sub.Process.Kill()
		<-p.ended
		_ = p.sub.Wait()
		p.sub = nil
	}
	return nil
}
