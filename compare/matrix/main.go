// Matrix sends messages between clients through servers, ours and those of others, over
// links that break, and writes what has come of each cell into docs/interop.md. It wants
// mosquitto with its programs.
//
//	scripts/matrix [-n MESSAGES] [-only REGEXP]
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"github.com/mqttwire/mqttwire"
)

func main() {
	n := flag.Int("n", 1000, "`messages` in a cell")
	only := flag.String("only", "", "the cells that match a `regexp`, such as 'mosquitto.*5.0, tcp, QoS 2'; nothing is written then")
	to := flag.String("o", "../docs/interop.md", "the `file` to write")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	results, err := matrix(ctx, pattern, *n)
	if err == nil && *only == "" {
		err = write(*to, document(results, *n))
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range results {
		if !r.variant.atFault && r.verdict() != "passed" {
			os.Exit(1)
		}
	}
}

// matrix runs the cells that match, one after the other.
func matrix(ctx context.Context, only *regexp.Regexp, n int) (results []result, err error) {
	mosquitto, err := startMosquitto(ctx)
	if err != nil {
		return nil, err
	}
	defer mosquitto.stop()
	own, err := startOurs()
	if err != nil {
		return nil, err
	}
	defer own.stop()
	for _, c := range cells(mosquitto, own) {
		if err := ctx.Err(); err != nil {
			return nil, err // and mosquitto ends
		}
		if only.MatchString(c.String()) {
			results = append(results, c.run(ctx, n))
		}
	}
	return results, nil
}

// cells returns all cells in the order of the document.
func cells(mosquitto, own *peer) (list []cell) {
	for _, server := range []*peer{mosquitto, own} {
		list = append(list, ours.cells(server)...)
	}
	for _, k := range others {
		list = append(list, k.cells(own)...)
	}
	free := variant{what: "our client with as many in flight as the server takes", free: true, atFault: true}
	for _, v := range []mqttwire.Version{mqttwire.V31, mqttwire.V311} {
		list = append(list, cell{mosquitto, ours, v, "tcp", 2, true, free})
	}
	strict := variant{what: "our client strict", strict: true, atFault: true}
	return append(list, cell{mosquitto, ours, mqttwire.V5, "tcp", 2, true, strict})
}

// cells returns those of a kind of client with a server.
func (k *kind) cells(server *peer) (list []cell) {
	for _, v := range k.versions {
		for _, transport := range transports {
			for qos := range byte(3) {
				if transport == "tcp" || k.overWS {
					list = append(list, cell{server, k, v, transport, qos, k.cut, variant{}})
				}
			}
		}
	}
	return list
}
