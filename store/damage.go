package store

import (
	"errors"
	"strconv"
)

// ErrLocked says that the file is open in another process, or a second time in this
// one.
var ErrLocked = errors.New("store: the file is in use by another process")

// ErrClosed says that the Store was closed.
var ErrClosed = errors.New("store: it is closed")

// DamageError says that the file is not what a Store has written.
type DamageError struct {
	// Path is that of the file.
	Path string

	// Offset is the byte of the file at which it is wrong, or at which the page or the
	// record begins that is.
	Offset int64

	// Why says what is wrong, in words.
	Why string
}

// Error returns one line.
func (e *DamageError) Error() string {
	return "store: " + e.Path + " is damaged at byte " + strconv.FormatInt(e.Offset, 10) + ": " + e.Why
}
