package pcap

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

// ccm opens what was encrypted with AES in counter mode with CBC-MAC, as small devices
// do it: RFC 3610, RFC 6655. Nonces have 12 bytes, so that lengths have 3.
type ccm struct {
	block cipher.Block
	tag   int // bytes: 16 or 8
}

func newCCM(key []byte) (opener, error)  { return newCCMOf(key, 16) }
func newCCM8(key []byte) (opener, error) { return newCCMOf(key, 8) }

func newCCMOf(key []byte, tag int) (opener, error) {
	block, err := aes.NewCipher(key)
	return &ccm{block, tag}, err
}

// errAuthentication says that a message is not what was encrypted.
var errAuthentication = errors.New("message authentication failed")

// The flags of a block: how many bytes the length has, less one; and in the first block
// of the MAC, that there is additional data, and how long the tag is.
const (
	ccmLength     = 2
	ccmAdditional = 0x40
	ccmTagShift   = 3
)

func (c *ccm) Overhead() int { return c.tag }

// Open decrypts a message and appends it to dst.
func (c *ccm) Open(dst, nonce, message, additional []byte) ([]byte, error) {
	if len(message) < c.tag || len(message) >= 1<<24 || len(additional) >= 0xFF00 {
		return dst, errAuthentication
	}
	message, tag := message[:len(message)-c.tag], message[len(message)-c.tag:]
	var counter, mask [aes.BlockSize]byte
	counter[0] = ccmLength
	copy(counter[1:], nonce)
	stream := cipher.NewCTR(c.block, counter[:])
	stream.XORKeyStream(mask[:], mask[:]) // block 0 is for the tag
	start := len(dst)
	dst = append(dst, message...)
	stream.XORKeyStream(dst[start:], dst[start:])
	mac := c.mac(nonce, dst[start:], additional)
	subtle.XORBytes(mac[:], mac[:], mask[:])
	if subtle.ConstantTimeCompare(mac[:c.tag], tag) != 1 {
		return dst[:start], errAuthentication
	}
	return dst, nil
}

// mac is the CBC-MAC of a message: RFC 3610 section 2.2.
func (c *ccm) mac(nonce, plain, additional []byte) (mac [aes.BlockSize]byte) {
	mac[0] = ccmAdditional | byte((c.tag-2)/2)<<ccmTagShift | ccmLength
	copy(mac[1:], nonce)
	mac[13], mac[14], mac[15] = byte(len(plain)>>16), byte(len(plain)>>8), byte(len(plain))
	c.block.Encrypt(mac[:], mac[:])
	c.chain(&mac, append(binary.BigEndian.AppendUint16(nil, uint16(len(additional))), additional...))
	c.chain(&mac, plain)
	return mac
}

// chain takes more into a CBC-MAC; the last block is filled up with zeros.
func (c *ccm) chain(mac *[aes.BlockSize]byte, b []byte) {
	for len(b) > 0 {
		n := subtle.XORBytes(mac[:], mac[:], b[:min(len(b), len(mac))])
		c.block.Encrypt(mac[:], mac[:])
		b = b[n:]
	}
}
