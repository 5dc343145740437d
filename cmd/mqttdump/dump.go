package main

import (
	"github.com/mqttwire/mqttwire/capture"
)

// lines builds the line for an event, in some form.
type lines interface {
	append(b []byte, file string, e *capture.Event, saved string) []byte
}

// mostKept is the largest line whose memory is kept for the next one.
const mostKept = 1 << 20

// dump prints a line for each packet and event.
func (a *app) dump(files []string) error {
	save, err := newSaving(&a.show)
	if err != nil {
		return err
	}
	defer save.end()
	if save.wanted() {
		a.saving, a.input.Pieces = save, true
	}
	form := a.lines()
	var line []byte
	err = a.each(files, func(file string, e *capture.Event) error {
		if !a.concerns(e) {
			return nil
		}
		saved, err := save.save(e)
		if err != nil {
			return err
		}
		if n := len(e.Frame.Body); n > mostKept {
			line = make([]byte, 0, n/3*4+mostKept) // as much as base64 takes, at once
		}
		line = form.append(line[:0], file, e, saved)
		_, err = a.stdout.Write(line)
		if cap(line) > mostKept {
			line = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return a.close()
}

// lines returns what builds the lines in the form that is asked for.
func (a *app) lines() lines {
	switch {
	case a.show.cases:
		return &caseLines{secrets: a.show.secrets}
	case a.show.json:
		return newJSONLines(&a.show)
	case a.show.hex:
		return newHexLines(&a.show, a.palette())
	case a.show.verbose:
		return newVerboseLines(&a.show, a.palette())
	}
	return newTextLines(&a.show, a.palette())
}

// concerns reports whether an event is about MQTT. A capture of everything has many
// streams of other protocols, which are counted in the closing line: of them only
// those to ports of MQTT are told.
func (a *app) concerns(e *capture.Event) bool {
	return e.Kind != capture.NotMQTT || a.show.verbose || a.onMQTTPort(e.Src.Port()) || a.onMQTTPort(e.Dst.Port())
}

// onMQTTPort reports whether a port is one of MQTT, over TLS too.
func (a *app) onMQTTPort(port uint16) bool {
	const plain, secure = 1883, 8883
	if port == plain || port == secure {
		return true
	}
	for _, p := range a.input.ports {
		if port == uint16(p) {
			return true
		}
	}
	return false
}
