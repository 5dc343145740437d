package conformance

const sessionColumn = "tests of what packets leave behind: the state of the session, and what a side does.\n" +
	"  Package session has no I/O and knows one session: the column says who is to show what needs more. A connection is closed there when\n" +
	"  `Link.Closed` says so. Every statement with stream, session, server, client or transport in its scope has a test of the session\n" +
	"  or such a reason: a test fails otherwise."

// The parts of the library that are to show what the session core does not.
const (
	byBroker    = "routing, for the broker to show"
	byTransport = "transport, for client and server to show"
)

// sessionTests show statements that are above a codec, and that a Link keeps those of
// a codec which depend on the connection.
var sessionTests = []note{
	// Packet identifiers.
	{"session.TestWhatHasBegunAndHasNotEndedHasAnIdentifierOfItsOwn", "MQTT-2.3.1-2 MQTT-2.3.1-4 MQTT-4.3.2-1 MQTT-4.3.3-1", "MQTT-2.2.1-3 MQTT-2.2.1-4 MQTT-4.3.2-1 MQTT-4.3.3-1"},
	{"session.TestAllIdentifiersMayBeInUse", "MQTT-2.3.1-2", ""},
	{"session.TestAnIdentifierIsFreeWhenItsExchangeHasEnded", "MQTT-2.3.1-3", ""},
	{"session.TestAnAnswerHasTheIdentifierOfWhatItAnswers", "MQTT-2.3.1-6 MQTT-2.3.1-7 MQTT-3.8.4-2 MQTT-3.10.4-4", "MQTT-2.2.1-5 MQTT-2.2.1-6 MQTT-3.8.4-2 MQTT-3.10.4-5 MQTT-4.3.3-4 MQTT-4.3.3-11"},

	// QoS flows.
	{"session.TestAMessageOfQoS1IsUnacknowledgedUntilItsPuback", "MQTT-2.3.1-3 MQTT-3.3.1-1 MQTT-4.3.2-1 MQTT-4.4.0-1", "MQTT-3.3.1-1 MQTT-4.3.2-2 MQTT-4.3.2-3 MQTT-4.4.0-1"},
	{"session.TestAMessageOfQoS2IsUnacknowledgedUntilItsPubrecAndItsPubrelUntilItsPubcomp", "MQTT-2.3.1-3 MQTT-3.3.1-1 MQTT-4.3.3-1 MQTT-4.4.0-1", "MQTT-3.3.1-1 MQTT-4.3.3-2 MQTT-4.3.3-3 MQTT-4.3.3-4 MQTT-4.3.3-5 MQTT-4.3.3-6 MQTT-4.4.0-1"},
	{"session.TestNothingIsSentAgainOnTheSameConnection", "", "MQTT-4.4.0-1"},
	{"session.TestCleanStartGoesOnWithNothingAtTheClient", "MQTT-3.1.2-6", "MQTT-3.1.2-4 MQTT-3.2.2-5 MQTT-4.4.0-1"},
	{"session.TestAMessageThatWasRefusedIsNotSentAgain", "", "MQTT-4.4.0-2"},
	{"session.TestARefusedMessageFreesItsSlotAndItsIdentifier", "", "MQTT-4.4.0-2"},
	{"session.TestTheAnswerToAMessageFollowsItsQoS", "MQTT-3.3.4-1 MQTT-4.5.0-2", "MQTT-3.3.4-1 MQTT-4.5.0-2"},
	{"session.TestAfterItsPubackAnIdentifierIsOfANewMessageWhateverDupSays", "MQTT-4.3.2-2", "MQTT-4.3.2-4 MQTT-4.3.2-5"},
	{"session.TestAMessageOfQoS2IsHandedOnOnceUntilItsPubrel", "MQTT-4.3.3-2", "MQTT-4.3.3-8 MQTT-4.3.3-10 MQTT-4.3.3-11 MQTT-4.3.3-12"},
	{"session.TestAMessageOfQoS2ComesOnceWhereverTheLinkIsCut", "MQTT-4.3.3-2", "MQTT-4.3.3-10"},
	{"session.TestAfterAPubrecThatRefusesAnIdentifierIsOfANewMessage", "", "MQTT-4.3.3-9"},
	{"session.TestAMessageThatWasBegunGoesOnThoughItExpires", "", "MQTT-4.3.3-7"},
	{"session.TestAnExchangeThatHasBegunGoesOnThoughItsMessageHasExpired", "", "MQTT-4.3.3-13"},
	{"session.TestDupSaysOnlyWhetherThisPublishIsSentAgain", "MQTT-3.3.1-3", "MQTT-3.3.1-3"},
	{"session.TestBefore5ARefusedMessageIsAcknowledgedAndNotHandedOnTwice", "MQTT-3.3.5-2", ""},

	// Ordering.
	{"session.TestAfterAReconnectMessagesComeInTheOrderOfPublishing", "MQTT-4.6.0-1", "MQTT-4.6.0-1"},
	{"session.TestAcknowledgementsLeaveInTheOrderOfTheMessages", "MQTT-4.6.0-2 MQTT-4.6.0-3", "MQTT-4.6.0-2 MQTT-4.6.0-3"},
	{"session.TestHeldAcknowledgementsLeaveInTheOrderOfTheMessages", "MQTT-4.6.0-2 MQTT-4.6.0-3", "MQTT-4.6.0-2 MQTT-4.6.0-3"},
	{"session.TestPubrelsLeaveInTheOrderOfThePubrecs", "MQTT-4.6.0-4", "MQTT-4.6.0-4"},
	{"session.TestMessagesGoOutInTheOrderInWhichTheyWerePublished", "MQTT-4.6.0-5 MQTT-4.6.0-6", "MQTT-4.6.0-5 MQTT-4.6.0-6"},

	// Flow control.
	{"session.TestNoMoreThanThePeersReceiveMaximumIsInFlight", "", "MQTT-3.3.4-7 MQTT-3.3.4-9"},
	{"session.TestTheQuotaBeginsAtTheReceiveMaximumWithEachConnection", "", "MQTT-3.3.4-7 MQTT-3.3.4-9 MQTT-4.9.0-1 MQTT-4.9.0-2"},
	{"session.TestWithoutAQuotaOnlyPublishWaits", "", "MQTT-3.3.4-8 MQTT-3.3.4-10 MQTT-4.9.0-3"},
	{"session.TestAPeerThatSendsMoreThanOurReceiveMaximumIsDisconnected", "", "U-3.3.4-6"},

	// Session state.
	{"session.TestASessionOutlivesItsConnectionIfItIsToldTo", "MQTT-3.1.2-4 MQTT-3.1.2-5 MQTT-4.1.0-1 MQTT-4.4.0-1", "MQTT-3.1.2-5 MQTT-3.1.2-23"},
	{"session.TestAServerSaysWhetherItHasTheSession", "MQTT-3.1.2-4 MQTT-3.1.4-3", "MQTT-3.1.2-5 MQTT-3.1.2-6 MQTT-3.1.4-4"},
	{"session.TestCleanStartEmptiesTheSession", "MQTT-3.1.2-6 MQTT-3.1.4-3", "MQTT-3.1.2-4 MQTT-3.1.4-4"},
	{"session.TestASessionThatMayNotOutliveItsConnectionEndsWithIt", "MQTT-3.1.2-6", ""},
	{"session.TestASessionIsKeptAsLongAsTheConnectionWhateverItsInterval", "MQTT-4.1.0-1 MQTT-4.1.0-2", "MQTT-4.1.0-1"},
	{"session.TestASessionEndsWhenItsIntervalHasPassed", "", "MQTT-3.1.2-23 MQTT-4.1.0-2"},
	{"session.TestAConnackSaysSuccessAndWhetherTheSessionIsPresent", "MQTT-3.1.4-4 MQTT-3.2.2-1 MQTT-3.2.2-2 MQTT-3.2.2-3", "MQTT-3.1.4-5 MQTT-3.2.2-2 MQTT-3.2.2-3"},
	{"session.TestAClientClosesOnASessionThatItDoesNotKnow", "", "MQTT-3.2.2-4"},
	{"session.TestWhatBecomesOfMessagesInFlightIfTheServerHasLostTheSession", "", "MQTT-3.2.2-5"},
	{"session.TestASessionGoesToAnotherConnectionWhenItsOldOneIsClosed", "MQTT-3.1.4-2", "MQTT-3.1.4-3"},

	// Client identifiers.
	{"session.TestAClientIdentifierOf23LettersAndDigitsIsTaken", "MQTT-3.1.3-5", "MQTT-3.1.3-5"},
	{"session.TestBefore5AnEmptyClientIdentifierNeedsACleanSession", "MQTT-3.1.3-8", ""},
	{"session.TestARefusedClientIdentifierEndsTheConnection", "MQTT-3.1.3-9", "MQTT-3.1.3-8"},
	{"session.TestAConnackThatCannotBeSentChangesNothing", "", "MQTT-3.1.3-7 MQTT-3.2.2-16"},

	// CONNECT and CONNACK.
	{"session.TestTheFirstPacketOfAClientIsConnect", "MQTT-3.1.0-1", "MQTT-3.1.0-1"},
	{"session.TestAServerClosesOnAnotherFirstPacket", "MQTT-3.1.0-1", "MQTT-3.1.0-1"},
	{"session.TestASecondConnectEndsTheConnection", "MQTT-3.1.0-2", "MQTT-3.1.0-2"},
	{"session.TestAConnectThatDoesNotFitIsNotShown", "MQTT-3.1.4-1", "MQTT-3.1.4-1 U-3.1.4-1 U-4.13.1-1 U-4.13.1-2"},
	{"session.TestAServerRefusesAClient", "MQTT-3.2.2-5", "MQTT-3.1.4-2 MQTT-3.2.2-7"},
	{"session.TestAServerReadsNothingBehindAConnectThatIsNotAnswered", "", "MQTT-3.1.4-6"},
	{"session.TestNothingBehindARefusedConnectIsLookedAt", "MQTT-3.1.4-5", "MQTT-3.1.4-6"},
	{"session.TestNothingGoesOutBeforeTheConnack", "MQTT-3.2.0-1", "MQTT-3.2.0-1"},
	{"session.TestAConnectionHasOneConnack", "", "MQTT-3.2.0-2"},
	{"session.TestAServerMayCloseWithoutAConnack", "MQTT-3.2.2-6", ""},
	{"session.TestAServerTellsAndHoldsTheClientToWhatItHasAnnounced", "", "MQTT-3.2.2-9 U-3.2.2.3.4-3 U-3.2.2.3.5-3 U-3.2.2.3.6-3"},
	{"session.TestASubscribeThatTheServerHasSaidItDoesNotTakeIsRefused", "", "U-3.2.2.3.11-3 U-3.2.2.3.12-3 U-3.2.2.3.13-3"},
	{"session.TestAServerThatDoesNotSendQoS2GrantsLess", "", "MQTT-3.2.2-10"},
	{"session.TestWhatTheServerDoesNotTakeIsRefusedOrDropped", "", "MQTT-3.2.2-11 MQTT-3.2.2-14"},
	{"session.TestAWillThatTheServerDoesNotTakeIsNotAccepted", "", "MQTT-3.2.2-12 MQTT-3.2.2-13"},

	// Will.
	{"session.TestAWillIsPublishedUnlessTheClientSaysThatItGoes", "MQTT-3.1.2-8 MQTT-3.1.2-10 MQTT-3.14.4-3", "MQTT-3.1.2-7 MQTT-3.1.2-8 MQTT-3.1.2-10 MQTT-3.14.4-3"},
	{"session.TestAWillWaitsForItsDelayOrTheEndOfTheSession", "", "MQTT-3.1.2-8 MQTT-3.1.2-10"},
	{"session.TestAWillIsNotPublishedIfTheClientIsBackInTime", "", "MQTT-3.1.3-9"},
	{"session.TestWithoutAWillNothingIsPublished", "MQTT-3.1.2-12", ""},
	{"session.TestAWillIsPublishedWithTheRetainFlagThatItHas", "MQTT-3.1.2-16 MQTT-3.1.2-17", "MQTT-3.1.2-14 MQTT-3.1.2-15"},
	{"session.TestAServerMayAskForAWillThatIsText", "", "U-3.1.3.2.3-3"},
	{"session.TestAWillKeepsItsPropertiesInTheirOrder", "", "MQTT-3.1.3-10"},

	// What a server forwards.
	{"session.TestAMessageGoesOutWithThePropertiesThatItCameWith", "", "MQTT-3.3.2-4 MQTT-3.3.2-15 MQTT-3.3.2-16 MQTT-3.3.2-17 MQTT-3.3.2-18 MQTT-3.3.2-20"},
	{"session.TestRetainIsWhatTheDeliverySays", "MQTT-3.3.1-8 MQTT-3.3.1-9", "MQTT-3.3.1-12 MQTT-3.3.1-13"},
	{"session.TestAMessageThatExpiresWhileItWaitsIsNotSent", "", "MQTT-3.3.2-5"},
	{"session.TestTheIntervalIsCountedDownWhileAMessageWaits", "", "MQTT-3.3.2-6"},
	{"session.TestAMessageCarriesTheSubscriptionIdentifiersThatItIsGiven", "", "MQTT-3.3.4-3 MQTT-3.3.4-4 MQTT-3.3.4-5"},
	{"session.TestAClientSendsNoSubscriptionIdentifierWithAMessage", "", "MQTT-3.3.4-6"},

	// Keep alive.
	{"session.TestAServerClosesOnAClientThatIsSilent", "MQTT-3.1.2-24", "MQTT-3.1.2-22 MQTT-3.2.2-22"},
	{"session.TestTheServersKeepAliveCounts", "", "MQTT-3.1.2-21 MQTT-3.2.2-21"},
	{"session.TestAClientPingsByWhatItHasWritten", "MQTT-3.1.2-23", "MQTT-3.1.2-20"},
	{"session.TestAPingIsAnswered", "MQTT-3.12.4-1", "MQTT-3.12.4-1"},

	// Topic alias.
	{"session.TestNoAliasIsAboveWhatThePeerTakes", "", "MQTT-3.1.2-26 MQTT-3.1.2-27 MQTT-3.2.2-17 MQTT-3.2.2-18 MQTT-3.3.2-9 MQTT-3.3.2-11"},
	{"session.TestAnAliasEndsWithItsConnection", "", "MQTT-3.3.2-7"},
	{"session.TestAnAliasOfTheConnectionBeforeMeansNothing", "", "MQTT-3.3.2-7"},
	{"session.TestEveryAliasUpToOurMaximumIsTakenAndMayBeSetAnew", "", "MQTT-3.3.2-10 MQTT-3.3.2-12 U-3.3.4-3"},
	{"session.TestAnAliasThatCannotBeEndsTheConnection", "", "U-3.3.4-1 U-3.3.4-2"},

	// Sizes and problem information.
	{"session.TestAMessageThatIsTooLargeForThePeerIsDroppedAndTheNextGoesOut", "", "MQTT-3.1.2-24 MQTT-3.1.2-25 MQTT-3.2.2-15"},
	{"session.TestAMessageOfQoS2ThatCannotBeSentAgainGoesOnWithPubrel", "", "MQTT-3.1.2-25"},
	{"session.TestAnAnswerIsSentWithoutWhatIsTooLargeForThePeer", "", "MQTT-3.4.2-2 MQTT-3.4.2-3 MQTT-3.5.2-2 MQTT-3.5.2-3 MQTT-3.6.2-2 MQTT-3.6.2-3 MQTT-3.7.2-2 MQTT-3.7.2-3 MQTT-3.9.2-1 MQTT-3.9.2-2 MQTT-3.11.2-1 MQTT-3.11.2-2 MQTT-3.14.2-3 MQTT-3.14.2-4"},
	{"session.TestAnAuthIsSentWithoutWhatIsTooLargeForThePeer", "", "MQTT-3.15.2-2 MQTT-3.15.2-3"},
	{"session.TestTheSizeOfAPacketIsAllOfItsBytes", "", "U-2.1.4-3"},
	{"session.TestAConnackIsSentWithoutWhatIsTooLargeForTheClient", "", "MQTT-3.2.2-19 MQTT-3.2.2-20"},
	{"session.TestResponseInformationIsSentOnlyIfTheClientWantsIt", "", "MQTT-3.1.2-28"},
	{"session.TestAnAnswerIsSentWithoutProblemInformationIfTheClientWantsNone", "", "MQTT-3.1.2-29"},
	{"session.TestAClientClosesOnWhatItsServerMayNotSend", "", "U-3.1.2.11.4-3 U-3.1.2.11.7-3"},

	// Enhanced authentication.
	{"session.TestBeforeTheConnackAClientWithAMethodSendsNothingElse", "", "MQTT-3.1.2-30"},
	{"session.TestAnExchangeGoesBeforeTheConnack", "", "MQTT-4.12.0-2 MQTT-4.12.0-3"},
	{"session.TestAnExchangeMayFail", "", "MQTT-4.12.0-1 MQTT-4.12.0-4"},
	{"session.TestNoAuthHasAnotherMethodThanTheConnect", "", "MQTT-4.12.0-5 MQTT-4.12.1-1"},
	{"session.TestWithoutAMethodThereIsNoAuth", "", "MQTT-4.12.0-6 MQTT-4.12.0-7"},
	{"session.TestAnAuthOfAnotherMethodEndsTheConnection", "", "U-3.15-1"},
	{"session.TestOnlyAClientThatIsConnectedAuthenticatesAgain", "", "U-4.12.1-1"},
	{"session.TestAnAuthThatIsNotAwaitedEndsTheConnection", "", "U-4.12.1-1"},
	{"session.TestAReauthenticationIsBounded", "", "MQTT-4.12.1-2"},
	{"session.TestAReauthenticationThatFailsEndsTheConnection", "", "MQTT-4.12.1-2"},

	// DISCONNECT and errors.
	{"session.TestDisconnectIsTheLastPacket", "MQTT-3.14.4-1 MQTT-3.14.4-2", "MQTT-3.14.4-1 MQTT-3.14.4-2"},
	{"session.TestADisconnectGoesBehindTheRestOfAMessageThatHasBegun", "MQTT-3.14.4-2", "MQTT-3.14.4-1"},
	{"session.TestBeforeItsConnackAServerSendsNoDisconnect", "", "MQTT-3.14.0-1 U-4.13.1-2"},
	{"session.TestOnlyAClientChangesTheSessionExpiryInterval", "", "MQTT-3.14.2-2"},
	{"session.TestASessionThatEndsWithItsConnectionGetsNoInterval", "", "U-3.14.2.2.2-2"},
	{"session.TestAPacketThatBreaksARuleEndsTheConnectionOfEitherSide", "MQTT-4.8.0-1", "MQTT-4.13.1-1 MQTT-4.13.2-1 U-4.13.1-1"},
	{"session.TestAServerThatCannotGoOnEndsTheConnection", "MQTT-4.8.0-2", ""},

	// Packets and codes of one side.
	{"session.TestAPacketOfTheOtherSideEndsTheConnection", "", "U-2.1.2-2"},
	{"session.TestACodeOfTheOtherSideEndsTheConnection", "", "U-3.4.2.1-2 U-3.5.2.1-2 U-3.14.2.1-2 U-3.15.2.1-2"},
	{"session.TestNeitherSideSendsACodeOfTheOther", "", "U-3.14.2.1-2 U-3.15.2.1-2"},
	{"session.TestARedirectNamesTheOtherServer", "", "U-3.14.2.2.5-2"},

	// Subscriptions.
	{"session.TestASubscribeHasOneSubackWithACodeForEachFilterInTheirOrder", "MQTT-3.8.4-1 MQTT-3.8.4-4 MQTT-3.8.4-5 MQTT-3.9.3-1", "MQTT-3.8.4-1 MQTT-3.8.4-5 MQTT-3.8.4-6 MQTT-3.8.4-7 MQTT-3.9.3-1"},
	{"session.TestAnAnswerThatDoesNotFitItsRequestEndsTheConnection", "", "MQTT-3.8.4-6"},
	{"session.TestASubscriptionWithTheSameFilterIsReplaced", "MQTT-3.8.4-3", "MQTT-3.8.4-3"},
	{"session.TestAnUnsubscribeTakesOutTheSameFiltersAndIsAnsweredInAnyCase", "MQTT-3.10.4-1 MQTT-3.10.4-4 MQTT-3.10.4-5 MQTT-3.10.4-6", "MQTT-3.10.4-1 MQTT-3.10.4-4 MQTT-3.10.4-5 MQTT-3.10.4-6 MQTT-3.11.3-1"},
	{"session.TestWhatWasBegunIsFinishedAfterAnUnsubscribe", "MQTT-3.10.4-3", "MQTT-3.10.4-3"},
}

// sessionReasons say why the session core does not show a statement, or the rest of
// one that it shows.
var sessionReasons = []note{
	{text: byBroker + ": which messages go to whom",
		v311: "MQTT-3.3.2-3 MQTT-3.3.5-1 MQTT-3.8.4-6 MQTT-3.10.4-2 MQTT-4.5.0-1",
		v5:   "MQTT-3.3.2-3 MQTT-3.3.4-2 MQTT-3.8.3-3 MQTT-3.8.4-8 MQTT-3.10.4-2 MQTT-4.5.0-1 U-3.3.4-4"},
	{text: byBroker + ": topics are matched there",
		v311: "MQTT-4.7.2-1 MQTT-4.7.3-4",
		v5:   "MQTT-4.7.2-1 MQTT-4.7.3-4"},
	{text: byBroker + ": retained messages",
		v311: "MQTT-3.1.2-7 MQTT-3.3.1-5 MQTT-3.3.1-6 MQTT-3.3.1-7 MQTT-3.3.1-10 MQTT-3.3.1-11 MQTT-3.3.1-12",
		v5:   "MQTT-3.3.1-5 MQTT-3.3.1-6 MQTT-3.3.1-7 MQTT-3.3.1-8 MQTT-3.3.1-9 MQTT-3.3.1-10 MQTT-3.3.1-11 MQTT-3.8.4-4"},
	{text: byBroker + ": shared subscriptions", v5: "MQTT-4.8.2-3 MQTT-4.8.2-4 MQTT-4.8.2-5 MQTT-4.8.2-6"},
	{text: byBroker + ": it finds the session of a client identifier, and gives one to a client without",
		v311: "MQTT-3.1.3-2 MQTT-3.1.3-6",
		v5:   "MQTT-3.1.3-2 MQTT-3.1.3-6"},
	{text: byBroker + ": whether it takes filters with wildcards", v311: "MQTT-3.8.3-2"},
	{text: byBroker + ": it may be a client of another server", v311: "MQTT-7.0.0-1"},
	{text: byTransport,
		v311: "MQTT-6.0.0-1 MQTT-6.0.0-2 MQTT-6.0.0-3 MQTT-6.0.0-4 MQTT-7.1.1-1 MQTT-7.1.2-1",
		v5:   "MQTT-4.2.0-1 MQTT-6.0.0-1 MQTT-6.0.0-2 MQTT-6.0.0-3 MQTT-6.0.0-4"},
	{text: "is about a whole implementation: no part of the session core asks for an extension", v311: "MQTT-7.0.0-2"},
	{text: "a client announces no Maximum QoS, and a Link takes every QoS", v5: "U-3.3.4-5"},
	{text: "which messages are for the client, and in which order they come, is the broker's part",
		v311: "MQTT-3.1.2-5 MQTT-4.6.0-5 MQTT-4.6.0-6",
		v5:   "MQTT-4.6.0-5 MQTT-4.6.0-6 MQTT-3.3.4-3 MQTT-3.3.4-4 MQTT-3.3.4-5"},
	{text: "to find the old connection is the broker's part", v311: "MQTT-3.1.4-2", v5: "MQTT-3.1.4-3"},
	{text: "which messages are sent with RETAIN is the broker's part", v311: "MQTT-3.3.1-8 MQTT-3.3.1-9", v5: "MQTT-3.3.1-12 MQTT-3.3.1-13"},
	{text: "to send the retained messages again is the broker's part", v311: "MQTT-3.8.4-3"},
	{text: "to give the identifier, which no other session has, is the broker's part", v5: "MQTT-3.1.3-7 MQTT-3.2.2-16"},
	{text: "the event says what and when, to publish is the broker's part",
		v311: "MQTT-3.1.2-8 MQTT-3.1.2-16 MQTT-3.1.2-17",
		v5:   "MQTT-3.1.2-8 MQTT-3.1.2-14 MQTT-3.1.2-15 MQTT-3.1.3-10"},
	{text: "to say so, with the QoS that it can, is the server's part", v5: "MQTT-3.2.2-9"},
	{text: "which checks there are is the server's part", v5: "MQTT-3.1.4-2"},
}
