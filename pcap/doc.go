// Package pcap reads files of recorded network traffic into package capture, and
// so the MQTT packets in them.
//
// It reads pcap files of all versions, pcapng and snoop files, those compressed with
// gzip or zstd, files of raw MQTT bytes and files of hex text, told apart by their
// content: what begins with text is hex text. A file of another format is named in the
// error, if it is known; bytes that begin with no MQTT packet are refused unless
// Options.Raw says that they are some.
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
// OpenInputs reads several files as one timeline, as of a capture that was rotated.
//
// Two stages of package capture are here: OpenWebSocket reads MQTT over WebSocket, and
// KeyLog.OpenTLS decrypts TLS 1.2 and 1.3 with the secrets of a key log, or those that a
// pcapng file has in it. A Reader has both.
//
// record: one link-layer packet as the capture file holds it, counted from 1 over
// all sections and interfaces, whatever it carries. The other terms are those of
// package capture.
//
// TCP segments are found behind Ethernet with any VLAN tags, NULL and LOOP, raw IP, both
// forms of Linux cooked captures, PPP and PPPoE, Cisco HDLC, MPLS, Wi-Fi with and
// without radiotap, NFLOG and PFLOG; in VXLAN, GENEVE, GTP, GRE and ERSPAN; in IP in IP
// and behind authentication headers; and in PDUs that Wireshark exported. TCP and IP
// checksums are not looked at: traffic recorded on the sending machine seldom has them
// filled in. Fragments of IP packets are put together; of a packet that is never
// complete the first part is read.
//
// # Memory
//
// Memory follows the bytes that are in the file, never a length that the file declares.
// Besides what package capture holds: 64 KiB for each file that is being read and the
// record at hand, which has 16 MiB at most; 4 MiB of fragments; and for a compressed
// file what it may refer back to, which is 8 MiB at most for zstd. Of several files
// only those are open whose times overlap. Key logs take 16 MiB at most. What the stages
// hold counts towards the bound of package capture: of TLS a record that is not whole,
// of WebSocket with compression 48 KiB for each direction and a message that is not
// whole, of 512 KiB at most.
package pcap
