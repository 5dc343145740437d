// Package pcap reads files of recorded network traffic into package capture, and
// so the MQTT packets in them.
//
// It reads pcap and pcapng files, files of raw MQTT bytes and files of hex text,
// told apart by their content: what begins with text is hex text.
//
//	r, err := pcap.Open("broker.pcap", capture.Options{})
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
// record: one link-layer packet as the capture file holds it, counted from 1 over
// all sections and interfaces, whatever it carries. The other terms are those of
// package capture.
//
// TCP segments are found behind Ethernet with any VLAN tags, NULL and LOOP, raw
// IP, and both forms of Linux cooked captures. TCP and IP checksums are not
// looked at: traffic recorded on the sending machine seldom has them filled in.
// Fragments of IP packets are not put together; the bytes of later fragments
// count as missing.
//
// Memory follows the bytes that are in the file, never a length that the file
// declares.
package pcap
