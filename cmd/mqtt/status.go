package main

import (
	"context"
	"errors"

	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/session"
)

// The exit statuses.
const (
	statusDone    = 0
	statusUsage   = 1
	statusConnect = 2
	statusRefused = 3
	statusUnsure  = 4
	statusFile    = 5
	statusTimeout = 27 // as mosquitto_sub
)

const statusHelp = `Exit status:
  0   everything was done
  1   a flag or an argument is wrong
  2   there is no connection: no such host, nobody answers, TLS fails
  3   the broker has refused: the connection, a message, a subscription
  4   a message was not sent, or it is not known whether it has arrived
  5   a file cannot be read or written`

// subStatusHelp is what sub has besides.
const subStatusHelp = `
  0   also: it was ended by -C, -E or a signal
  27  the time of -W is over`

// statusError is an error with an exit status. err is nil if all was said.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string {
	if e.err == nil {
		return "failed"
	}
	return e.err.Error()
}

func (e *statusError) Unwrap() error { return e.err }

// errTime is why a context ends by -W.
var errTime = errors.New("the time of -W is over")

// failed returns the error of a connection or a request with its status.
func failed(ctx context.Context, err error) error {
	status := statusConnect
	var cause session.Cause
	switch {
	case err == nil:
		return nil
	case errors.Is(context.Cause(ctx), errTime):
		return &statusError{statusTimeout, errTime}
	case errors.Is(err, client.ErrRefused), errors.As(err, &cause) && cause.Kind == session.ServerRefused:
		status = statusRefused
	case errors.Is(err, client.ErrNotSent), errors.Is(err, client.ErrUnknown):
		status = statusUnsure
	}
	return &statusError{status, err}
}
