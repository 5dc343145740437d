package mqttwiretest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire/mqttwiretest"
)

func TestALargeDeclaredLengthIsSeen(t *testing.T) {
	for packet, want := range map[string]bool{
		"":                             false,
		"\x30":                         false,
		"\x30\x7F":                     false,
		"\x30\x80\x80\x80\x08":         false, // 16 MiB
		"\x30\x81\x80\x80\x08":         true,
		"\x30\xFF\xFF\xFF\x7F":         true,
		"\x30\xFF\xFF\xFF":             false,
		"\xC0\x80\x80\x80\x80\x01":     true, // a codec that takes five bytes
		"\xC0\x80\x80\x80\x80\x00":     false,
		"\xC0\xFF\xFF\xFF\xFF\xFF\xFF": true,
		"\xC0\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01": false,
	} {
		c := mqttwiretest.Case{Bytes: []byte(packet)}
		assert.Equal(t, want, c.DeclaresLarge(), "%X", packet)
	}
}
