package conformance

// layer is a part of the library whose tests show statements. Each has a column
// in each table that has a statement of which it says something.
type layer struct {
	name  string
	about string // what the column holds, for the legend
	tests []note // the texts are names of tests, as GoTest has them

	// reasons say of a statement that the layer shows which part it does not, and of
	// another why it does not show it. Those of the codec stand in reasons.go.
	reasons []note

	// has reports whether a statement needs a test of the layer or a reason. That of
	// the codec is nil, as why says what the codec has to show.
	has func(Statement) bool
}

// layers are all of them, from the bottom up. The codec is the first: it also has
// the cases of the corpus, and has to show all that it can keep.
var layers = []layer{
	{"codec", codecColumn, codecTests, nil, nil},
	{"session", sessionColumn, sessionTests, sessionReasons, Statement.hasState},
	{"broker", brokerColumn, brokerTests, nil, func(Statement) bool { return false }}, // the session says what is left to it
}

const codecColumn = "cases of the corpus in that version, those that break the statement first, and tests for what no case can show.\n" +
	"  A case is one packet or, in the folder streams, both sides of a connection. `go test ./packets -run Corpus` runs every case."

// allNotes returns the notes of all layers.
func allNotes() (all []note) {
	for _, l := range layers {
		all = append(all, l.tests...)
		all = append(all, l.reasons...)
	}
	return all
}

// codecTests show statements which the bytes of a packet cannot show, because an
// encoder keeps them or because they are about more than one packet or less.
var codecTests = []note{
	{"internal/conformance.TestPublishOfQoS0IsWrittenWithoutItsPacketIdentifier", "MQTT-2.3.1-5", "MQTT-2.2.1-2"},
	{"mqttwire.TestTopicLengthLimits", "MQTT-4.7.3-3", "MQTT-4.7.3-3"},
	{"packets.TestEncodingRefuses/PUBLISH topic too long", "", "MQTT-4.7.3-3"},
	{"packets.TestEncodingRefuses/SUBSCRIBE filter too long", "MQTT-4.7.3-3", ""},
	{"mqttwire.TestMatchTopic", "MQTT-4.7.2-1", "MQTT-4.7.2-1"},
	{"internal/conformance.TestMatchingTakesTheCharactersAsTheyAre", "MQTT-4.7.3-4", "MQTT-4.7.3-4"},
	{"mqttwire.TestReaderGivesTheSamePacketsInAnyChunks", "MQTT-6.0.0-2", "MQTT-6.0.0-2"},
	{"internal/conformance.TestConnackIsWrittenWithoutWhatDoesNotFit", "", "MQTT-3.2.2-19 MQTT-3.2.2-20"},
	{"packets.TestAnAnswerIsCheckedAgainstItsRequest", "MQTT-3.8.4-2 MQTT-3.8.4-5 MQTT-3.10.4-4", "MQTT-3.8.4-2 MQTT-3.8.4-6 MQTT-3.10.4-5 MQTT-3.11.3-1"},
	{"packets.TestAForwardedPublishHasAllThatTheStandardPassesOn", "", "MQTT-3.3.2-4 MQTT-3.3.2-15 MQTT-3.3.2-16 MQTT-3.3.2-17 MQTT-3.3.2-18 MQTT-3.3.2-20"},
	{"packets.TestTheTimeThatAMessageWaitedIsTakenFromItsExpiryInterval", "", "MQTT-3.3.2-5 MQTT-3.3.2-6"},
	{"packets.TestTheRetainFlagOfAForwardedPublish", "MQTT-3.3.1-8 MQTT-3.3.1-9", "MQTT-3.3.1-12 MQTT-3.3.1-13"},
	{"packets.TestAForwardedPublishIsOfTheLowerQoSAndNotSentAgain", "MQTT-3.3.1-3 MQTT-3.8.4-6", "MQTT-3.3.1-3 MQTT-3.8.4-8"},
	{dropping + "/PUBACK", "", "MQTT-3.4.2-2 MQTT-3.4.2-3"},
	{dropping + "/PUBREC", "", "MQTT-3.5.2-2 MQTT-3.5.2-3"},
	{dropping + "/PUBREL", "", "MQTT-3.6.2-2 MQTT-3.6.2-3"},
	{dropping + "/PUBCOMP", "", "MQTT-3.7.2-2 MQTT-3.7.2-3"},
	{dropping + "/SUBACK", "", "MQTT-3.9.2-1 MQTT-3.9.2-2"},
	{dropping + "/UNSUBACK", "", "MQTT-3.11.2-1 MQTT-3.11.2-2"},
	{dropping + "/DISCONNECT", "", "MQTT-3.14.2-3 MQTT-3.14.2-4"},
	{dropping + "/AUTH", "", "MQTT-3.15.2-2 MQTT-3.15.2-3"},
}

// dropping is the test of what an encoder leaves out to keep to the peer's
// Maximum Packet Size, which has a case for each packet.
const dropping = "packets.TestEncoderDropsReasonStringAndUserPropertiesToFit"

// ruleTests are the Go tests for the rules that no bytes can break, because only
// a caller can.
var ruleTests = map[string][]string{
	"frame-type":   {"packets.TestFramesThatDoNotFit/another type"},
	"frame-length": {"packets.TestFramesThatDoNotFit/a body that is short", "packets.TestFramesThatDoNotFit/a body that is long"},
	"version": {"packets.TestEncodingRefuses/version 0", "packets.TestEncodingRefuses/CONNECT without a version",
		"packets.TestFramesThatDoNotFit/a version that is none"},
	"property-type":    {"packets.TestEncodingRefuses/PUBACK with a number for a reason"},
	"properties-reset": {"packets.TestEncodingRefuses/PUBACK with a list that was built over"},
	"answer-packet-id": {"packets.TestAnAnswerIsCheckedAgainstItsRequest"},
	"answer-codes":     {"packets.TestAnAnswerIsCheckedAgainstItsRequest"},
	"connect-version":  {"packets.TestEncodingRefuses/CONNECT of another version"},
	"remaining-length": {"packets.TestEncodingRefuses/PUBLISH too large", "mqttwire.TestAppendFrameWritesWhatItIsGiven"},
	"not-in-version": {"packets.TestEncodingRefuses/CONNACK session present in 3.1", "packets.TestEncodingRefuses/SUBSCRIBE no local in 3.1.1",
		"packets.TestEncodingRefuses/CONNECT with a bridge bit in 5.0"},
}
