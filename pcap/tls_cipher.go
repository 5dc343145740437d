package pcap

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"encoding/binary"
	"hash"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// tlsSuite is how a session encrypts: with authentication and additional data, as all
// suites of 1.3 do and those of 1.2 that are in use.
type tlsSuite struct {
	name     string
	hash     func() hash.Hash
	key      int  // bytes
	explicit bool // the nonce has eight bytes that are sent, in 1.2
	aead     func(key []byte) (opener, error)
}

// opener is what is needed of a cipher.AEAD.
type opener interface {
	Open(dst, nonce, message, additional []byte) ([]byte, error)
	Overhead() int
}

var (
	aes128     = tlsSuite{"AES-128-GCM", sha256.New, 16, true, newGCM}
	aes256     = tlsSuite{"AES-256-GCM", sha512.New384, 32, true, newGCM}
	aes128CCM  = tlsSuite{"AES-128-CCM", sha256.New, 16, true, newCCM}
	aes256CCM  = tlsSuite{"AES-256-CCM", sha256.New, 32, true, newCCM}
	aes128CCM8 = tlsSuite{"AES-128-CCM-8", sha256.New, 16, true, newCCM8}
	aes256CCM8 = tlsSuite{"AES-256-CCM-8", sha256.New, 32, true, newCCM8}
	chacha     = tlsSuite{"ChaCha20-Poly1305", sha256.New, chacha20poly1305.KeySize, false, newChaCha}
)

func newChaCha(key []byte) (opener, error) { return chacha20poly1305.New(key) }

func newGCM(key []byte) (opener, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// suiteOf returns the suite with a number, of 1.3 or, whatever agrees on the keys, of
// 1.2: RFC 8446 appendix B.4, RFC 5288, 5289, 5487, 6655, 7251, 7905 and 8442.
func suiteOf(number uint16, v13 bool) *tlsSuite {
	if v13 {
		return suites13[number]
	}
	switch {
	case number >= 0xCCA8 && number <= 0xCCAE:
		return &chacha
	case number >= 0x009C && number <= 0x00AD || number >= 0xC02B && number <= 0xC032:
		if number%2 == 0x009C%2 == (number < 0xC000) {
			return &aes128
		}
		return &aes256
	case number >= 0xC09C && number <= 0xC0AF:
		return ccmSuites[(number-0xC09C)/2][number%2]
	}
	return suitesOfECDHEPSK[number]
}

// suiteName is what a suite is called: by its number and how it encrypts, if it is one
// that crypto/tls has no name for.
func suiteName(number uint16, v13 bool) string {
	name := tls.CipherSuiteName(number)
	if s := suiteOf(number, v13); s != nil && strings.HasPrefix(name, "0x") {
		name += " (" + s.name + ")"
	}
	return name
}

var suites13 = map[uint16]*tlsSuite{0x1301: &aes128, 0x1302: &aes256, 0x1303: &chacha, 0x1304: &aes128CCM, 0x1305: &aes128CCM8}

// ccmSuites are those of 1.2 from 0xC09C on, in pairs with keys of 128 and 256 bits: of
// RSA and DHE, and with the short tag; of PSK and DHE with it, and with the short tag; of
// ECDHE with ECDSA, and with the short tag.
var (
	ccmPair   = [2]*tlsSuite{&aes128CCM, &aes256CCM}
	ccm8Pair  = [2]*tlsSuite{&aes128CCM8, &aes256CCM8}
	ccmSuites = [10]*[2]*tlsSuite{&ccmPair, &ccmPair, &ccm8Pair, &ccm8Pair, &ccmPair, &ccmPair, &ccm8Pair, &ccm8Pair, &ccmPair, &ccm8Pair}
)

var suitesOfECDHEPSK = map[uint16]*tlsSuite{0xD001: &aes128, 0xD002: &aes256, 0xD003: &aes128CCM8, 0xD005: &aes128CCM}

// recordKey decrypts the records of a direction, as long as its secret stays the same.
type recordKey struct {
	suite  *tlsSuite
	secret []byte // of 1.3; nil in 1.2
	aead   opener
	iv     []byte
	seq    uint64 // of the next record
	nonce  [12]byte
}

// key12 returns the key of the client, or of the server: RFC 5246 section 6.3.
func key12(suite *tlsSuite, master, clientRandom, serverRandom []byte, server bool) (*recordKey, error) {
	fixed := 12
	if suite.explicit {
		fixed = 4
	}
	seed := append(append([]byte("key expansion"), serverRandom...), clientRandom...)
	block := prf12(suite.hash, master, seed, 2*suite.key+2*fixed)
	keys, ivs := block[:2*suite.key], block[2*suite.key:]
	if server {
		keys, ivs = keys[suite.key:], ivs[fixed:]
	}
	aead, err := suite.aead(keys[:suite.key])
	return &recordKey{suite: suite, aead: aead, iv: ivs[:fixed]}, err
}

// prf12 is the pseudorandom function of RFC 5246 section 5.
func prf12(h func() hash.Hash, secret, seed []byte, size int) (out []byte) {
	mac := hmac.New(h, secret)
	sum := func(parts ...[]byte) []byte {
		mac.Reset()
		for _, p := range parts {
			mac.Write(p)
		}
		return mac.Sum(nil)
	}
	for a := sum(seed); len(out) < size; a = sum(a) {
		out = append(out, sum(a, seed)...)
	}
	return out[:size]
}

// key13 returns the key of a traffic secret: RFC 8446 section 7.3.
func key13(suite *tlsSuite, secret []byte) (*recordKey, error) {
	key, err := expandLabel(suite, secret, "key", suite.key)
	if err != nil {
		return nil, err
	}
	iv, err := expandLabel(suite, secret, "iv", 12)
	if err != nil {
		return nil, err
	}
	aead, err := suite.aead(key)
	return &recordKey{suite: suite, secret: secret, aead: aead, iv: iv}, err
}

// next returns the key behind a KeyUpdate: RFC 8446 section 7.2.
func (k *recordKey) next() (*recordKey, error) {
	secret, err := expandLabel(k.suite, k.secret, "traffic upd", k.suite.hash().Size())
	if err != nil {
		return nil, err
	}
	return key13(k.suite, secret)
}

// expandLabel is HKDF-Expand-Label without a context: RFC 8446 section 7.1.
func expandLabel(suite *tlsSuite, secret []byte, label string, size int) ([]byte, error) {
	const prefix = "tls13 "
	info := append(binary.BigEndian.AppendUint16(nil, uint16(size)), byte(len(prefix)+len(label)))
	info = append(append(info, prefix+label...), 0)
	return hkdf.Expand(suite.hash, secret, string(info), size)
}

// open decrypts a record with the sequence number seq and appends what it holds to dst.
// It reports false if that is no record of this key.
func (k *recordKey) open(dst []byte, header, body []byte, seq uint64) (plain []byte, ok bool) {
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], seq)
	additional := header
	if k.secret == nil {
		if k.suite.explicit {
			if len(body) < 8 {
				return dst, false
			}
			copy(k.nonce[:], k.iv)
			copy(k.nonce[4:], body)
			body = body[8:]
		}
		if len(body) < k.aead.Overhead() {
			return dst, false
		}
		additional = binary.BigEndian.AppendUint16(append(number[:], header[:3]...), uint16(len(body)-k.aead.Overhead()))
	}
	if k.secret != nil || !k.suite.explicit {
		copy(k.nonce[:], k.iv)
		for i, b := range number[:8] {
			k.nonce[4+i] ^= b
		}
	}
	plain, err := k.aead.Open(dst, k.nonce[:], body, additional)
	return plain, err == nil
}
