package packets

import "github.com/mqttwire/mqttwire"

// ConnectStart is what a CONNECT begins with: for who decides by it to whom the
// connection goes, before will and password have come. Its slices alias the bytes
// that it was read from. Sections 3.1.2.1, 3.1.2.2 and 3.1.3.1.
//
// What it tells is there as soon as its bytes are. Nothing is judged of what
// stands between, nor the client identifier, which may be no UTF-8, or too long
// for its version: Decode does that.
type ConnectStart struct {
	// ProtocolName is "MQTT" or, in 3.1, "MQIsdp"; nil until it has come.
	ProtocolName []byte

	// ProtocolLevel is the byte behind it as it was sent, 0 until it has come.
	ProtocolLevel uint8

	// Version is the version that name and level ask for; 0 until they have come,
	// and for those of no known version.
	Version mqttwire.Version

	// Bridge is the bridge bit of the level, where Version is known: see Connect.
	Bridge bool

	// ClientID is the client identifier, 0 to 65535 bytes; nil until all of it has
	// come.
	ClientID []byte
}

// maxConnectStart is how many bytes of a connection are looked at for its
// ConnectStart at most.
const maxConnectStart = mqttwire.DefaultFirstPacketSize

// PeekConnect reads the beginning of the CONNECT that b, the first bytes of a
// connection, begins with. It needs the bytes up to the client identifier's last
// one, and returns ErrIncomplete while b has fewer, with what has come: so Version
// can be known before ClientID.
//
// Bytes that are no CONNECT give an *mqttwire.Error that says what they are: the
// other protocol, if it is one that mqttwire.Identify knows, or the other packet.
// The errors for name, level and lengths are those of Decode, and those of class
// ErrTooLarge say that the client identifier would end behind the first 128 KiB;
// also with them c has what could be read.
func PeekConnect(b []byte) (c ConnectStart, err error) {
	c, need, err := peekConnect(b)
	if need > 0 {
		err = mqttwire.ErrIncomplete
	}
	return c, err
}

// PeekConnectFrom is PeekConnect for a Reader or a Feeder that is before its first
// packet: nothing is taken, and a Decoder or who calls Next gets all of the CONNECT.
// It waits for no more bytes than it needs. Errors of src are returned with what
// has come; after ErrIncomplete, and after a timeout, call it again. c is valid
// until the next call of any method of src.
func PeekConnectFrom(src Source) (c ConnectStart, err error) {
	for n := 1; ; {
		b, end := src.Lookahead(n)
		if end == nil && n > 2 && b[0]>>4 != byte(mqttwire.CONNECT) && !worthALook(b) {
			n++ // perhaps another protocol
			continue
		}
		c, need, err := peekConnect(b)
		switch {
		case need == 0:
			return c, err
		case end != nil:
			return c, end
		}
		n = need
	}
}

// PeekConnectFrame is PeekConnect for a frame, of whose body there may be only the
// first part.
func PeekConnectFrame(f mqttwire.Frame) (c ConnectStart, err error) {
	if f.Header.Type != mqttwire.CONNECT {
		return c, foreignFrame(f, noConnect(f.Header.Type))
	}
	need, err := c.read(f)
	if need > 0 {
		err = mqttwire.ErrIncomplete
	}
	return c, err
}

// peekConnect is PeekConnect; need is how many bytes it takes to know more, or 0.
func peekConnect(b []byte) (c ConnectStart, need int, err error) {
	switch foreign, more := mqttwire.Identify(b); {
	case foreign != 0:
		return c, 0, foreignError(foreign, b[0])
	case more:
		return c, len(b) + 1, nil
	}
	f, err := peekFrame(b)
	switch {
	case f.Header.Type != mqttwire.CONNECT:
		return c, 0, noConnect(f.Header.Type)
	case err == mqttwire.ErrIncomplete:
		return c, len(b) + 1, nil
	case err != nil:
		return c, 0, err
	}
	need, err = c.read(f)
	if need > 0 {
		need += int(f.Header.Size)
	}
	if need > maxConnectStart {
		e := mqttwire.NewError(mqttwire.RulePacketSize, mqttwire.CONNECT, c.Version, mqttwire.FieldRemainingLength, 1, int64(f.Header.PacketSize()))
		e.Max = maxConnectStart
		return c, 0, e
	}
	return c, need, err
}

// noConnect is the error for a packet that is none, and comes first. [MQTT-3.1.0-1]
func noConnect(t mqttwire.PacketType) error {
	if t == 0 {
		return mqttwire.NewError(mqttwire.RulePacketType, 0, 0, mqttwire.FieldPacketType, 0, 0)
	}
	return wire.SentBy(mqttwire.NewError(mqttwire.RuleFirstPacket, t, 0, mqttwire.FieldPacketType, 0, int64(t)), mqttwire.FromClient)
}

// read reads from the first part of a body what has come, and returns how long
// that has to be to tell more, or 0.
func (c *ConnectStart) read(f mqttwire.Frame) (need int, err error) {
	j := wire.PartialJudge(f, mqttwire.CONNECT, 0, nil)
	at, need := c.readVersion(f, &j)
	if at > 0 {
		at, need = c.passProperties(f, at, &j)
	}
	if at > 0 {
		need = c.readClientID(f, at, &j)
	}
	return need, wire.Err(&j)
}

// lacks returns how many bytes there have to be, if n bytes or, if there are
// fewer, all of the body have not come yet; else 0.
func lacks(f mqttwire.Frame, n int) (need int) {
	if n = min(n, int(f.Header.RemainingLength)); n > len(f.Body) {
		return n
	}
	return 0
}

// readVersion reads name and level, and returns where they end. A name that can be
// none by its length is not waited for.
func (c *ConnectStart) readVersion(f mqttwire.Frame, j *mqttwire.Judge) (end, need int) {
	if need = lacks(f, 2); need > 0 {
		return 0, need
	}
	b, size := f.Body, int(f.Header.RemainingLength)
	end = fieldLength(b)
	switch {
	case end == 0 || end > size:
		wire.String(j, b, mqttwire.FieldProtocolName, 0) // says why
		return 0, 0
	case end != len("\x00\x04MQTT") && end != len("\x00\x06MQIsdp"):
		wire.Pass(j, mqttwire.RuleProtocolName, mqttwire.FieldProtocolName, b, mqttwire.NotANumber) // [MQTT-3.1.2-1]
		return 0, 0
	case end > len(b):
		return 0, end
	}
	c.ProtocolName = b[2:end:end]
	if !isProtocolName(c.ProtocolName) { // [MQTT-3.1.2-1]
		wire.Pass(j, mqttwire.RuleProtocolName, mqttwire.FieldProtocolName, b, mqttwire.NotANumber)
		return 0, 0
	}
	if need = lacks(f, end+1); need > 0 {
		return 0, need
	}
	if end == len(b) {
		wire.Missing(j, b[end:], mqttwire.FieldProtocolVersion)
		return 0, 0
	}
	c.ProtocolLevel = b[end]
	v, bridge, known := versionAsked(c.ProtocolName, c.ProtocolLevel)
	if !known { // [MQTT-3.1.2-2]
		wire.Pass(j, mqttwire.RuleProtocolVersion, mqttwire.FieldProtocolVersion, b[end:], int64(c.ProtocolLevel))
		return 0, 0
	}
	c.Version, c.Bridge = v, bridge
	wire.SetVersion(j, v)
	return end + 1, 0
}

// passProperties passes over connect flags, keep alive and properties, and returns
// where they end.
func (c *ConnectStart) passProperties(f mqttwire.Frame, at int, j *mqttwire.Judge) (end, need int) {
	list := at + 3
	if need = lacks(f, list); need > 0 {
		return 0, need
	}
	if len(f.Body) < list {
		missingFlags(f.Body[at:], c.Version, j)
		return 0, 0
	}
	if c.Version != mqttwire.V5 {
		return list, 0
	}
	for end = list + 1; ; end++ {
		if need = lacks(f, end); need > 0 {
			return 0, need
		}
		n, err := propertyLength(f.Body[list:min(end, len(f.Body))])
		switch {
		case err == mqttwire.ErrIncomplete && end <= len(f.Body):
			continue
		case err == nil && end+n <= int(f.Header.RemainingLength):
			return end + n, 0
		}
		var none mqttwire.Properties
		readProperties(&none, f.Body[list:], mqttwire.PropertyOwner(mqttwire.CONNECT), mqttwire.V5, j) // says why
		return 0, 0
	}
}

// readClientID reads the client identifier, which stands at at.
func (c *ConnectStart) readClientID(f mqttwire.Frame, at int, j *mqttwire.Judge) (need int) {
	if need = lacks(f, at+2); need > 0 {
		return need
	}
	end := at + fieldLength(f.Body[at:])
	switch {
	case end == at || end > int(f.Header.RemainingLength):
		p := Connect{Version: c.Version}
		p.decodeClientID(f.Body[at:], j) // says why
		return 0
	case end > len(f.Body):
		return end
	}
	c.ClientID = f.Body[at+2 : end : end]
	return 0
}

// fieldLength returns how many bytes a string takes with its length, which b
// begins with; 0 if b is too short for that.
func fieldLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	return 2 + (int(b[0])<<8 | int(b[1]))
}
