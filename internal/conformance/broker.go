package conformance

const brokerColumn = "tests of what a server makes of many sessions: which messages go to whom, what is retained, and whose session it is."

// brokerTests show statements that need more than one session, or sockets.
var brokerTests = []note{
	// Which messages go to whom.
	{"broker.TestAMessageGoesToAllWhoSubscribeWithTheLowerQoS", "MQTT-3.3.2-3 MQTT-3.8.4-6 MQTT-4.5.0-1", "MQTT-3.3.2-3 MQTT-3.8.4-8 MQTT-4.5.0-1"},
	{"broker.TestOfOverlappingSubscriptionsThereIsOneCopyWithAllIdentifiers", "MQTT-3.3.5-1", "MQTT-3.3.4-2 MQTT-3.3.4-3 MQTT-3.3.4-4 MQTT-3.3.4-5 U-3.3.4-4"},
	{"broker.TestNoLocalWithholdsOnlyWhatTheClientItselfHasPublished", "", "MQTT-3.8.3-3"},
	{"broker.TestAfterAnUnsubscribeNoNewMessagesCome", "MQTT-3.10.4-2", "MQTT-3.10.4-2"},
	{"broker.TestMessagesOfATopicComeInTheOrderInWhichTheyCame", "MQTT-3.1.2-5 MQTT-4.6.0-5 MQTT-4.6.0-6", "MQTT-4.6.0-5 MQTT-4.6.0-6"},
	{"broker.TestAWildcardInFrontDoesNotMatchATopicThatBeginsWithADollar", "MQTT-4.7.2-1 MQTT-4.7.3-4", "MQTT-4.7.2-1 MQTT-4.7.3-4"},
	{"broker.TestTheBrokerDoesWhatTheReferenceDoes", "MQTT-3.3.5-1 MQTT-4.5.0-1 MQTT-4.6.0-5 MQTT-4.6.0-6", "MQTT-3.3.4-2 MQTT-3.8.3-3 MQTT-4.5.0-1 MQTT-4.6.0-5 MQTT-4.6.0-6"},

	// Retained messages.
	{"broker.TestTheLastRetainedMessageOfATopicGoesToWhoSubscribesLater", "MQTT-3.3.1-5 MQTT-3.3.1-6 MQTT-3.3.1-7 MQTT-3.3.1-8 MQTT-3.3.1-10 MQTT-3.3.1-11 MQTT-3.3.1-12 MQTT-3.8.4-3", "MQTT-3.3.1-5 MQTT-3.3.1-6 MQTT-3.3.1-7 MQTT-3.3.1-8 MQTT-3.8.4-4"},
	{"broker.TestAnEmptyRetainedMessageIsSentOnAsAnyOther", "MQTT-3.3.1-10 MQTT-3.3.1-11", "MQTT-3.3.1-6 MQTT-3.3.1-7"},
	{"broker.TestRetainHandlingSaysWhenRetainedMessagesAreSent", "", "MQTT-3.3.1-9 MQTT-3.3.1-10 MQTT-3.3.1-11"},
	{"broker.TestARetainedMessageOutlivesTheSessionOfItsPublisher", "MQTT-3.1.2-7", ""},
	{"broker.TestRetainIsTakenOffUnlessASubscriptionAsksForIt", "MQTT-3.3.1-9", "MQTT-3.3.1-12 MQTT-3.3.1-13"},
	{"broker.TestARetainedMessageExpires", "", "MQTT-3.3.2-5 MQTT-3.3.2-6"},

	// Shared subscriptions.
	{"broker.TestOneMemberOfAGroupGetsAMessageWithItsOwnQoS", "", "MQTT-4.8.2-3"},
	{"broker.TestWhatAMemberHasNotBegunToGetGoesToAnother", "", "MQTT-4.8.2-4"},
	{"broker.TestWhatAMemberHasBegunToGetGoesToAnotherWithQoS1WhenItsSessionEnds", "", "MQTT-4.8.2-5"},
	{"broker.TestWhatAMemberRefusesIsDropped", "", "MQTT-4.8.2-6"},

	// Whose session it is.
	{"broker.TestASessionGoesOnOnTheNextConnection", "MQTT-3.1.3-2", "MQTT-3.1.3-2"},
	{"broker.TestATakeoverTellsTheOldConnectionAndMovesTheSession", "MQTT-3.1.4-2", "MQTT-3.1.4-3"},
	{"broker.TestAnEmptyClientIdentifierGetsOneThatNobodyHas", "MQTT-3.1.3-6", "MQTT-3.1.3-6 MQTT-3.1.3-7 MQTT-3.2.2-16"},
	{"broker.TestAWillIsPublishedOnceAndInItsTime", "", "MQTT-3.1.2-8 MQTT-3.1.2-10 MQTT-3.1.2-15 MQTT-3.1.3-9 MQTT-3.1.3-10 MQTT-3.14.4-3"},

	// What is offered, and who may connect.
	{"broker.TestWhatIsOfferedIsAnnouncedAndKeptTo", "MQTT-3.8.3-2", "MQTT-3.2.2-9 MQTT-3.2.2-12 MQTT-3.2.2-13"},
	{"broker.TestTheHookConnectDecides", "", "MQTT-3.1.4-2"},
	{"broker.TestTheHookAuthGoesOnUntilItSaysYes", "", "MQTT-4.12.0-1 MQTT-4.12.0-4 MQTT-4.12.1-2"},

	// Transport.
	{"server.TestMessagesGoThroughEveryListenerInEveryVersion", "MQTT-7.1.1-1", "MQTT-4.2.0-1"},
}
