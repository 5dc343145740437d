package main

import "github.com/mqttwire/mqttwire/capture"

// answer is what a command finds out about a capture, in place of a line for each
// packet.
type answer interface {
	take(file string, e *capture.Event) error

	// text and json append the answer, when all of the input was taken.
	text(b []byte, times *timeColumn, paint palette) []byte
	json(b []byte) []byte
}

// answer prints an answer.
func (a *app) answer(files []string, to answer) error {
	a.atEnd = true
	if err := a.each(files, to.take); err != nil || !a.opened {
		return err // of nothing that could be read there is no answer
	}
	var b []byte
	if a.show.json {
		b = to.json(nil)
	} else {
		b = to.text(nil, a.times(), a.palette())
	}
	if _, err := a.stdout.Write(b); err != nil {
		return err
	}
	return a.close()
}

// times is how times are printed.
func (a *app) times() *timeColumn { return &timeColumn{style: a.show.time, zone: a.show.zone} }

// palette is the colours of what is printed.
func (a *app) palette() palette { return newPalette(a.show.color, a.out.to) }
