package packets

import "github.com/mqttwire/mqttwire"

// AppendPrepared is Append for a message that is prepared, encoded for version v as d
// says. The second part is the payload that all its receivers share. On error, that of
// Prepared.Append, nothing is added.
func (b *Buffers) AppendPrepared(p *Prepared, v mqttwire.Version, d *Delivery) error {
	headers, err := p.AppendHeader(b.headers, v, d)
	return b.add(headers, p.payload, err)
}
