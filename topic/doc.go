// Package topic finds by topic: Index the subscriptions whose filters match a topic
// name, as a server needs them for each PUBLISH, and Names the topic names that a
// filter matches, as it needs them for retained messages. Whether one filter matches
// one name is told by mqttwire.MatchTopic; this package tells what two filters have
// in common, by Overlap and Subset.
//
// # Terms
//
// A filter is legal if mqttwire.CheckTopicFilter takes it in 5.0, a name if
// mqttwire.CheckTopicName does. A hit is one subscription that matches, or one group
// of a shared one. A filter of 5.0 that begins with $share/ belongs to a group, that of
// its ShareName; the filter within is what it matches by. Section 4.8.2.
//
// # Concurrency
//
// Index and Names may be used by many goroutines at once. Those that read never wait,
// neither for one another nor for those that write; each call sees one state, with
// all that was set and deleted before some moment and nothing of what came after. Those
// that write wait for one another.
//
// # Limits
//
// A filter and a name may have 65,536 levels: nothing calls itself for each of them.
// Memory follows what was set, and comes back when it is deleted. What is set costs
// the length of its filter or name, and not how much there is already.
package topic
