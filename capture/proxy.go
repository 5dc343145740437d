package capture

import (
	"bytes"
	"strings"

	"github.com/mqttwire/mqttwire"
)

// passProxyHeaders takes off the PROXY protocol headers that a direction begins
// with, and reports whether bytes are left to be looked at. There may be one of
// each proxy on the way; the last is of the one that is nearest to the client.
func (d *direction) passProxyHeaders(m mark) bool {
	for d.search.atStart() && len(d.search.buf) > 0 {
		h, _, err := mqttwire.ConsumeProxyHeader(d.search.buf)
		switch err {
		case nil:
			d.passProxyHeader(h, m)
		case mqttwire.ErrNoProxyHeader:
			return true
		case mqttwire.ErrIncomplete:
			return false
		default:
			d.endsInProxyHeader(strings.TrimPrefix(err.Error(), "mqttwire: "), m)
			return false
		}
	}
	return len(d.search.buf) > 0
}

// passProxyHeader reports a header. Who sends one speaks for the client.
func (d *direction) passProxyHeader(h mqttwire.ProxyHeader, m mark) {
	d.search.pass(h.Size)
	if d.conv.client == nil {
		d.conv.client = d
	}
	d.conv.proxied = h.Source
	h.TLVs = bytes.Clone(h.TLVs)
	e := d.event(ProxyHeader, m)
	e.Proxy, e.Note = &h, proxyNote(h)
	d.conv.emit(&e)
}

// proxyNote is what an event says of a header.
func proxyNote(h mqttwire.ProxyHeader) string {
	note := mqttwire.ForeignPROXY1.String()
	if h.Version == 2 {
		note = mqttwire.ForeignPROXY2.String()
	}
	switch {
	case h.Local:
		return note + " of the proxy's own connection"
	case !h.Source.IsValid():
		return note + " without addresses"
	}
	return note + ": the client is " + h.Source.String() + ", connected to " + h.Destination.String()
}

// endsInProxyHeader reports a header behind which no packet can be looked for. If
// nothing else has told that the conversation is MQTT, it ends as a whole.
func (d *direction) endsInProxyHeader(note string, m mark) {
	foreign, _ := mqttwire.Identify(d.search.buf)
	if !d.conv.mqtt {
		d.conv.carriesOther(foreign, note, m)
		return
	}
	e := d.event(NotMQTT, m)
	e.Foreign, e.Note, e.Stopped = foreign, note, true
	d.stop()
	d.conv.emit(&e)
}

// cutProxyHeader reports whether the direction begins with a header of which the
// end is not in the capture.
func (s *boundarySearch) cutProxyHeader() bool {
	foreign, _ := mqttwire.Identify(s.buf)
	return s.atStart() && (foreign == mqttwire.ForeignPROXY1 || foreign == mqttwire.ForeignPROXY2)
}
