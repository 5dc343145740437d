// Command mqtt publishes and subscribes, with the habits of mosquitto_pub and
// mosquitto_sub, is a broker, and loads one. mqtt --help says all about it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], environment{
		in: os.Stdin, out: os.Stdout, errs: os.Stderr,
		getenv:   os.Getenv,
		terminal: func(f any) bool { file, ok := f.(*os.File); return ok && term.IsTerminal(int(file.Fd())) },
		ask:      func() ([]byte, error) { return term.ReadPassword(int(os.Stdin.Fd())) },
		hangups: func() <-chan os.Signal {
			c := make(chan os.Signal, 1)
			signal.Notify(c, syscall.SIGHUP)
			return c
		},
	})
	stop()
	os.Exit(status)
}
