package pcap

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"time"
)

// The options of an interface description that tell how to read its times.
const (
	optionEnd              = 0
	optionTimeResolution   = 9
	optionTimeOffset       = 14
	defaultTimeResolution  = 6 // microseconds
	resolutionIsPowerOfTwo = 0x80
)

// interfaceClock says what the times of an interface count.
type interfaceClock struct {
	resolution uint8  // if_tsresol: the negative power of 10 or, with the high bit, of 2
	offset     uint64 // if_tsoffset: seconds to add
}

// readInterfaceClock reads the options of an interface description block.
func readInterfaceClock(options []byte, order binary.ByteOrder) (interfaceClock, error) {
	c := interfaceClock{resolution: defaultTimeResolution}
	for len(options) >= 4 {
		code, size := order.Uint16(options), int(order.Uint16(options[2:]))
		options = options[4:]
		if code == optionEnd {
			return c, nil
		}
		if size > len(options) {
			return c, errors.New("an interface description's options run past its end")
		}
		switch value := options[:size]; {
		case code == optionTimeResolution && size >= 1:
			c.resolution = value[0]
		case code == optionTimeOffset && size >= 8:
			c.offset = order.Uint64(value)
		}
		options = options[min((size+3)&^3, len(options)):]
	}
	return c, nil
}

// time converts a count of ticks, rounding down to the nanosecond.
func (c interfaceClock) time(ticks uint64) time.Time {
	exponent := uint(c.resolution &^ resolutionIsPowerOfTwo)
	var seconds, nanoseconds uint64
	if c.resolution&resolutionIsPowerOfTwo != 0 {
		seconds, nanoseconds = splitBinary(ticks, exponent)
	} else {
		seconds, nanoseconds = splitDecimal(ticks, exponent)
	}
	return time.Unix(int64(seconds+c.offset), int64(nanoseconds)).UTC()
}

// splitBinary splits ticks of 2^-exponent seconds.
func splitBinary(ticks uint64, exponent uint) (seconds, nanoseconds uint64) {
	if exponent >= 64 {
		// All 64 bits are a fraction, of which nanoseconds see the highest only.
		high, _ := bits.Mul64(ticks, 1e9)
		return 0, high >> min(exponent-64, 63)
	}
	perSecond := uint64(1) << exponent
	return ticks / perSecond, scale(ticks%perSecond, perSecond)
}

// splitDecimal splits ticks of 10^-exponent seconds.
func splitDecimal(ticks uint64, exponent uint) (seconds, nanoseconds uint64) {
	const largestPower = 19 // 10^19 is the last that 64 bits hold
	if exponent > largestPower {
		for range min(exponent-9, 20) {
			ticks /= 10
		}
		return 0, ticks
	}
	perSecond := uint64(1)
	for range exponent {
		perSecond *= 10
	}
	return ticks / perSecond, scale(ticks%perSecond, perSecond)
}

// scale returns fraction/perSecond of a second in nanoseconds. fraction is less
// than perSecond, so the quotient fits.
func scale(fraction, perSecond uint64) uint64 {
	high, low := bits.Mul64(fraction, 1e9)
	q, _ := bits.Div64(high, low, perSecond)
	return q
}
