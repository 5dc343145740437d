package outcome

import (
	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/compare/against/record"
)

// note notes an error: all that it tells, its text only if that is asked for.
func note(r *record.Record, err error) {
	e, ok := err.(*mqttwire.Error)
	switch {
	case err == nil:
		r.Number("error", 0)
	case !ok:
		r.Number("error", 1)
		r.Text("text", err.Error())
	default:
		r.Number("error", 2)
		r.Text("rule", e.Rule.String())
		noteError(r, e)
	}
}

func noteError(r *record.Record, e *mqttwire.Error) {
	r.Text("field", string(e.Field))
	r.Number("offset", int64(e.Offset))
	r.Number("found", e.Found)
	r.Number("max", e.Max)
	r.Number("class", class(e.Err))
	r.Number("reason code", int64(e.Reason))
	r.Text("statement", e.Statement)
	r.Number("packet type", int64(e.Type))
	r.Number("version", int64(e.Version))
	r.Number("sender", int64(e.Sender))
	r.Bool("connected", e.Connected)
	r.Number("packet identifier", int64(e.PacketID))
	r.Number("QoS", int64(e.QoS))
	r.Number("foreign", int64(e.Foreign))
	if r.Words {
		r.Text("words", e.Error())
	}
}

// class numbers the classes of errors.
func class(err error) int64 {
	switch err {
	case nil:
		return 0
	case mqttwire.ErrMalformed:
		return 1
	case mqttwire.ErrProtocol:
		return 2
	case mqttwire.ErrTooLarge:
		return 3
	case mqttwire.ErrUnsupportedVersion:
		return 4
	}
	return 5
}

// noteFindings notes what a tolerance let pass.
func noteFindings(r *record.Record, t *mqttwire.Tolerance) {
	r.Number("findings", int64(len(t.Findings)))
	for _, e := range t.Findings {
		note(r, e)
	}
	r.Number("dropped", int64(t.Dropped))
}
