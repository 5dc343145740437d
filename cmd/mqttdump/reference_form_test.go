package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inPacketsForm rewrites a line of a reference, which has the form that was easy to
// make with tshark, into that of packets.JSON: bytes are text or base64 and not hex,
// what is 0 or empty is left out where a version has no place for it, and the bit of
// a bridge is a key.
func inPacketsForm(t *testing.T, d decoded) decoded {
	t.Helper()
	if version, ok := d["version"].(float64); ok && version >= 0x80 {
		d["version"], d["bridge"] = version-0x80, true
	}
	if d["type"] != "CONNACK" {
		leaveOut(d, "reason", 0.0)
	}
	leaveOutEmpty(d, "props")
	for _, p := range list(d["props"]) {
		bytesInForm(t, p.(decoded), "hex", "value")
	}
	for _, f := range list(d["filters"]) {
		leaveOut(f.(decoded), "noLocal", false)
		leaveOut(f.(decoded), "retainAsPublished", false)
		leaveOut(f.(decoded), "retainHandling", 0.0)
		textInForm(t, f.(decoded), "topic")
	}
	if w, ok := d["will"].(decoded); ok {
		leaveOutEmpty(w, "props")
		for _, p := range list(w["props"]) {
			bytesInForm(t, p.(decoded), "hex", "value")
		}
		if bytesInForm(t, w, "payload_hex", "payload") {
			delete(w, "payload_len")
		}
		textInForm(t, w, "topic")
	}
	for _, key := range []string{"clientId", "username", "password", "topic"} {
		textInForm(t, d, key)
	}
	return d
}

// inReferenceForm adds to a line what the references say of payloads.
func inReferenceForm(t *testing.T, d decoded) decoded {
	t.Helper()
	if d["type"] != "PUBLISH" {
		return d
	}
	payload, ok := d["payload"].(string)
	if digits, is := d["payload_base64"].(string); is {
		b, err := base64.StdEncoding.DecodeString(digits)
		require.NoError(t, err)
		payload, ok = string(b), true
	}
	if ok {
		sum := sha256.Sum256([]byte(payload))
		d["payload_len"], d["payload_sha256"] = float64(len(payload)), hex.EncodeToString(sum[:8])
		if len(payload) <= 64 {
			d["payload_hex"] = hex.EncodeToString([]byte(payload))
		}
	}
	return d
}

// list is v as a list, or nil.
func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// leaveOut takes out what is zero.
func leaveOut(d decoded, key string, zero any) {
	if d[key] == zero {
		delete(d, key)
	}
}

// leaveOutEmpty takes out an empty list.
func leaveOutEmpty(d decoded, key string) {
	if l, ok := d[key].([]any); ok && len(l) == 0 {
		delete(d, key)
	}
}

// textInForm rewrites text that is no UTF-8.
func textInForm(t *testing.T, d decoded, key string) {
	t.Helper()
	if inner, ok := d[key].(decoded); ok {
		delete(d, key)
		d["hex"] = inner["hex"]
		require.True(t, bytesInForm(t, d, "hex", key))
	}
}

// bytesInForm rewrites hex under one key as what stands under another, and reports
// whether there was any.
func bytesInForm(t *testing.T, d decoded, from, to string) bool {
	t.Helper()
	digits, ok := d[from].(string)
	if !ok {
		return false
	}
	b, err := hex.DecodeString(digits)
	require.NoError(t, err)
	delete(d, from)
	if utf8.Valid(b) {
		d[to] = string(b)
	} else {
		d[to+"_base64"] = base64.StdEncoding.EncodeToString(b)
	}
	return true
}

func TestReferencesAreReadInTheFormOfPackets(t *testing.T) {
	got := inPacketsForm(t, decodedLines(t, `{"type":"CONNECT","version":132,"props":[],"clientId":{"hex":"ff"},"username":"u",`+
		`"will":{"topic":"w","payload_len":2,"payload_hex":"6869","props":[{"id":9,"hex":"ff"}]}}`)[0])
	want := decodedLines(t, `{"type":"CONNECT","version":4,"bridge":true,"clientId_base64":"/w==","username":"u",`+
		`"will":{"topic":"w","payload":"hi","props":[{"id":9,"value_base64":"/w=="}]}}`)[0]
	assert.Equal(t, want, got)
}
