package mqttwire

// What is plain is legal at a glance, in every version: nearly all that is ever
// encoded. Encoders ask for it first, since then they need no place for errors;
// whatever else is legal, and what is not, the Check functions and an Appender
// tell.

// PlainString reports whether b is a legal string in which nothing needs a
// closer look: 0 to 65535 bytes, all of them ASCII and none NUL. It reports
// false for many legal strings; CheckString is the one to refuse them by.
// Section 1.5.4.
func PlainString(b []byte) bool { return len(b) <= maxPrefixed && plainText(b) }

// PlainTopicName reports whether b is a legal topic name in which nothing needs
// a closer look: 1 to 65535 bytes, all of them ASCII and none NUL, + or #. It
// reports false for many legal names; CheckTopicName is the one to refuse them
// by. Section 4.7.
func PlainTopicName(b []byte) bool { return uint(len(b)-1) < maxPrefixed && plainTopic(b) }

// PlainTopicFilter reports whether b is a legal topic filter in which nothing
// needs a closer look: 1 to 65535 bytes, all of them ASCII and none NUL, of
// which the first is not $ and each + and # is a whole level, the # the last. It
// reports false for many legal filters; CheckTopicFilter is the one to refuse
// them by. Section 4.7.
func PlainTopicFilter(b []byte) bool { return uint(len(b)-1) < maxPrefixed && plainFilter(b) }

// Plain returns the encoded list without its length, which aliases the list, if
// the owner may have it as it is: without a look at the values, which were
// checked before. It reports false for some legal lists, such as one that is
// built in the memory given to Reset; Append is the one to refuse them by.
// Section 2.2.2.
func (p *Properties) Plain(owner PropertyOwner) (list []byte, ok bool) {
	return p.raw, p.bad == nil && p.set&^propertiesOf[owner&15] == 0 && !(p.manyIDs && owner != ofPublish) &&
		len(p.raw) <= MaxVarint && !p.inPlace && !p.doubted
}
