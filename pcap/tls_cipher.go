package pcap

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"

	"golang.org/x/crypto/chacha20poly1305"
)

// tlsSuite is how a session encrypts: with authentication and additional data, as all
// suites of 1.3 do and those of 1.2 that are in use.
type tlsSuite struct {
	hash     func() hash.Hash
	key      int  // bytes
	explicit bool // the nonce has eight bytes that are sent, in 1.2
	aead     func(key []byte) (cipher.AEAD, error)
}

var (
	aes128 = tlsSuite{sha256.New, 16, true, newGCM}
	aes256 = tlsSuite{sha512.New384, 32, true, newGCM}
	chacha = tlsSuite{sha256.New, chacha20poly1305.KeySize, false, chacha20poly1305.New}
)

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// suiteOf returns the suite with a number, of 1.3 or, whatever agrees on the keys, of
// 1.2: RFC 8446 appendix B.4, RFC 5288, 5289, 5487, 7905 and 8442.
func suiteOf(number uint16, v13 bool) *tlsSuite {
	switch {
	case v13 && number == 0x1301:
		return &aes128
	case v13 && number == 0x1302:
		return &aes256
	case v13 && number == 0x1303:
		return &chacha
	case v13:
		return nil
	case number >= 0xCCA8 && number <= 0xCCAE:
		return &chacha
	case number >= 0x009C && number <= 0x00AD || number >= 0xC02B && number <= 0xC032:
		if number%2 == 0x009C%2 == (number < 0xC000) {
			return &aes128
		}
		return &aes256
	case number == 0xD001:
		return &aes128
	case number == 0xD002:
		return &aes256
	}
	return nil
}

// recordKey decrypts the records of a direction, as long as its secret stays the same.
type recordKey struct {
	suite  *tlsSuite
	secret []byte // of 1.3; nil in 1.2
	aead   cipher.AEAD
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
