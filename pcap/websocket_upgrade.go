package pcap

import (
	"bufio"
	"bytes"
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"github.com/gobwas/httphead"
	"github.com/gobwas/ws/wsflate"

	"github.com/mqttwire/mqttwire/capture"
)

// readHead reads the request of a client or the answer of a server.
func (w *webSocket) readHead(d capture.Direction, data []byte, out capture.Outlet) (n int, ok bool) {
	n = headSize(data)
	if n == 0 {
		if len(data) > maxWebSocketHead {
			out.Stop(d, "WebSocket: the upgrade has too long a head")
			return 0, false
		}
		return 0, true
	}
	w.sides[d].head = false
	if d == w.client {
		return n, true
	}
	line, fields := readFields(data[:n])
	if !strings.HasPrefix(line, "HTTP/1.1 101") {
		out.Stop(d, "WebSocket: the upgrade was refused: "+strconv.QuoteToASCII(line))
		return 0, false
	}
	out.Client(w.client)
	if protocol := fields.Get("Sec-WebSocket-Protocol"); !isSubprotocol(protocol) {
		out.Note(d, "WebSocket: the server has chosen the subprotocol "+strconv.QuoteToASCII(protocol)+", not \"mqtt\" [MQTT-6.0.0-4]")
	}
	w.deflate = readDeflate(fields.Values("Sec-WebSocket-Extensions"))
	w.answered = true
	if waits := w.sides[w.client].waits; len(waits) > 0 && !w.sides[w.client].head {
		w.sides[w.client].waits = nil
		w.Take(w.client, waits, out)
	}
	return n, true
}

// isSubprotocol reports whether a name is that of MQTT, today's or one that was used
// for older versions.
func isSubprotocol(name string) bool { return name == "mqtt" || strings.HasPrefix(name, "mqttv3") }

// headSize returns the size of the head that data begins with, the empty line included;
// 0 if that has not come.
func headSize(data []byte) int {
	for at := 0; ; {
		n := bytes.IndexByte(data[at:], '\n')
		if n < 0 {
			return 0
		}
		if line := data[at : at+n]; at > 0 && len(bytes.TrimSuffix(line, []byte("\r"))) == 0 {
			return at + n + 1
		}
		at += n + 1
	}
}

// readFields returns the first line of a head, and its fields as far as they are legal.
func readFields(head []byte) (line string, fields textproto.MIMEHeader) {
	r := textproto.NewReader(bufio.NewReader(bytes.NewReader(head)))
	line, err := r.ReadLine()
	if err != nil {
		return "", nil
	}
	fields, _ = r.ReadMIMEHeader()
	return line, fields
}

// deflateParameters say of each side whether its messages may refer to those before,
// and how far.
type deflateParameters struct {
	clientForgets, serverForgets bool
	clientWindow, serverWindow   int
}

// readDeflate reads what was agreed on of permessage-deflate.
func readDeflate(extensions []string) (p deflateParameters) {
	p.clientWindow, p.serverWindow = wsflate.MaxLZ77WindowSize, wsflate.MaxLZ77WindowSize
	options, _ := httphead.ParseOptions([]byte(strings.Join(extensions, ", ")), nil)
	i := slices.IndexFunc(options, func(o httphead.Option) bool { return string(o.Name) == wsflate.ExtensionName })
	if i < 0 {
		return p
	}
	var agreed wsflate.Parameters
	if agreed.Parse(options[i]) != nil {
		return p
	}
	p.clientForgets, p.serverForgets = agreed.ClientNoContextTakeover, agreed.ServerNoContextTakeover
	if bits := agreed.ClientMaxWindowBits; bits > 1 { // 1 stands for none
		p.clientWindow = bits.Bytes()
	}
	if bits := agreed.ServerMaxWindowBits; bits > 1 {
		p.serverWindow = bits.Bytes()
	}
	return p
}
