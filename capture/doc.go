// Package capture turns TCP segments into the MQTT packets of their
// conversations. It does no I/O: the segments may come from a file (package pcap
// of the module github.com/mqttwire/mqttwire/pcap reads those), from eBPF, from a
// proxy, or from a test.
//
// TCP streams are put together for each direction from the segments that were
// recorded, whatever their order; the frames are cut from them and decoded with
// package packets, in the version that the conversation's CONNECT told.
//
//	conversations, err := capture.NewConversations(capture.Options{})
//	if err != nil {
//		return err
//	}
//	for segment := range segments {
//		conversations.Add(segment)
//		for event := range conversations.Events() {
//			fmt.Println(event.Time, event.Src, event.Packet)
//		}
//	}
//	conversations.Finish()
//	for event := range conversations.Events() {
//		fmt.Println(event.Time, event.Src, event.Packet)
//	}
//
// A PROXY protocol header before a client's first packet is an event of its own,
// which tells the client's real address; decoding goes on behind it.
//
// If each direction's bytes are seen in order, as a proxy sees them, count them and
// set Seq to the count, with a SYN before the first. If the bytes of both sides
// come in one row, give them to AddBytes in place of segments.
//
// # Terms
//
// segment: one TCP segment. record: what it was recorded as; its number is that
// of the segment. conversation: the two directions of one TCP connection. stream:
// the number of a conversation, counted from 0 in the order in which the
// conversations appear in the capture, MQTT or not. stage: what stands between TCP
// and MQTT, such as WebSocket; bytes in, bytes out, for each direction. See Stage.
//
// # What is never done
//
// No packet is invented. Where bytes are missing from the capture, the event
// says how many, and decoding goes on only if the next packet boundary is
// certain; else that direction ends there, and the event says so.
//
// # Limits
//
// Bytes that arrive ahead of a hole are held up to maxHeldBytes for each
// direction; then the hole is given up. What may be the start of a packet, where
// a capture begins in the middle of a conversation, is held up to maxSearch, and
// costs no more than in proportion to its size. Packets that wait for the version
// of their conversation are held up to maxQueued and maxQueuedBytes for the whole
// capture; then the version is guessed from what is there. A conversation is kept
// until Finish, or until another one begins between the same addresses.
package capture
