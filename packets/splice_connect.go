package packets

import "github.com/mqttwire/mqttwire"

// SpliceClientID puts id in the place of the client identifier of frame, a CONNECT,
// which tells its version itself. What it may be, Connect.ClientID says; what holds of
// frame, dst and errors, the package comment says under Splicing. Section 3.1.3.1.
func SpliceClientID(dst, frame, id []byte) ([]byte, error) {
	return spliceConnect(dst, frame, mqttwire.FieldClientID, id)
}

// SpliceWillTopic is SpliceClientID for the will topic, a topic name of 1 to 65535
// bytes. A CONNECT that has no will is refused. Section 3.1.3.3.
func SpliceWillTopic(dst, frame, topic []byte) ([]byte, error) {
	return spliceConnect(dst, frame, mqttwire.FieldWillTopic, topic)
}

// SpliceUserName is SpliceClientID for the user name, a UTF-8 string of 0 to 65535
// bytes, also where there was none; nil takes out the one that is there. The connect
// flags follow. Before 5.0 it cannot be taken out while there is a password. Section
// 3.1.3.5.
func SpliceUserName(dst, frame, name []byte) ([]byte, error) {
	return spliceConnect(dst, frame, mqttwire.FieldUserName, name)
}

// SplicePassword is SpliceClientID for the password, 0 to 65535 bytes, also where there
// was none; nil takes out the one that is there. The connect flags follow. Before 5.0
// there is none without a user name, which has to be put in before. Section 3.1.3.6.
func SplicePassword(dst, frame, password []byte) ([]byte, error) {
	return spliceConnect(dst, frame, mqttwire.FieldPassword, password)
}

// spliceConnect puts text in the place of a field of a CONNECT.
func spliceConnect(dst, frame []byte, field mqttwire.Field, text []byte) ([]byte, error) {
	f, err := wholeFrame(frame, 0)
	if err != nil {
		return dst, err
	}
	var will Will
	p := Connect{Will: &will} // for decode to use, or to drop
	if !p.decode(f, 0, nil) {
		return dst, p.judged(f, 0, nil)
	}
	s := newSplice(f, frame, p.Version)
	at := p.places()
	switch field {
	case mqttwire.FieldClientID:
		s.field, p.ClientID = changeField(at.clientID, p.ClientID, text), text
		s.field.there = true
	case mqttwire.FieldWillTopic:
		if p.Will == nil {
			return wire.Refuse(dst, mqttwire.RuleWillMissing, mqttwire.CONNECT, p.Version, field, 0)
		}
		s.field, p.Will.Topic = changeField(at.willTopic, p.Will.Topic, text), text
	case mqttwire.FieldUserName:
		s.field, p.UserName = changeField(at.userName, p.UserName, text), text
		s.changeFlags(at.flags, p.flags())
	case mqttwire.FieldPassword:
		s.field, p.Password = changeField(at.password, p.Password, text), text
		s.changeFlags(at.flags, p.flags())
	}
	if rule, field, found := p.fault(p.flags(), p.Version); rule != 0 {
		return wire.Refuse(dst, rule, mqttwire.CONNECT, p.Version, field, found)
	}
	if !p.plainPayload(p.Version) {
		if err := p.checkPayload(p.Version); err != nil {
			return dst, err
		}
	}
	return s.append(dst)
}

// changeField makes text what old is, a field that stands at at of the body. nil is one
// that is absent.
func changeField(at int, old, text []byte) fieldSplice {
	f := fieldSplice{at: at, end: at, text: text, there: text != nil}
	if old != nil {
		f.end += int(stringSize(old))
	}
	return f
}

// changeFlags makes the flags of user name and password, which stand with others at at
// of the body, those of what is going to be there, if either of the two changes. In 3.1
// there may be a flag without the field behind it.
func (s *splice) changeFlags(at int, flags byte) {
	const both = connectUserName | connectPassword
	if s.field.there || s.field.at < s.field.end {
		s.flagsAt, s.flags = at, s.Body[at]&^both|flags&both
	}
}

// connectPlaces are where in the body of a CONNECT its fields stand or, if they are
// absent, would stand.
type connectPlaces struct {
	flags, list, clientID, willList, willTopic, userName, password int
}

// places returns where the fields stand in the body that p was decoded from.
// [MQTT-3.1.3-1]
func (p *Connect) places() (at connectPlaces) {
	v := p.Version
	at.flags = 2 + len(protocolName(v)) + 1
	at.list = at.flags + 1 + 2
	at.clientID = at.list + int(propertiesSize(&p.Properties, v))
	at.willList = at.clientID + int(stringSize(p.ClientID))
	at.willTopic = at.willList
	at.userName = at.willList
	if w := p.Will; w != nil {
		at.willTopic += int(propertiesSize(&w.Properties, v))
		at.userName = at.willTopic + int(stringSize(w.Topic)+stringSize(w.Payload))
	}
	at.password = at.userName
	if p.UserName != nil {
		at.password += int(stringSize(p.UserName))
	}
	return at
}
