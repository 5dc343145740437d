// Command mqttdump shows what the MQTT connections in recorded traffic did: a line
// for each packet, or answers to what one wants to know. mqttdump -h says all about
// it.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
)

// memoryLimit is where the garbage collector begins to work harder: what is held at
// once is bounded below it. The environment's GOMEMLIMIT goes first.
const memoryLimit = 64 << 20

func main() { os.Exit(program()) }

// program is run with what a process has: limits, signals and its own files.
func program() int {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // the second one ends the program at once
	return run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}
