package capture

import (
	"net/netip"

	"github.com/mqttwire/mqttwire"
)

// A Stage stands between the TCP streams of one conversation and its MQTT. It is
// given the bytes of both directions and gives those of what they carry: of TLS
// what it encrypts, of WebSocket what its messages hold, of a proxy's handshake
// what comes behind it. Stages stand one on the other: what one gives is looked at
// as the bytes of a connection are, and if that is another protocol again, the next
// one is asked for.
//
// A Stage belongs to one conversation, is called by one goroutine at a time, and
// does no I/O. It is given untrusted bytes: it never panics, does work in proportion
// to the bytes that it is given, and allocates by what came, not by a length that
// was declared.
type Stage interface {
	// Protocol is the name of what the stage reads, such as "WebSocket". It stays
	// the same for as long as the stage does.
	Protocol() string

	// Take takes the next bytes of a direction: all of them, each once, in the order
	// in which they were sent, from the first one on that the capture has. How they
	// are cut says nothing, but that a sender wrote them at once is likely. data is
	// valid during the call.
	//
	// What the stage makes of them goes to out, of any direction: so a stage that
	// needs the other side's bytes first may keep data, and give what it is when
	// those came.
	Take(d Direction, data []byte, out Outlet)

	// Lose says that the next n bytes of a direction, at least 1, are not in the
	// capture. The stage goes on behind them if it can, and tells out how much is
	// missing of what it gives; if it cannot, it stops the direction.
	Lose(d Direction, n int64, out Outlet)

	// End says that no more bytes of a direction come: its sender has closed it, the
	// connection was reset, or the capture ends. It is called once for each
	// direction at most. The stage gives what it still can.
	End(d Direction, out Outlet)

	// Held is how many bytes of memory the stage holds: with what the rest of the
	// package holds they count towards the bound that package capture keeps. A stage
	// holds 1 MiB at most, but for a fixed amount of its own.
	Held() int
}

// Direction is one of the two directions of a conversation: 0 or 1. Who its sender
// is, StageStart tells as far as it is known.
type Direction uint8

// Opposite returns the other direction of the conversation.
func (d Direction) Opposite() Direction { return d ^ 1 }

// An Outlet takes what a Stage gives. It is valid during the call that it came with.
type Outlet interface {
	// Bytes gives the next bytes of a direction, which are not kept. Whatever was
	// written at once, as a message of a WebSocket, is best given by one call: where
	// decoding has to begin in the middle, it looks for a packet where the bytes of a
	// call begin.
	Bytes(d Direction, data []byte)

	// Lost says that bytes of a direction are missing before the next: n of them, or
	// a number that nobody knows, which is 0.
	Lost(d Direction, n int64)

	// Client says that a direction is the client's, where nothing else has told it.
	Client(d Direction)

	// ClientAddr says what address the client has behind the proxy of which the
	// stage reads the handshake; Event.Client is that from now on.
	ClientAddr(addr netip.AddrPort)

	// Note makes an event of the kind StageNote: something about the connection that
	// its reader has to know, as that an upgrade was refused.
	Note(d Direction, note string)

	// Stop says that nothing more of a direction can be given, and why. If no MQTT
	// was found yet, the whole conversation ends as NotMQTT with this note; else the
	// direction alone does. It is not called with d again.
	Stop(d Direction, note string)
}

// StageStart is what is known of a conversation that may need a Stage.
type StageStart struct {
	// Stream is the number of the conversation, as in Event.
	Stream int

	// Foreign is the protocol that the bytes of direction By begin with.
	Foreign mqttwire.Foreign
	By      Direction

	// Midstream says that the first bytes of the conversation are not in the
	// capture: First is from its middle.
	Midstream bool

	// First is the bytes of direction By that told Foreign; they are given to Take
	// too. They are valid during the call.
	First []byte

	// Src is the address of the sender of each direction.
	Src [2]netip.AddrPort

	// Sender is who sends each direction, or 0 if that is not known.
	Sender [2]mqttwire.Sender

	// Via names the stages that the bytes came through already, the outermost first;
	// "" if there are none. See Event.Via.
	Via string
}

// A StageOpener returns the Stage for a conversation, or nil if it has none for it.
type StageOpener func(StageStart) Stage

// maxStages is how many stages stand one on the other at most: a proxy's handshake,
// TLS, another one inside of it, and WebSocket. Without a bound a sender could stack
// them without end.
const maxStages = 4
