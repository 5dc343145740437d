//go:build unix

package interleaved

import (
	"syscall"
	"time"
)

// ClockName says what clock reads.
const ClockName = "processor time of the process"

// clock returns the processor time that the process has had, the collector's
// work included. Time in which other processes have the core does not count.
func clock() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
