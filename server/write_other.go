//go:build !unix

package server

import "syscall"

// canWriteNow says that writeNow is there.
const canWriteNow = false

// writeNow is not there: a goroutine writes.
func writeNow(syscall.RawConn, []byte) (int, error) { return 0, errLater }
