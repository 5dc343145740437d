// Package capture turns TCP segments into the MQTT packets of their
// conversations. It does no I/O: the segments may come from a file (package pcap
// of the module github.com/mqttwire/mqttwire/pcap reads those), from eBPF, from a
// proxy, or from a test.
//
// TCP streams are put together for each direction from the segments that were
// recorded, whatever their order; the frames are cut from them and decoded with
// package packets, in the version that the conversation's CONNECT told, or that the
// packets of both directions tell where it is not in the capture.
//
//	for event, err := range capture.Iterate(segments, capture.Options{}) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(event.Time, event.ClientID, event.Sender, event.Packet)
//	}
//
// Conversations is the same for who has segments one at a time, or wants to know at
// the end what the capture had in it: see Summary.
//
// An Event is a packet, or something else that the reader of a capture has to know:
// that bytes are missing, that a connection was refused or reset and by whom, that a
// client was silent for too long. See Kind.
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
// hole: bytes of a direction that are not in the capture.
//
// # What stands before the MQTT
//
// A PROXY protocol header is an event of its own, which tells the client's address.
// The handshake of a client with a SOCKS or HTTP proxy is read by a stage, and told
// as a note. Of other protocols, TLS and WebSocket among them, the name is told,
// unless Options.Stages has a stage that reads them.
//
// # Holes
//
// A hole is waited for until the receiver has acknowledged past it, which shows that
// only the capture has lost it. If it lies inside a packet whose size is known,
// decoding goes on behind this packet, of which what is there is told. Else the next
// packet boundary is looked for, where segments begin, and it is told how many bytes
// were passed over.
//
// No packet is invented: a packet that was looked for has to be legal, of this
// sender, and to end where a segment does, or others have to follow it; one of four
// bytes or fewer needs another behind it. Only a payload that holds packets itself,
// and has them where its segments begin, can pass for such. So the first packet that
// was looked for is marked, as Event.Resumed.
//
// # Limits
//
// All input is untrusted: memory is bounded, and work is linear, whatever comes.
//
//   - Packets over 16 MiB are shown in part; Options.Pieces streams them.
//   - A conversation is forgotten when both sides have closed it or one has reset it.
//     16384 are held that are under way; of more, the one that was idle for the
//     longest time is dropped, and an event says so. 2048 are held of which no bytes
//     came, such as SYNs; with more, the oldest is taken for unanswered.
//   - Bytes that wait for others take 20 MiB in all conversations together: bytes
//     behind a hole 4 MiB in each direction, those before the first packet boundary 1
//     MiB. Where more would wait, holes are given up, packets are shown in part, and
//     then conversations are dropped.
//   - Packets that wait for the version of their conversation take 8 MiB, and wait for
//     5 seconds of the capture's time; then it is guessed from what is there.
//
// A conversation takes 1.7 kB by itself, so that all of it is under 64 MiB: with what
// Go's garbage collector leaves, and a limit for it (package runtime/debug), a program
// stays under 100 MiB. That holds where events are taken as they come about, by
// Iterate or Handle; Next has those that one segment has completed wait, which may be
// many.
package capture
