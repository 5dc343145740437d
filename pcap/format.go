package pcap

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode"
	"unicode/utf8"

	"github.com/mqttwire/mqttwire/capture"
)

// What files give that are of no use.
var (
	errEmpty    = errors.New("the file is empty")
	errNested   = errors.New("the file is compressed twice; decompress it first")
	errNoFormat = errors.New("this is no capture in a format that is known, and it does not begin with an MQTT packet; if it holds MQTT bytes all the same, say that they are raw")
)

// format is the kind of a file, told by its content.
type format uint8

const (
	formatRaw format = iota
	formatHex
	formatPcap
	formatPcapng
	formatSnoop
	formatGzip
	formatZstd
)

// sniffSize is how many bytes of a file are looked at to tell its format, and
// enoughText how many have to be text if there are so many. No raw bytes of MQTT
// are: within its first few each packet has a character that is no text, or a
// zero byte or some other control character.
const (
	sniffSize  = 4096
	enoughText = 16
)

// fileFormat is a format that is known by what files begin with.
type fileFormat struct {
	start  string
	format format
}

// formats are the formats that are read, by what they begin with.
var formats = []fileFormat{
	{"\xd4\xc3\xb2\xa1", formatPcap}, {"\xa1\xb2\xc3\xd4", formatPcap},
	{"\x4d\x3c\xb2\xa1", formatPcap}, {"\xa1\xb2\x3c\x4d", formatPcap},
	{"\x34\xcd\xb2\xa1", formatPcap}, {"\xa1\xb2\xcd\x34", formatPcap},
	{"\xab\x01\x00\x1c", formatPcap}, {"\x1c\x00\x01\xab", formatPcap},
	{"\xac\x01\x00\x1c", formatPcap}, {"\x1c\x00\x01\xac", formatPcap},
	{"\x0a\x0d\x0d\x0a", formatPcapng},
	{"snoop\x00\x00\x00", formatSnoop},
	{"\x1f\x8b", formatGzip},
	{"\x28\xb5\x2f\xfd", formatZstd},
}

// otherFormats are formats that are not read, by what they begin with: those that
// Wireshark reads, and what captures are packed into.
var otherFormats = []struct{ start, name, advice string }{
	{"PK\x03\x04", "a zip archive", unpack},
	{"BZh", "compressed with bzip2", unpack},
	{"\xfd7zXZ\x00", "compressed with xz", unpack},
	{"\x04\x22\x4d\x18", "compressed with LZ4", unpack},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive", unpack},
	{"Rar!\x1a\x07", "a RAR archive", unpack},
	{"\x1f\x9d", "compressed with compress", unpack},
	{"RTSS", "a capture of Microsoft Network Monitor 1", convert},
	{"GMBU", "a capture of Microsoft Network Monitor 2 or 3", convert},
	{"XCP\x00", "a capture of NetXRay or Windows Sniffer", convert},
	{"VL\x00\x00", "a capture of NetXRay", convert},
	{"TRSNIFF data    \x1a", "a capture of Sniffer for DOS", convert},
	{"\x7fver", "a capture of OmniPeek", convert},
	{"\x05VNF", "a capture of Visual Networks", convert},
	{"iptrace ", "a capture of iptrace (AIX)", convert},
	{"ObserverPktBufferVersion=", "a capture of Network Instruments Observer", convert},
	{"\xaa\xaa\xaa\xaa", "a capture of Accellent 5Views", convert},
	{"btsnoop\x00", "a capture of Bluetooth (btsnoop), which carries no TCP", ""},
	{"LOGG", "a log of Vector CAN devices (BLF), which carries no TCP", ""},
	{"LPKSHHRH", "a journal of systemd, and no capture", ""},
}

// What to do with a file that is not read.
const (
	unpack  = "; unpack it first"
	convert = "; editcap -F pcapng converts it"
)

// sniff tells the format of what r holds. It waits for no more bytes than it
// takes, since r may be a pipe.
func sniff(r *bufio.Reader) (format, error) {
	b, err := r.Peek(4)
	switch {
	case len(b) == 0 && err == io.EOF:
		return 0, &FileError{Err: errEmpty}
	case len(b) == 0:
		return 0, &FileError{Err: err}
	}
	for _, f := range formats {
		if begins(r, f.start) {
			return f.format, nil
		}
	}
	for _, f := range otherFormats {
		if begins(r, f.start) {
			return 0, &FileError{Err: fmt.Errorf("the file is %s%s", f.name, f.advice)}
		}
	}
	if beginsETL(r) {
		return 0, &FileError{Err: errors.New("the file is an event trace of Windows (ETL); etl2pcapng converts it")}
	}
	if b, _ = look(r, 0); !isText(b, err != nil) {
		return formatRaw, nil
	}
	if b, err = look(r, enoughText); isText(b, err != nil) {
		return formatHex, nil
	}
	return formatRaw, nil
}

// look returns what is there without waiting, at least n bytes, but of no more than
// are looked at.
func look(r *bufio.Reader, n int) ([]byte, error) {
	return r.Peek(min(max(r.Buffered(), n), sniffSize))
}

// begins reports whether r begins with a text; it waits for a byte only if those
// before agree.
func begins(r *bufio.Reader, start string) bool {
	for n := 1; n <= len(start); n++ {
		b, _ := r.Peek(min(max(n, r.Buffered()), len(start)))
		if len(b) < n || string(b) != start[:len(b)] {
			return false
		}
		n = len(b)
	}
	return true
}

// beginsETL reports whether what is there begins as an event trace of Windows does,
// which has no magic number: with a buffer, whose size comes first, and in it behind
// its header of 72 bytes an event of the system.
func beginsETL(r *bufio.Reader) bool {
	const bufferHeader, systemEvent = 72, 0xC0
	b, _ := look(r, 0)
	if len(b) < bufferHeader+4 || b[0] != 0 || b[1]&3 != 0 || b[3] != 0 || b[1]|b[2] == 0 {
		return false
	}
	kind := b[bufferHeader+2]
	return b[bufferHeader+3] == systemEvent && (kind == 1 || kind == 2)
}

// holdsPackets reports whether raw bytes begin with an MQTT packet, as far as the
// first bytes tell.
func holdsPackets(r *bufio.Reader) bool {
	for n := 1; ; n++ {
		b, err := look(r, n)
		ok, more := capture.MayBegin(b)
		if !ok || !more || err != nil || len(b) == sniffSize {
			return ok
		}
		n = len(b)
	}
}

// isText reports whether the start of a file, or all of it, is text in UTF-8. A
// comment of hex text may be in any encoding that leaves ASCII as it is.
func isText(b []byte, all bool) bool {
	if !all {
		b = b[:len(b)-cutRune(b)]
	}
	for line := range bytes.Lines(b) {
		said := withoutComment(line)
		if !utf8.Valid(said) || bytes.ContainsFunc(line, isControl) {
			return false
		}
	}
	return len(b) > 0
}

// cutRune returns how many bytes at the end of b begin a character that is not
// wholly there.
func cutRune(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if last := b[len(b)-n:]; utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return 0
			}
			return n
		}
	}
	return 0
}

// isControl reports whether text has no use for a character.
func isControl(r rune) bool {
	return unicode.IsControl(r) && r != '\t' && r != '\r' && r != '\n'
}

// withoutComment takes off what follows # or //.
func withoutComment(line []byte) []byte {
	line, _, _ = bytes.Cut(line, []byte("#"))
	line, _, _ = bytes.Cut(line, []byte("//"))
	return line
}
