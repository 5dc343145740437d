//go:build unix

package main

import (
	"syscall"
	"time"
)

// clockName says what clock reads.
const clockName = "processor time of the process"

// clock returns the processor time that the process has had, the collector's
// work included. Time in which other processes have the core does not count.
func clock() time.Duration {
	var u syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
