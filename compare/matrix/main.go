// Matrix sends messages between clients through servers, ours and those of others, over
// links that break, and writes what has come of each cell into docs/interop.md. What is not
// on the machine is skipped, and said to be.
//
//	scripts/matrix [-n MESSAGES] [-only REGEXP]
//
// With -soak it has honest and hostile clients at `mqtt serve` for a time instead:
//
//	scripts/soak [TIME]
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"sync"
	"syscall"

	"github.com/mqttwire/mqttwire"
)

func main() {
	if is, err := beMochi(); err != nil {
		log.Fatal(err)
	} else if is {
		return
	}
	n := flag.Int("n", 1000, "`messages` in a cell")
	match := flag.String("only", "", "the cells that match a `regexp`, such as 'mosquitto.*5.0, tcp, QoS 2'")
	to := flag.String("o", "", "the `file` to write; ../docs/interop.md unless given, if all cells are to run")
	rotation := flag.Int("rotate", -1, "of each server, client and version only one transport and QoS, which go round with the `number`")
	long := flag.Duration("soak", 0, "in place of all that soak `mqtt serve` for so long")
	flag.Parse()
	pattern, err := regexp.Compile(*match)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *long > 0 {
		if err := soak(ctx, *long); err != nil {
			log.Fatal(err)
		}
		log.Print("passed")
		return
	}
	only := func(c cell) bool { return pattern.MatchString(c.String()) }
	if *rotation >= 0 {
		log.Printf("rotation %d: -rotate %[1]d runs the same again", *rotation)
		only = rotated(*rotation)
	}
	results, err := matrix(ctx, only, *n)
	if *to == "" && *match == "" && *rotation < 0 {
		*to = "../docs/interop.md"
	}
	if err == nil && *to != "" {
		err = write(*to, document(results, *n))
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range results {
		if *rotation >= 0 && r.kind != ours {
			continue // a part of the cells that goes round is for our client and server: others fail in their own ways
		}
		if !r.passed() {
			os.Exit(1)
		}
	}
}

// matrix runs the cells that are wanted.
func matrix(ctx context.Context, only func(cell) bool, n int) (results []result, err error) {
	l, err := newLab()
	if err != nil {
		return nil, err
	}
	defer l.close()
	servers := l.servers()
	defer func() {
		for _, p := range servers {
			p.down()
		}
	}()
	var list []cell
	for _, c := range cells(servers) {
		if only(c) {
			list = append(list, c)
		}
	}
	return runAll(ctx, list, n), ctx.Err()
}

// lanes is how many cells run at once: most wait most of the time.
const lanes = 3

// runAll runs cells, some at once; but those that restart their server one after the other.
func runAll(ctx context.Context, list []cell, n int) []result {
	results := make([]result, len(list))
	var running sync.WaitGroup
	free := make(chan struct{}, lanes)
	restarting := make(chan struct{}, 1)
	for i, c := range list {
		turn := free
		if c.variant.restart {
			turn = restarting
		}
		running.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			if ctx.Err() == nil {
				results[i] = c.run(ctx, c.messages(n))
			}
		})
	}
	running.Wait()
	return results
}

// The servers, by their place in what servers returns.
const (
	mosquitto = iota
	mochiServer
	aedes
	serve
	durableServe
)

// servers returns all servers; none of them runs.
func (l *lab) servers() []*peer {
	return []*peer{
		mosquitto:   {name: mosquittoVersion(), versions: versions, start: startMosquitto, lab: l, faults: []string{"twice by the server"}},
		mochiServer: l.mochi(),
		aedes:       {name: "aedes 1.2.0", versions: versions[:2], start: startAedes, lab: l, forgets: true, no31Dup: true, faults: []string{"lost by the server", "out of order by the server", "twice by the server"}},
		serve: {name: "mqtt serve", versions: versions, lab: l, start: func(ctx context.Context, p *peer) error {
			return startServe(ctx, p, false)
		}},
		durableServe: {name: "mqtt serve with a store", versions: versions, lab: l, start: func(ctx context.Context, p *peer) error {
			return startServe(ctx, p, true)
		}},
	}
}

// cells returns all cells in the order of the document.
func cells(servers []*peer) (list []cell) {
	for _, server := range servers[:durableServe] {
		list = append(list, ours.cells(server, variant{})...)
	}
	all := append([]*kind{ours}, others...)
	for _, k := range all {
		list = append(list, k.trials(servers[serve])...)
	}
	for _, k := range others {
		list = append(list, k.cells(servers[serve], variant{what: "no cuts", whole: true})...)
	}
	for _, k := range others {
		list = append(list, k.acknowledged(servers[serve], variant{})...)
		list = append(list, k.to(ours).acknowledged(servers[serve], variant{})...)
		list = append(list, ours.to(k).acknowledged(servers[serve], variant{})...)
	}
	for _, k := range all {
		list = append(list, k.acknowledged(servers[durableServe], variant{what: "killed and started again", restart: true})...)
	}
	free := variant{what: "our client with as many in flight as the server takes", free: true, known: true}
	for _, v := range versions[:2] {
		list = append(list, cell{servers[mosquitto], ours, v, "tcp", 2, free})
	}
	silent := variant{what: "a sender without a subscription", silent: true, known: true}
	list = append(list, cell{servers[aedes], ours, mqttwire.V311, "tcp", 2, silent})
	strict := variant{what: "our client strict", strict: true, known: true}
	return append(list, cell{servers[mosquitto], ours, mqttwire.V5, "tcp", 2, strict})
}

// acknowledged returns the cells of QoS 1 and 2.
func (k *kind) acknowledged(server *peer, what variant) []cell {
	return slices.DeleteFunc(k.cells(server, what), func(c cell) bool { return c.qos == 0 })
}

// cells returns those of a kind of client with a server.
func (k *kind) cells(server *peer, what variant) (list []cell) {
	for _, v := range k.versions {
		for _, transport := range k.over {
			for qos := range byte(3) {
				if slices.Contains(server.versions, v) && !(server.no31WS && v == mqttwire.V31 && transport == "ws") {
					list = append(list, cell{server, k, v, transport, qos, what})
				}
			}
		}
	}
	return list
}
