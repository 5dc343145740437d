package packets

// WritePrepared writes a message that is prepared, as d says, as WritePacket writes a
// PUBLISH: a large payload has a Write of its own and is not copied. Errors are those of
// WritePacket; and ErrExpired, which ends nothing: the message counts as not sent, and
// the next call writes on.
func (w *Writer) WritePrepared(p *Prepared, d *Delivery) error {
	if w.err != nil {
		return w.err
	}
	b, err := w.encodePrepared(p, d)
	switch {
	case err == ErrExpired:
		return err
	case err != nil:
		return w.refuse(err)
	case len(p.payload) <= maxCopied:
		return w.writeBuffer(append(b, p.payload...))
	}
	if err := w.writeBuffer(b); err != nil {
		return err
	}
	return w.write(p.payload)
}

// encodePrepared appends all of a delivery but its payload to the emptied buffer.
func (w *Writer) encodePrepared(p *Prepared, d *Delivery) ([]byte, error) {
	if w.encoder != nil {
		return w.encoder.AppendPreparedHeader(w.buf[:0], p, d)
	}
	return p.AppendHeader(w.buf[:0], w.version, d)
}

// SendPrepared sends a message that is prepared, as d says. Errors are those of Send; and
// ErrExpired, which ends nothing: the message counts as not sent, and Send goes on.
func (s *Stream) SendPrepared(p *Prepared, d *Delivery) error {
	s.write.Lock()
	defer s.write.Unlock()
	return s.writer.WritePrepared(p, d)
}

func (s *streamEncoder) AppendPreparedHeader(dst []byte, p *Prepared, d *Delivery) ([]byte, error) {
	s.state.Lock()
	defer s.state.Unlock()
	return s.encoder.AppendPreparedHeader(dst, p, d)
}
