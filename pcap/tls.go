package pcap

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"strconv"
	"strings"
	"sync"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

// The content types of TLS records: RFC 8446 section 5.1.
const (
	tlsChangeCipherSpec = 20
	tlsAlert            = 21
	tlsHandshake        = 22
	tlsApplicationData  = 23
)

// Limits of a TLS stage: bytes of the body of a record (RFC 5246 section 6.2.3) and
// those that wait for the other direction; records that are tried behind a hole; and
// segments in which none is found.
const (
	tlsHeader      = 5
	maxTLSRecord   = 1<<14 + 2048
	maxTLSWaits    = 128 << 10
	maxTLSTries    = 256
	maxTLSSearches = 64
	leastTLSRecord = tlsHeader + 17 // of those that are encrypted
)

// OpenTLS is a capture.StageOpener for TLS 1.2 and 1.3, with the secrets of the key log:
// suites of AES-GCM, AES-CCM and ChaCha20-Poly1305 are decrypted. It returns nil for what is not
// TLS, for a connection whose handshake is not in the capture, and if there are no
// secrets at all; a connection of which there are none ends with a note. Reader has it
// by itself.
func (k *KeyLog) OpenTLS(s capture.StageStart) capture.Stage {
	if s.Foreign != mqttwire.ForeignTLS && s.Foreign != mqttwire.ForeignTLSRecord || s.Midstream || k.empty() {
		return nil
	}
	t := &tlsStage{log: k, client: s.By}
	if s.Foreign == mqttwire.ForeignTLSRecord || s.Sender[s.By] == mqttwire.FromServer {
		t.client = s.By.Opposite()
	}
	return t
}

// tlsStage is the stage of one connection.
type tlsStage struct {
	log        *KeyLog
	client     capture.Direction
	sides      [2]tlsSide
	clientSays *hello
	serverSays *hello
	v13        bool
}

// tlsBuffers are where records are decrypted. All connections share them, as a record is
// taken at once; one for each would be most of what they hold.
var tlsBuffers = sync.Pool{New: func() any { return new([maxTLSRecord]byte) }}

// tlsSide is what is known of one direction.
type tlsSide struct {
	waits     []byte // a record that is not whole, or that cannot be read yet
	skip      int    // bytes of a record of which others are missing
	handshake handshake
	encrypted bool
	keys      []*recordKey // the one in use, then those that may follow
	begun     bool         // a record was decrypted with the last of the keys, that of traffic
	ignored   bool         // records before the first of traffic cannot be decrypted, for want of the key
	lost      int64        // bytes that are missing before the next record
	searches  int
	seeks     bool // where a record begins is not known
}

func (t *tlsStage) Protocol() string { return mqttwire.ForeignTLS.Protocol() }

// Held is what the stage holds between calls.
func (t *tlsStage) Held() int {
	n := 0
	for i := range t.sides {
		n += cap(t.sides[i].waits) + cap(t.sides[i].handshake.buf)
	}
	return n
}

// Take takes the next bytes of a direction.
func (t *tlsStage) Take(d capture.Direction, data []byte, out capture.Outlet) {
	s := &t.sides[d]
	own := len(s.waits) > 0
	if own {
		data = append(s.waits, data...)
		s.waits = nil
	}
	for len(data) > 0 {
		n, ok := t.step(d, data, out)
		if !ok {
			return
		}
		if n == 0 {
			if !own {
				data = bytes.Clone(data)
			}
			s.waits = data
			return
		}
		data = data[n:]
	}
}

// step reads the record that data begins with and returns its size; 0 if it has to
// wait. ok is false if nothing can be read behind it.
func (t *tlsStage) step(d capture.Direction, data []byte, out capture.Outlet) (n int, ok bool) {
	s := &t.sides[d]
	switch {
	case s.skip > 0:
		n = min(s.skip, len(data))
		s.skip -= n
		return n, true
	case s.seeks && !beginsRecords(data):
		if s.searches++; s.searches > maxTLSSearches {
			out.Stop(d, "TLS: no record is found behind bytes that are missing from the capture")
			return 0, false
		}
		return len(data), true
	}
	s.seeks = false
	if len(data) < tlsHeader {
		return 0, true
	}
	size := int(binary.BigEndian.Uint16(data[3:]))
	if !isRecordHeader(data) {
		out.Stop(d, "TLS: "+strconv.QuoteToASCII(string(data[:tlsHeader]))+" begins no record")
		return 0, false
	}
	if len(data) < tlsHeader+size {
		return 0, true
	}
	if t.mustWait(d, data[0]) {
		if len(data) > maxTLSWaits {
			out.Stop(d, noHandshake)
			return 0, false
		}
		return 0, true
	}
	return tlsHeader + size, t.record(d, data[:tlsHeader], data[tlsHeader:][:size], out)
}

// isRecordHeader reports whether b begins as a record does.
func isRecordHeader(b []byte) bool {
	return b[0] >= tlsChangeCipherSpec && b[0] <= tlsApplicationData && b[1] == 3 && b[2] <= 4 && binary.BigEndian.Uint16(b[3:]) <= maxTLSRecord
}

// beginsRecords reports whether data, where a segment begins, are records as far as
// they go.
func beginsRecords(data []byte) bool {
	for len(data) >= tlsHeader {
		if !isRecordHeader(data) {
			return false
		}
		data = data[min(tlsHeader+int(binary.BigEndian.Uint16(data[3:])), len(data)):]
	}
	return len(data) == 0
}

// mustWait reports whether a record can be read only when the other side's hello has
// come.
func (t *tlsStage) mustWait(d capture.Direction, kind byte) bool {
	switch {
	case t.clientSays != nil && t.serverSays != nil:
		return false
	case d == t.client && t.clientSays == nil:
		return false // its hello is due
	case d != t.client && t.serverSays == nil && kind != tlsApplicationData:
		return false
	}
	return kind == tlsApplicationData || kind == tlsChangeCipherSpec || t.sides[d].encrypted
}

// record reads a record; ok is false if nothing can be read behind it.
func (t *tlsStage) record(d capture.Direction, header, body []byte, out capture.Outlet) (ok bool) {
	s := &t.sides[d]
	switch kind := header[0]; {
	case kind == tlsChangeCipherSpec && (t.serverSays == nil || t.v13):
		return true // in 1.3 it says nothing
	case kind == tlsChangeCipherSpec && !s.encrypted:
		return t.encrypt(d, out)
	case s.encrypted || kind == tlsApplicationData:
		return (s.encrypted || t.encrypt(d, out)) && t.decrypt(d, header, body, out)
	case kind == tlsAlert:
		t.alert(d, body, out)
		return true
	}
	wanted := func(kind byte) bool {
		if d == t.client {
			return kind == tlsClientHello && t.clientSays == nil
		}
		return kind == tlsServerHello && t.serverSays == nil
	}
	read := true
	whole := s.handshake.add(body, wanted, func(message []byte) { read = read && t.hello(d, message, out) })
	if !whole {
		out.Stop(d, "TLS: the hello is too long")
	}
	return whole && read
}

// hello reads a ClientHello or a ServerHello. One that asks for another ClientHello has
// the version and the suite that the next will have: RFC 8446 section 4.1.4.
func (t *tlsStage) hello(d capture.Direction, message []byte, out capture.Outlet) (ok bool) {
	h, ok := readHello(message, d == t.client)
	switch {
	case !ok:
		out.Stop(d, "TLS: the hello is malformed")
		return false
	case d == t.client:
		t.clientSays = &h
	default:
		t.serverSays = &h
		t.v13 = h.version == tls.VersionTLS13
		if h.version < tls.VersionTLS12 || suiteOf(h.suite, t.v13) == nil {
			out.Stop(d, t.says()+", which is not decrypted")
			return false
		}
	}
	if t.clientSays != nil && t.serverSays != nil {
		if _, ok := t.log.of(clientRandom(t.clientSays.random), t.v13); !ok {
			out.Stop(d, t.says()+"; the key log has no secrets of this session")
			return false
		}
		out.Client(t.client)
		out.Note(t.client.Opposite(), t.says())
		t.release(d.Opposite(), out)
	}
	return true
}

// says is what is told of the session.
func (t *tlsStage) says() string {
	note := tls.VersionName(t.serverSays.version) + " with " + suiteName(t.serverSays.suite, t.v13)
	if t.clientSays != nil && t.clientSays.serverName != "" {
		note += ", to " + strconv.QuoteToASCII(t.clientSays.serverName)
	}
	return note
}

// release reads what waited for the other side's hello.
func (t *tlsStage) release(d capture.Direction, out capture.Outlet) {
	waits := t.sides[d].waits
	t.sides[d].waits = nil
	t.Take(d, waits, out)
}

// encrypt begins to decrypt a direction.
func (t *tlsStage) encrypt(d capture.Direction, out capture.Outlet) (ok bool) {
	s := &t.sides[d]
	if t.clientSays == nil || t.serverSays == nil {
		out.Stop(d, noHandshake)
		return false
	}
	random := clientRandom(t.clientSays.random)
	secrets, _ := t.log.of(random, t.v13)
	suite := suiteOf(t.serverSays.suite, t.v13)
	side := 0
	if d != t.client {
		side = 1
	}
	s.encrypted = true
	if !t.v13 {
		k, err := key12(suite, secrets.master, random[:], t.serverSays.random, side == 1)
		s.keys = []*recordKey{k}
		return t.made(d, err, out)
	}
	all := [][]byte{secrets.early, secrets.handshake[side], secrets.traffic[side]}
	if side == 1 {
		all = all[1:]
	}
	s.ignored = secrets.handshake[side] == nil
	for _, secret := range all {
		if secret == nil {
			continue
		}
		k, err := key13(suite, secret)
		if !t.made(d, err, out) {
			return false
		}
		s.keys = append(s.keys, k)
	}
	return true
}

// made ends a direction whose key cannot be made of its secret.
func (t *tlsStage) made(d capture.Direction, err error, out capture.Outlet) bool {
	if err != nil {
		out.Stop(d, "TLS: "+err.Error())
	}
	return err == nil
}

// decrypt reads an encrypted record.
func (t *tlsStage) decrypt(d capture.Direction, header, body []byte, out capture.Outlet) (ok bool) {
	s := &t.sides[d]
	buffer := tlsBuffers.Get().(*[maxTLSRecord]byte)
	defer tlsBuffers.Put(buffer)
	plain, ok := t.open(d, buffer[:0], header, body)
	if !ok {
		if s.ignored && !s.begun {
			return true
		}
		out.Stop(d, "TLS: a record cannot be decrypted with the secrets of the key log")
		return false
	}
	kind := header[0]
	if t.v13 {
		plain = bytes.TrimRight(plain, "\x00") // padding
		if len(plain) == 0 {
			return true
		}
		kind, plain = plain[len(plain)-1], plain[:len(plain)-1]
	}
	switch {
	case kind == tlsApplicationData:
		out.Bytes(d, plain)
	case kind == tlsAlert:
		t.alert(d, plain, out)
	case kind == tlsChangeCipherSpec:
		out.Stop(d, "TLS: the session was renegotiated, and the rest is not decrypted")
		return false
	case kind == tlsHandshake && t.v13 && s.begun:
		return t.behindHandshake(d, plain, out)
	}
	return true
}

// open decrypts a record with the key in use or with one that follows it; behind a hole
// of unknown records with the sequence numbers that may be due. The secret after a
// KeyUpdate that is missing is tried too.
func (t *tlsStage) open(d capture.Direction, dst, header, body []byte) (plain []byte, ok bool) {
	s := &t.sides[d]
	more := uint64(0)
	if s.lost > 0 {
		more = uint64(min(s.lost/leastTLSRecord+1, maxTLSTries))
	}
	try := func(k *recordKey) bool {
		for i := uint64(0); i <= more; i++ {
			if plain, ok = k.open(dst, header, body, k.seq+i); ok {
				k.seq += i + 1
				s.lost = 0
				return true
			}
		}
		return false
	}
	for i, k := range s.keys {
		if try(k) {
			s.keys = s.keys[i:]
			s.begun = len(s.keys) == 1
			return plain, true
		}
	}
	if last := s.keys[len(s.keys)-1]; more > 0 && last.secret != nil {
		if k, err := last.next(); err == nil && try(k) {
			s.keys, s.begun = []*recordKey{k}, true
			return plain, true
		}
	}
	return nil, false
}

// behindHandshake reads the messages behind the handshake, of which a KeyUpdate counts.
func (t *tlsStage) behindHandshake(d capture.Direction, plain []byte, out capture.Outlet) (ok bool) {
	s := &t.sides[d]
	var err error
	s.handshake.add(plain, func(kind byte) bool { return kind == tlsKeyUpdate }, func([]byte) {
		var k *recordKey
		if k, err = s.keys[0].next(); err == nil {
			s.keys = []*recordKey{k}
		}
	})
	return t.made(d, err, out)
}

// alert tells why a side gives the connection up. That it closes it is no alert in this
// sense.
func (t *tlsStage) alert(d capture.Direction, body []byte, out capture.Outlet) {
	const closeNotify = 0
	if len(body) == 2 && body[1] != closeNotify {
		out.Note(d, "TLS alert: "+strings.TrimPrefix(tls.AlertError(body[1]).Error(), "tls: "))
	}
}

// Lose goes on behind bytes that are missing inside of a record, or at the next one.
func (t *tlsStage) Lose(d capture.Direction, n int64, out capture.Outlet) {
	s := &t.sides[d]
	if t.clientSays == nil && d == t.client || t.serverSays == nil && d != t.client {
		out.Stop(d, "TLS: bytes of its handshake are missing from the capture")
		return
	}
	left := int64(s.skip)
	if len(s.waits) >= tlsHeader && isRecordHeader(s.waits) {
		left = int64(tlsHeader) + int64(binary.BigEndian.Uint16(s.waits[3:])) - int64(len(s.waits))
	}
	s.lost += n + leastTLSRecord
	s.handshake = handshake{}
	if s.waits = nil; n > 0 && n <= left {
		s.skip = int(left - n)
	} else {
		s.skip, s.seeks, s.searches = 0, true, 0
		if n <= 0 {
			s.lost += maxTLSTries * leastTLSRecord
		}
	}
	out.Lost(d, 0)
}

// End ends a direction: where a hello is missing, nothing of the connection was read.
func (t *tlsStage) End(d capture.Direction, out capture.Outlet) {
	if t.clientSays == nil || t.serverSays == nil {
		out.Stop(d, noHandshake)
	}
}

// noHandshake is what is said of a connection that is not known from its start.
const noHandshake = "TLS: the handshake is not wholly in the capture"
