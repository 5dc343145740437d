package packets

import (
	"errors"

	"github.com/mqttwire/mqttwire"
)

// ErrNoField says that a frame cannot be patched because packets of its type, version
// and QoS have no such field. Nothing is wrong with it.
var ErrNoField = errors.New("packets: the packet has no such field")

// ErrPatchLength says that a frame cannot be patched in place because with the new
// value it would be longer or shorter. Nothing is wrong with it: SpliceProperties puts a
// property in that is not there; for another QoS, or a reason code that was left out,
// decode it and encode it again.
var ErrPatchLength = errors.New("packets: the patched packet would be of another length: use SpliceProperties for a property, else decode and encode it")

// PatchDup sets or clears DUP in frame, one whole packet of version v: a PUBLISH, or in
// 3.1 also a PUBREL, SUBSCRIBE or UNSUBSCRIBE. It may be set with QoS 0 in 3.1 only.
// Section 3.3.1.1.
func PatchDup(frame []byte, v mqttwire.Version, dup bool) error {
	f, err := patchedFrame(frame, v)
	if err != nil {
		return err
	}
	var p Publish
	p.setFlags(f.Header.Flags)
	p.Dup = dup
	switch t := f.Header.Type; {
	case t == mqttwire.PUBLISH:
		if rule, field, found := p.flagsFault(v); rule != 0 {
			return refusePatch(rule, t, v, field, found)
		}
	case v != mqttwire.V31 || t.Flags()&flagQoS == 0: // of 3.1, those that have a QoS have DUP
		return ErrNoField
	}
	frame[0] = frame[0]&^flagDup | p.flags()&flagDup
	return nil
}

// PatchRetain sets or clears RETAIN in frame, one whole PUBLISH of version v. Section
// 3.3.1.3.
func PatchRetain(frame []byte, v mqttwire.Version, retain bool) error {
	f, err := patchedFrame(frame, v)
	if err != nil {
		return err
	}
	if f.Header.Type != mqttwire.PUBLISH {
		return ErrNoField
	}
	frame[0] &^= flagRetain
	if retain {
		frame[0] |= flagRetain
	}
	return nil
}

// PatchQoS makes QoS 1 of QoS 2 or the other way round in frame, one whole PUBLISH of
// version v. QoS 0 needs another length. Section 3.3.1.2.
func PatchQoS(frame []byte, v mqttwire.Version, qos mqttwire.QoS) error {
	f, err := patchedFrame(frame, v)
	if err != nil {
		return err
	}
	if f.Header.Type != mqttwire.PUBLISH {
		return ErrNoField
	}
	var p Publish
	p.setFlags(f.Header.Flags)
	hadID := p.QoS > 0
	p.QoS = qos
	if rule, field, found := p.flagsFault(v); rule != 0 {
		return refusePatch(rule, mqttwire.PUBLISH, v, field, found)
	}
	if hadID != (qos > 0) {
		return ErrPatchLength
	}
	frame[0] = frame[0]&^flagQoS | p.flags()&flagQoS
	return nil
}

// PatchPacketID makes id, 1 to 65535, the packet identifier in frame, one whole packet
// of version v of any type that has one. Section 2.2.1.
func PatchPacketID(frame []byte, v mqttwire.Version, id uint16) error {
	f, err := patchedFrame(frame, v)
	if err != nil {
		return err
	}
	at, ok, err := packetIDAt(f, v)
	switch {
	case err != nil:
		return err
	case !ok:
		return ErrNoField
	case id == 0:
		return refusePatch(mqttwire.RulePacketIDZero, f.Header.Type, v, mqttwire.FieldPacketID, 0)
	}
	putPacketID(f.Body, at, id)
	return nil
}

// PatchMessageExpiryInterval makes seconds the Message Expiry Interval in frame, one
// whole PUBLISH of version v, which has one already. 5.0 only. Section 3.3.2.3.3.
func PatchMessageExpiryInterval(frame []byte, v mqttwire.Version, seconds uint32) error {
	f, err := patchedFrame(frame, v)
	switch {
	case err != nil:
		return err
	case f.Header.Type != mqttwire.PUBLISH || v != mqttwire.V5:
		return ErrNoField
	}
	list, err := propertiesOfPublish(f)
	if err != nil {
		return err
	}
	at, ok := list.Offset(mqttwire.MessageExpiryInterval)
	if !ok {
		return ErrPatchLength
	}
	putExpiry(list.Bytes()[at+1:], seconds) // behind the identifier
	return nil
}

// PatchReasonCode makes code the reason code in frame, one whole PUBACK, PUBREC, PUBREL
// or PUBCOMP of version v. One that is so short that it has none stands for success,
// and there is no room for another. Before 5.0 they have none: a code that says success
// changes nothing, any other is refused. Section 2.4.
func PatchReasonCode(frame []byte, v mqttwire.Version, code mqttwire.ReasonCode) error {
	f, err := patchedFrame(frame, v)
	t := f.Header.Type
	switch {
	case err != nil:
		return err
	case !typesWithPacketID.has(t) || !typesWithReasonCode.has(t):
		return ErrNoField
	}
	var ack Puback // they are all alike
	if !decodeAck(&ack.Properties, &ack.PacketID, &ack.ReasonCode, f.Body, t, v, nil) {
		j := wire.Judge(f, t, v, nil)
		decodeAck(&ack.Properties, &ack.PacketID, &ack.ReasonCode, f.Body, t, v, &j)
		return wire.Err(&j)
	}
	switch {
	case v != mqttwire.V5 && code != 0 && !isSuccess(code, t):
		return refusePatch(mqttwire.RuleNotInVersion, t, v, mqttwire.FieldReasonCode, int64(code))
	case v != mqttwire.V5 || code == ack.ReasonCode:
		return nil
	case !plainCode(code, t, v):
		return refusePatch(mqttwire.RuleReasonCode, t, v, mqttwire.FieldReasonCode, int64(code))
	case len(f.Body) == 2:
		return ErrPatchLength
	}
	f.Body[2] = byte(code)
	return nil
}

// packetIDAt returns where in the body the packet identifier of f stands; ok is false
// if it has none.
func packetIDAt(f mqttwire.Frame, v mqttwire.Version) (at int, ok bool, err error) {
	switch t := f.Header.Type; {
	case t == mqttwire.PUBLISH:
		if f.Header.Flags&flagQoS == 0 {
			return 0, false, nil
		}
		if at, err = topicNameEnd(f, v); err != nil {
			return 0, false, err
		}
	case !typesWithPacketID.has(t):
		return 0, false, nil
	}
	if plainID(f.Body[at:]) == 0 {
		j := wire.Judge(f, f.Header.Type, v, nil)
		wire.PacketID(&j, f.Body[at:])
		return 0, false, wire.Err(&j)
	}
	return at, true, nil
}

// topicNameEnd returns where in the body of f, a PUBLISH, the topic name ends, which is
// not looked at.
func topicNameEnd(f mqttwire.Frame, v mqttwire.Version) (int, error) {
	n := fieldEnd(f.Body)
	if n == 0 {
		j := wire.Judge(f, mqttwire.PUBLISH, v, nil)
		wire.TopicName(&j, f.Body, mqttwire.FieldTopicName, v)
		return 0, wire.Err(&j)
	}
	return n, nil
}

// propertiesOfPublish returns the property list of f, a PUBLISH of 5.0.
func propertiesOfPublish(f mqttwire.Frame) (list mqttwire.Properties, err error) {
	at, hasID, err := packetIDAt(f, mqttwire.V5)
	switch {
	case err != nil:
		return list, err
	case hasID:
		at += 2
	default:
		if at, err = topicNameEnd(f, mqttwire.V5); err != nil {
			return list, err
		}
	}
	const owner = mqttwire.PropertyOwner(mqttwire.PUBLISH)
	if wire.Properties(nil, &list, f.Body[at:], owner) == nil {
		j := wire.Judge(f, mqttwire.PUBLISH, mqttwire.V5, nil)
		wire.Properties(&j, &list, f.Body[at:], owner)
		return list, wire.Err(&j)
	}
	return list, nil
}

// refusePatch returns the *Error with which Append refuses the value.
func refusePatch(rule mqttwire.Rule, t mqttwire.PacketType, v mqttwire.Version, field mqttwire.Field, found int64) error {
	_, err := wire.Refuse(nil, rule, t, v, field, found)
	return err
}
