package mqttwire

import "errors"

// isTimeout reports whether an error of a source is that nothing came in time, as
// that of a net.Conn whose read deadline is over: then the same call can be made
// again, and goes on where it stopped.
func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
