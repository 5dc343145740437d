package packets

import (
	"slices"

	"github.com/mqttwire/mqttwire"
)

// The functions whose names begin with Splice find in a frame the one part that is to
// change, check what is to be there together with what else the packet has, and write
// the frame anew around it. What they promise stands in the package comment.

// SpliceTopic puts topic in the place of the topic name of frame, a PUBLISH of version
// v: 1 to 65535 bytes; in 5.0 it may be empty if the packet has a Topic Alias. The will
// topic has SpliceWillTopic; a response topic is a property, for SpliceProperties.
//
// What holds of frame, dst and errors, the package comment says under Splicing. Section
// 3.3.2.1.
func SpliceTopic(dst, frame []byte, v mqttwire.Version, topic []byte) ([]byte, error) {
	return splicePublish(dst, frame, v, topic)
}

// SpliceTopicForAlias is SpliceTopic, and takes the Topic Alias out if the packet has
// one: for a receiver who does not know what the alias stands for. topic is what the
// packet is about, as TopicAliases.Resolve and Decoder.Topic tell it, 1 to 65535
// bytes. Section 3.3.2.3.4.
func SpliceTopicForAlias(dst, frame []byte, v mqttwire.Version, topic []byte) ([]byte, error) {
	return splicePublish(dst, frame, v, topic, mqttwire.TopicAlias)
}

// splicePublish puts topic in the place of the topic name, and takes properties out.
func splicePublish(dst, frame []byte, v mqttwire.Version, topic []byte, out ...mqttwire.PropertyID) ([]byte, error) {
	const t = mqttwire.PUBLISH
	f, err := wholeFrame(frame, v)
	if err != nil {
		return dst, err
	}
	var p Publish
	if !p.decode(f, v, nil) {
		return dst, p.judged(f, v, nil)
	}
	s := newSplice(f, frame, v)
	s.field = fieldSplice{end: 2 + len(p.Topic), text: topic, there: true}
	s.list, _ = changeList(f, p.listPlace(f, v), mqttwire.PropertyOwner(t), mqttwire.Properties{}, out) // nothing is put in
	q := Publish{Topic: topic, Properties: wire.Spliced(p.Properties, mqttwire.Properties{}, out)}
	switch {
	case q.lacksTopic(v):
		return wire.Refuse(dst, mqttwire.RuleTopicOrAlias, t, v, mqttwire.FieldTopicName, 0)
	case len(topic) > 0 || v != mqttwire.V5: // an alias stands for one that is empty
		if err := wire.CheckTopicName(topic, t, v, mqttwire.FieldTopicName); err != nil {
			return dst, err
		}
	}
	return s.append(dst)
}

// splice is a frame and what is to change in it: a field, or a property list, or both,
// of which the field comes first.
type splice struct {
	mqttwire.Frame
	frame   []byte // all of it
	version mqttwire.Version
	field   fieldSplice
	list    listSplice

	flags   byte // the connect flags to be
	flagsAt int  // where in the body they stand, before the field; 0 if they stay as they are
}

// fieldSplice is a string or binary data that changes: where in the body it stands,
// with its length, and what is to be there.
type fieldSplice struct {
	at, end int
	text    []byte
	there   bool // whether there is to be a field
}

// newSplice returns a splice of f, the bytes of which are frame, that changes nothing.
func newSplice(f mqttwire.Frame, frame []byte, v mqttwire.Version) splice {
	n := len(f.Body)
	return splice{Frame: f, frame: frame, version: v, list: listSplice{at: n, end: n}}
}

// size returns what the field is going to take.
func (f *fieldSplice) size() uint64 {
	if !f.there {
		return 0
	}
	return stringSize(f.text)
}

// append appends the packet as it is to be, from the left to the right: so it may be
// written over the frame where nothing of it gets longer.
func (s *splice) append(dst []byte) ([]byte, error) {
	body, field, list := s.Body, &s.field, &s.list
	fieldNow, listNow := uint64(field.end-field.at), uint64(list.end-list.at)
	n := uint64(len(body)) - fieldNow - listNow + field.size() + list.size
	if n > mqttwire.MaxVarint { // U-2.1.4-1
		return wire.Refuse(dst, mqttwire.RuleRemainingLength, s.Header.Type, s.version, mqttwire.FieldRemainingLength, int64(n))
	}
	fits := field.size() <= fieldNow && list.size <= listNow
	b := s.appendHeader(dst, n, fits)
	at := len(b)
	b = append(b, body[:field.at]...)
	if s.flagsAt > 0 {
		b[at+s.flagsAt] = s.flags
	}
	if field.there {
		b = appendPrefixed(b, field.text)
	}
	b = append(b, body[field.end:list.at]...)
	b = list.append(b)
	return append(b, body[list.end:]...), nil
}

// appendHeader makes room for the packet, of whose body there are going to be n bytes,
// and appends the fixed header. fits says whether all may be written over the frame.
func (s *splice) appendHeader(dst []byte, n uint64, fits bool) []byte {
	over := len(dst) == 0 && cap(dst) > 0 && &dst[:1][0] == &s.frame[0]
	if over && !fits {
		dst = nil
	}
	dst = slices.Grow(dst, packetSize(n))
	if n == uint64(s.Header.RemainingLength) {
		return append(dst, s.frame[:s.Header.Size]...)
	}
	return appendLength(append(dst, s.frame[0]), n)
}
