package packets

import "github.com/mqttwire/mqttwire"

// memory is the one block of memory into which a packet's Clone copies all of
// the packet's bytes.
type memory struct{ buf []byte }

// newMemory returns memory for n bytes.
func newMemory(n int) memory {
	if n == 0 {
		return memory{}
	}
	return memory{make([]byte, 0, n)}
}

// bytes copies b, keeping the difference between nil and empty.
func (m *memory) bytes(b []byte) []byte {
	switch {
	case b == nil:
		return nil
	case len(b) == 0:
		return []byte{}
	}
	start := len(m.buf)
	m.buf = append(m.buf, b...)
	return m.buf[start:len(m.buf):len(m.buf)]
}

// properties copies a property list.
func (m *memory) properties(p mqttwire.Properties) mqttwire.Properties {
	p, m.buf = p.CloneInto(m.buf)
	return p
}
