//go:build !unix

package interleaved

import "time"

// ClockName says what clock reads.
const ClockName = "wall-clock time"

var start = time.Now()

// clock returns the time since the program was started.
func clock() time.Duration { return time.Since(start) }
