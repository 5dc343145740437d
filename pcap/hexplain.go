package pcap

// hexDigits has the value of each hex digit, plus 1, and 0 for all else.
var hexDigits = func() (t [256]byte) {
	for i := range 16 {
		t["0123456789abcdef"[i]] = byte(i + 1)
		t["0123456789ABCDEF"[i]] = byte(i + 1)
	}
	return t
}()

// readPlain decodes what is in the buffer for as long as it is plain: words of an even
// number of digits, with or without 0x, a separator behind each. It stops before
// whatever needs a closer look, which may be nothing but the end of the buffer.
func (h *hexReader) readPlain() {
	if h.torn {
		return
	}
	b, _ := h.in.Peek(h.in.Buffered())
	at := 0
	for at < len(b) && len(h.out) < hexChunk {
		at += h.readPairs(b[at:])
		if at == len(b) {
			break
		}
		switch c := b[at]; {
		case c == '\n':
			h.endLine()
		case isBlank(c) && (h.offset == noOffset || h.gap == 0):
			h.gap++
		case c == ',' && h.words > 0:
			h.gap = 0
		default:
			n := h.readPlainWord(b[at:])
			if n == 0 {
				h.in.Discard(at)
				return
			}
			at += n - 1
		}
		at++
	}
	h.in.Discard(at)
}

// readPairs decodes what is a byte and a blank, over and over, and returns its size.
func (h *hexReader) readPairs(b []byte) (size int) {
	if h.gap > 1 && h.offset != noOffset {
		return 0
	}
	out := h.out
	for len(b) > 2 && b[2] == ' ' && len(out) < hexChunk {
		high, low := hexDigits[b[0]], hexDigits[b[1]]
		if high == 0 || low == 0 {
			break
		}
		out = append(out, (high-1)<<4|(low-1))
		b = b[3:]
	}
	n := len(out) - len(h.out)
	if n > 0 {
		h.out, h.gap = out, 1
		h.count += uint64(n)
		h.words += n
	}
	return 3 * n
}

// readPlainWord decodes the word that b begins with and returns its size, or 0 if that
// is not plain. Behind an offset a word with two blanks before it may be text.
func (h *hexReader) readPlainWord(b []byte) int {
	if h.offset != noOffset && h.gap > 1 {
		return 0
	}
	start := 0
	if len(b) > 1 && b[0] == '0' && b[1]|0x20 == 'x' {
		start = 2
	}
	end := start
	for end < len(b) && hexDigits[b[end]] != 0 {
		end++
	}
	digits := b[start:end]
	if end == len(b) || len(digits) == 0 || len(digits)%2 != 0 || len(digits) > longestHexWord || !h.plainStop(b[end], len(digits)) {
		return 0
	}
	for i := 0; i < len(digits); i += 2 {
		h.out = append(h.out, (hexDigits[digits[i]]-1)<<4|(hexDigits[digits[i+1]]-1))
	}
	h.count += uint64(len(digits) / 2)
	h.words++
	h.gap = 0
	return end
}

// plainStop reports whether a word of n digits, which c ends, is bytes for sure: the
// first of a line may be an offset, if it has a colon or more than two digits, and
// behind one a long word may be of another byte order.
func (h *hexReader) plainStop(c byte, n int) bool {
	first := h.words == 0 && h.offset == noOffset && (h.count == 0 || h.offsets.used)
	if n > 2 && (first || h.offset == plainOffset) {
		return false
	}
	return isBlank(c) || c == '\n' || c == ','
}
