//go:build !unix

package main

import "time"

// clockName says what clock reads.
const clockName = "wall-clock time"

var start = time.Now()

// clock returns the time since the program was started.
func clock() time.Duration { return time.Since(start) }
