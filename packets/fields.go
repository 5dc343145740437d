package packets

import "github.com/mqttwire/mqttwire"

// FieldPlace is where one field stands in the bytes of a packet.
type FieldPlace struct {
	// Field is the standard's own name, as in mqttwire.Error; of bits that share a
	// byte, such as the connect flags, the name of each. It is empty for bytes that
	// could not be read, because of a fault before them or because they are too many.
	Field mqttwire.Field

	// Property is the property that it is a part of; 0 if it is part of none. Each has
	// its identifier, which is FieldPropertyID, and its value, whose Field is the
	// property's name; a User Property has two values, name and value.
	Property mqttwire.PropertyID

	// Start and End say which bytes: packet[Start:End], counted from the first byte of
	// the fixed header. Value is where the value starts: behind the two bytes that tell
	// the length of a string or of binary data, else at Start.
	Start, End, Value int

	// Mask has the bits of the byte that are the field's: all of them, 0xFF, unless
	// several fields share the byte.
	Mask byte

	// Index counts the entries of a list, from 0: topic filters, with their options;
	// reason codes; and properties.
	Index int

	// Section is the section of the standard that describes it, such as "3.3.2.1", by
	// the numbers of the packet's version; empty for 3.1, which has none so fine.
	Section string
}

// AppendFields appends where each field of packet stands, the bytes of one packet of
// version v, in the order of the bytes: for tools that show a packet byte by byte. v may
// be 0 for a CONNECT, which tells its own.
//
// The places tile the packet, whatever its bytes are: each bit of each byte is of one
// place. What can be read is named, also if it is not legal, and behind a fault too; what
// cannot be told apart any more, because a length or a type is not right, is one place
// without a name.
//
// The error is the first rule that is broken, as Decode returns it. Its Offset is in the
// place that it is about, or at its end if something is missing there; so it is with the
// findings of DecodeTolerant. mqttwire.ErrIncomplete says that packet ends before the
// packet does: what is there has its places. The places are valid with every error. They
// take some hundred bytes of memory for each field.
func AppendFields(dst []FieldPlace, packet []byte, v mqttwire.Version) ([]FieldPlace, error) {
	m := fieldMap{places: dst, packet: packet, version: v, begun: len(dst)}
	h, body, err := mqttwire.ConsumeFixedHeader(packet)
	if len(packet) > 0 {
		m.typ = mqttwire.PacketType(packet[0] >> 4)
		m.add(mqttwire.FieldPacketType, 0, 0, 0, 1)
	}
	if err != nil {
		m.add(mqttwire.FieldRemainingLength, 0, 1, 1, min(len(packet), 1+mqttwire.MaxVarintSize))
		return m.end(), err
	}
	m.add(mqttwire.FieldRemainingLength, 0, 1, 1, len(packet)-len(body))
	size := min(len(body), int(h.RemainingLength))
	err = m.read(mqttwire.Frame{Header: h, Body: body[:size:size]})
	switch {
	case size < int(h.RemainingLength):
		err = mqttwire.ErrIncomplete
	case size < len(body):
		err = frameLength(mqttwire.Frame{Header: h, Body: body}, v)
	}
	return m.end(), err
}

// frameLength is the error of a frame whose body has another size than its header says.
func frameLength(f mqttwire.Frame, v mqttwire.Version) error {
	p := newOf(f.Header.Type)
	if p == nil {
		return unknownType(f, v)
	}
	return p.judged(f, v, nil)
}

// fieldMap makes the places of a packet of what a Judge tells.
type fieldMap struct {
	places  []FieldPlace
	packet  []byte
	typ     mqttwire.PacketType
	version mqttwire.Version
	connect *Connect // if the packet is one
	begun   int      // how many places there were before
	at      int      // where what has its place ends

	properties, entries int // how many the list has up to here
}

// read reads the packet as Decode does, with a Judge that tells of each field and lets
// pass all that it can, and returns the first fault.
func (m *fieldMap) read(f mqttwire.Frame) error {
	p := newOf(f.Header.Type)
	if p == nil {
		return unknownType(f, m.version)
	}
	m.connect, _ = p.(*Connect)
	all := mqttwire.Tolerance{Allow: mqttwire.ReportAll}
	j := wire.PartialJudge(f, f.Header.Type, m.version, &all)
	wire.Tell(&j, m.add)
	_ = p.decode(f, m.version, &j)
	if len(all.Findings) > 0 {
		return all.Findings[0]
	}
	return wire.Err(&j)
}

// add adds the place of a field, unless it has one, and one without a name for what it
// leaves out before that.
func (m *fieldMap) add(field mqttwire.Field, id mqttwire.PropertyID, start, value, end int) {
	if start < m.at || start >= end {
		return
	}
	m.skip(start)
	if m.connect != nil {
		m.version = m.connect.Version // as soon as it was read
	}
	m.at = end
	p := FieldPlace{Field: field, Property: id, Start: start, Value: value, End: end, Mask: 0xFF, Index: m.index(field, id)}
	shared := m.bits(field)
	for _, b := range shared {
		p.Field, p.Mask = b.field, b.mask
		m.places = append(m.places, p)
	}
	if shared == nil {
		m.places = append(m.places, p)
	}
}

// index returns which entry of its list a field belongs to.
func (m *fieldMap) index(field mqttwire.Field, id mqttwire.PropertyID) int {
	switch {
	case field == mqttwire.FieldPropertyLength || field == mqttwire.FieldWillPropertyLength:
		m.properties = 0
		return 0
	case field == mqttwire.FieldPropertyID:
		m.properties++
		return m.properties - 1
	case id != 0:
		return m.properties - 1
	case field == mqttwire.FieldTopicFilter || field == mqttwire.FieldReasonCode:
		m.entries++
		return m.entries - 1
	case field == mqttwire.FieldSubscriptionOptions:
		return m.entries - 1
	}
	return 0
}

// skip adds a place without a name for what stands before end.
func (m *fieldMap) skip(end int) {
	if m.at < end {
		m.places = append(m.places, FieldPlace{Start: m.at, Value: m.at, End: end, Mask: 0xFF})
		m.at = end
	}
}

// end returns all places, with one for what was not read, and with their sections, for
// which the version of a CONNECT is known only now.
func (m *fieldMap) end() []FieldPlace {
	m.skip(len(m.packet))
	for i := range m.places[m.begun:] {
		p := &m.places[m.begun+i]
		p.Section = fieldSection(p.Field, p.Property, m.typ, m.version)
	}
	return m.places
}
