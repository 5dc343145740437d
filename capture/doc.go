// Package capture reads recorded network traffic and returns the MQTT packets
// in it.
//
// It reads pcap and pcapng files, files of raw MQTT bytes and files of hex
// text, told apart by their content: what begins with text is hex text. TCP streams are put together for each
// direction from the segments that were recorded, whatever their order; the
// frames are cut from them and decoded with package packets, in the version
// that the conversation's CONNECT told.
//
//	r, err := capture.Open("broker.pcap", capture.Options{})
//	if err != nil {
//		return err
//	}
//	defer r.Close()
//	for event, err := range r.Events() {
//		if err != nil {
//			return err // the file is damaged; what came before is good
//		}
//		fmt.Println(event.Record, event.Src, event.Packet)
//	}
//
// # Terms
//
// record: one link-layer packet as the capture file holds it, counted from 1.
// segment: one TCP segment. conversation: the two directions of one TCP
// connection. stream: the number of a conversation, counted from 0 in the order
// in which the conversations appear in the file, MQTT or not.
//
// # What is never done
//
// No packet is invented. Where bytes are missing from the capture, the event
// says how many, and decoding goes on only if the next packet boundary is
// certain; else that direction ends there, and the event says so. TCP and IP
// checksums are not looked at: traffic recorded on the sending machine seldom
// has them filled in. Fragments of IP packets are not put together; the bytes
// of later fragments count as missing.
//
// # Limits
//
// Memory follows the bytes that are in the file, never a length that the file
// declares. Bytes that arrive ahead of a hole are held up to maxHeldBytes for
// each direction; then the hole is given up. What may be the start of a packet,
// where a capture begins in the middle of a conversation, is held up to
// maxSearch, and costs no more than in proportion to its size. Packets that
// wait for the version of their conversation are held up to maxQueued and
// maxQueuedBytes for the whole file; then the version is guessed from what is
// there.
package capture
