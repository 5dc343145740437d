package packets

import (
	"errors"

	"github.com/mqttwire/mqttwire"
)

// Conversion says for Convert from which version a packet comes and to which it
// goes, and holds what was lost on the way. One Conversion is for one goroutine at a
// time, and may be used for any number of packets.
type Conversion struct {
	// From is the version of the packet as it is, To that which it is to be said in.
	// From may be 0 for a CONNECT, which tells its own. If both are the same, Convert
	// copies the packet.
	From, To mqttwire.Version

	// Sender is the side that sent the packet; 0 if it is not known, and then of two
	// effects the worse is assumed. It decides what a DISCONNECT and a Message Expiry
	// Interval mean.
	Sender mqttwire.Sender

	// Topic is the topic name in full of a PUBLISH that has only a Topic Alias, as
	// Decoder.Topic and TopicAliases.Resolve give it. Other packets, and other PUBLISH,
	// do not look at it. Section 3.3.2.3.4.
	Topic []byte

	// Filters is how many topic filters the UNSUBSCRIBE has that an UNSUBACK of 3.1 or
	// 3.1.1 answers: 5.0 has a reason code for each. Section 3.11.3.
	Filters int

	// Allow reports whether a loss is let go. It is asked for each but those of effect
	// NoForm, which cannot be. nil lets go what is Harmless; AnyLoss lets go all.
	Allow func(Loss) bool

	// Losses are what was lost of the last packet, in the order of its fields: with
	// them a packet could be made again that says the same. What says nothing is no
	// loss: a Session Expiry Interval of 0 with Clean Start 1, which is the same as none,
	// and whether the topic name of a PUBLISH with a Topic Alias was empty. If Convert has refused the packet for a loss,
	// they are all that would have been lost. The memory is used again by the next call,
	// and the values alias the packet that was converted.
	Losses []Loss

	// Max is the largest number of Losses, so that a peer cannot make them grow without
	// end; 0 stands for DefaultLosses, less for none. Allow is asked all the same.
	Max int

	// Dropped counts the losses of the last packet that are not in Losses, which were
	// full.
	Dropped int

	// What Convert knows of the packet under way: its type, and the version that it is in;
	// and the first loss for which it is refused.
	typ     mqttwire.PacketType
	from    mqttwire.Version
	refused *LossError
}

// DefaultLosses is how many losses a Conversion keeps if it does not say.
const DefaultLosses = 256

// AnyLoss is an Allow that lets go every loss, also one that changes the meaning.
func AnyLoss(Loss) bool { return true }

// Convert makes dst what p, a packet of version c.From, is in version c.To: for
// gateways and proxies, which read one version and write another. dst is a packet of
// the same type, or p itself.
//
//   - Properties, which only 5.0 has, are lost, and of a PUBLISH the Topic Alias is
//     replaced by the topic name that it stands for.
//   - Reason codes are those by which c.To says the same: see mqttwire.MapReasonCode.
//   - Clean Session 0 of 3.1 and 3.1.1 is Clean Start 0 with a Session Expiry Interval
//     of 4294967295, and Clean Session 1 is Clean Start 1 without one. Sections 3.1.2.4
//     and 3.1.2.11.2.
//   - An UNSUBACK gets as many codes of success as c.Filters says.
//   - The flags DUP that only 3.1 has are lost.
//
// What c.To has no place for is a Loss, and stands in c.Losses. One that changes the
// meaning needs the caller's consent, c.Allow; without it, and for a packet that has no
// form in c.To at all, as AUTH before 5.0, Convert returns a *LossError, which says what
// to do instead. LossRules lists what is lost, and what that means.
//
// What no packet of c.To can hold gives the *mqttwire.Error that Append would return: a
// client identifier of more than 23 characters in 3.1, or none, which the caller has to
// replace; a topic of Java's modified UTF-8 that only 3.1 allows; an UNSUBACK without
// c.Filters. On error dst is as it was. If Convert returns nil, dst is legal in c.To,
// also if p, let pass by a Tolerance, was not quite so in c.From.
//
// A CONNACK of 3.1 does not say whether a session is present, and what is made of it says
// no. To a client of 5.0 without a client identifier, the server assigns one, which older
// servers do not tell: give the client one before its CONNECT is converted.
//
// dst's byte slices alias those of p, and its lists are written over as by Decode. p is
// not changed, unless it is dst. Nothing is allocated where nothing is lost, but for the
// property of a CONNECT that becomes one of 5.0 with Clean Start 0, for lists that need
// more room than dst has, and for a packet of over 512 bytes, the payload of a PUBLISH
// not counted, which is encoded to see that it is legal.
func Convert(dst, p mqttwire.Packet, c *Conversion) error {
	to, known := dst.(packet)
	from, alike := p.(packet)
	if !known || !alike || to.Type() != from.Type() {
		return errOtherType
	}
	c.begin(p)
	if err := c.checkVersions(); err != nil {
		return err
	}
	return from.convert(to, c)
}

// errOtherType says that there is no converting a packet into another one.
var errOtherType = errors.New("packets: a packet is converted into one of its own type, and of this package")

// begin forgets what was of the packet before.
func (c *Conversion) begin(p mqttwire.Packet) {
	c.typ, c.from, c.refused = p.Type(), versionOf(p, c.From), nil
	c.Losses, c.Dropped = c.Losses[:0], 0
}

// checkVersions checks that both versions are some, and that the first one has
// packets of that type.
func (c *Conversion) checkVersions() error {
	if !c.from.Known() || !c.typ.Known(c.from) {
		_, err := refuseFrame(nil, c.typ, c.from, 0)
		return err
	}
	if !c.To.Known() {
		_, err := refuseFrame(nil, c.typ, c.To, 0)
		return err
	}
	return nil
}

// verdict returns the *LossError of a loss that is not let go, or nil.
func (c *Conversion) verdict() error {
	if c.refused == nil {
		return nil // not a nil *LossError in an interface
	}
	return c.refused
}

// A packet is converted by one function, its method convert. It makes a copy, from
// which the helpers below take what is lost, then asks for the verdict, has the copy
// encoded as far as it fits, to hear of what no packet of the version can hold, and
// only then writes to its destination.

// checkRoom is how many bytes of an encoding need no memory but the stack.
const checkRoom = 512

// drop empties the property list of the owner if the version has none, and tells of
// what was in it. kept is a property that the caller sees to by itself, or 0.
func (c *Conversion) drop(list *mqttwire.Properties, owner mqttwire.PropertyOwner, kept mqttwire.PropertyID) error {
	if c.from != mqttwire.V5 { // so that it would not be on the wire either
		*list = mqttwire.Properties{}
		return nil
	}
	if _, ok := wire.PlainProperties(list, owner); !ok {
		if err := wire.CheckProperties(list, owner); err != nil {
			return err
		}
	}
	if c.To == mqttwire.V5 {
		return nil
	}
	for q := range list.All() {
		if q.ID != kept {
			c.loseProperty(owner, q)
		}
	}
	*list = mqttwire.Properties{}
	return nil
}

// dup returns the flag DUP of a packet that has it in 3.1 only.
func (c *Conversion) dup(dup bool) bool {
	if c.from != mqttwire.V31 || !dup {
		return false
	}
	if c.To != mqttwire.V31 {
		c.loseField(mqttwire.FieldDup, 0, 1, nil)
		return false
	}
	return true
}

// code returns the reason code that says what the given one said, which is the one
// with the index of a list, or the only one; success if the version cannot say it. It
// returns an error if the packet may not say the code where it comes from.
func (c *Conversion) code(code mqttwire.ReasonCode, index int) (mqttwire.ReasonCode, error) {
	said, ok := mqttwire.MapReasonCode(c.typ, code, c.from, c.To)
	switch {
	case !ok:
		if _, legal := mqttwire.MapReasonCode(c.typ, code, c.from, c.from); !legal {
			_, err := refuseCode(nil, c.typ, c.from, code)
			return 0, err
		}
		c.loseCode(code, index, false)
		return mqttwire.ReasonSuccess, nil
	case said == code:
		return said, nil
	}
	if back, _ := mqttwire.MapReasonCode(c.typ, said, c.To, c.from); back != code {
		c.loseCode(code, index, true)
	}
	return said, nil
}

// codes is code for a list, which is not changed: what is returned may be the list.
func (c *Conversion) codes(list []mqttwire.ReasonCode) ([]mqttwire.ReasonCode, error) {
	own := false
	for i, code := range list {
		said, err := c.code(code, i)
		if err != nil {
			return nil, err
		}
		if said != code && !own {
			list, own = append([]mqttwire.ReasonCode(nil), list...), true
		}
		if own {
			list[i] = said
		}
	}
	return list, nil
}

// ack converts what the packets have in common that have one code and a property list.
func (c *Conversion) ack(code *mqttwire.ReasonCode, list *mqttwire.Properties) (err error) {
	if c.from != mqttwire.V5 && c.typ != mqttwire.DISCONNECT && isSuccess(*code, c.typ) {
		*code = 0 // as no code would be on the wire either
	}
	if *code, err = c.code(*code, 0); err != nil {
		return err
	}
	if err = c.drop(list, mqttwire.PropertyOwner(c.typ), 0); err != nil {
		return err
	}
	return c.verdict()
}

// filter tells of a topic filter that is a shared one in one of the versions only.
func (c *Conversion) filter(filter []byte, index int) {
	if (c.from == mqttwire.V5) != (c.To == mqttwire.V5) && mqttwire.IsSharedFilter(filter) {
		c.loseField(mqttwire.FieldTopicFilter, index, mqttwire.NotANumber, filter)
	}
}
