// Command mqtt publishes and subscribes, with the habits of mosquitto_pub and
// mosquitto_sub, is a broker, and loads one. mqtt --help says all about it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

func main() {
	ctx := untilSignal()
	os.Exit(run(ctx, os.Args[1:], environment{
		in: os.Stdin, out: os.Stdout, errs: os.Stderr,
		getenv:   os.Getenv,
		terminal: func(f any) bool { file, ok := f.(*os.File); return ok && term.IsTerminal(int(file.Fd())) },
		ask:      func() ([]byte, error) { return askTerminal(ctx, int(os.Stdin.Fd())) },
		hangups: func() <-chan os.Signal {
			c := make(chan os.Signal, 1)
			signal.Notify(c, syscall.SIGHUP)
			return c
		},
	}))
}

// untilSignal returns a context that ends with the first signal to end. The second one ends
// the process, whatever it waits for.
func untilSignal() context.Context {
	ctx, end := context.WithCancelCause(context.Background())
	first := make(chan os.Signal, 1)
	signal.Notify(first, os.Interrupt, syscall.SIGTERM)
	go func() {
		s := <-first
		signal.Stop(first) // before anybody hears of the first
		end(fmt.Errorf("there was the signal %v", s))
	}()
	return ctx
}
