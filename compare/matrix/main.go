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
	"syscall"

	"github.com/mqttwire/mqttwire"
)

func main() {
	n := flag.Int("n", 1000, "`messages` in a cell")
	only := flag.String("only", "", "the cells that match a `regexp`, such as 'mosquitto.*5.0, tcp, QoS 2'; nothing is written then")
	to := flag.String("o", "../docs/interop.md", "the `file` to write")
	long := flag.Duration("soak", 0, "in place of all that soak `mqtt serve` for so long")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
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
	results, err := matrix(ctx, pattern, *n)
	if err == nil && *only == "" {
		err = write(*to, document(results, *n))
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range results {
		if !r.passed() {
			os.Exit(1)
		}
	}
}

// matrix runs the cells that match, one after the other.
func matrix(ctx context.Context, only *regexp.Regexp, n int) (results []result, err error) {
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
	for _, c := range cells(servers) {
		if err := ctx.Err(); err != nil {
			return nil, err // and the servers end
		}
		if only.MatchString(c.String()) {
			results = append(results, c.run(ctx, n))
		}
	}
	return results, nil
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
		mochiServer: {name: "mochi " + required("github.com/mochi-mqtt/server/v2"), versions: versions, start: startMochi, lab: l, faults: []string{"lost by the server", "out of order by the server"}},
		aedes:       {name: "aedes 1.2.0", versions: versions[:2], start: startAedes, lab: l, forgets: true, faults: []string{"lost by the server", "out of order by the server", "twice by the server"}},
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
	for _, k := range append([]*kind{ours}, others...) {
		list = append(list, k.trials(servers[serve])...)
	}
	for _, k := range others {
		list = append(list, k.cells(servers[serve], variant{what: "no cuts", whole: true})...)
		list = append(list, k.cells(servers[serve], variant{})...)
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

// cells returns those of a kind of client with a server.
func (k *kind) cells(server *peer, what variant) (list []cell) {
	for _, v := range k.versions {
		for _, transport := range k.over {
			for qos := range byte(3) {
				if slices.Contains(server.versions, v) {
					list = append(list, cell{server, k, v, transport, qos, what})
				}
			}
		}
	}
	return list
}
