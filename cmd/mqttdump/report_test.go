package main

import (
	"context"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
	"github.com/mqttwire/mqttwire/packets"
)

// reportOf returns the page for captures.
func reportOf(t *testing.T, captures ...string) (page, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "out.html")
	_, notes, _ := dumpAll("", append([]string{"report", "-o", file}, withCaptures(captures)...)...)
	require.FileExists(t, file, notes)
	return readFile(t, file), file
}

func TestReportIsThatOfTheGoldenFile(t *testing.T) {
	golden := filepath.Join("testdata", "report.html")
	page, _ := reportOf(t, "@nanosecond-le.pcap")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(page), 0o644))
	}
	assert.Equal(t, readFile(t, golden), page)
}

func TestReportNeedsNoNetwork(t *testing.T) {
	page, _ := reportOf(t, "@mqttjs-v5-full.pcap", "@raw-invalid-connects.pcap")
	assert.Contains(t, page, `content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"`)
	for _, link := range regexp.MustCompile(`(?:src|href|action)="([^"]*)"|url\(|@import`).FindAllStringSubmatch(page, -1) {
		assert.True(t, strings.HasPrefix(link[1], "#"), link[0])
	}
	assert.NotContains(t, page, "http:")
	assert.NotContains(t, page, "https:")
}

func TestReportIsNotWrittenOverAFile(t *testing.T) {
	_, file := reportOf(t, "@nanosecond-le.pcap")
	args := append([]string{"report", "-o", file}, withCaptures([]string{"@mosq-bridge.pcap"})...)
	_, notes, status := dumpAll("", args...)
	assert.Equal(t, statusUnread, status)
	assert.Contains(t, notes, file+" exists: name a new file, or --force overwrites it\n")
	assert.NotContains(t, readFile(t, file), "vm.br311")
	_, _, status = dumpAll("", append(args, "--force")...)
	assert.Equal(t, statusDecoded, status)
	assert.Contains(t, readFile(t, file), "vm.br311")

	_, notes, status = dumpAll("", withCaptures([]string{"report", "@mosq-bridge.pcap"})...)
	assert.Equal(t, statusUnread, status)
	assert.Contains(t, notes, `required flag(s) "output" not set`)
}

// TestWhatStandsInPacketsIsTextOnThePage has markup where packets have text.
func TestWhatStandsInPacketsIsTextOnThePage(t *testing.T) {
	const evil = `<script>alert(1)</script>"'&<img src=x onerror=alert(1)>`
	k := newTalk(t, mqttwire.V5)
	k.open().connects(evil, nil).client(&packets.Publish{Topic: []byte(evil), Payload: []byte(evil)}).
		client(&packets.Subscribe{PacketID: 1, Subscriptions: []packets.Subscription{{Filter: []byte(evil[:20])}}}).server(&packets.Disconnect{})
	r := &report{app: newApp(context.Background(), nil, nil, nil), follow: newFollower(), flows: map[int]*flow{}}
	r.form, r.follow.onOver = newTextLines(&r.app.show, newPalette("never", nil)), r.over
	for _, e := range k.events() {
		r.take(r.follow.take("", &e), &e)
	}
	r.follow.end()
	page, err := r.page([]string{evil})
	require.NoError(t, err)
	assert.NotContains(t, string(page), "<script>alert")
	assert.NotContains(t, string(page), "<img")
	assert.Contains(t, html.UnescapeString(string(page)), "<script>alert(1)</script>")
}

// TestReportOfALargeCaptureIsASampleAndSaysSo has more connections and packets than a
// page shows.
func TestReportOfALargeCaptureIsASampleAndSaysSo(t *testing.T) {
	r := &report{app: newApp(context.Background(), nil, nil, nil), follow: newFollower(), flows: map[int]*flow{}}
	r.form, r.follow.onOver = newTextLines(&r.app.show, newPalette("never", nil)), r.over
	e := capture.Event{Kind: capture.WholePacket, Packet: &packets.Pingreq{}, Version: mqttwire.V5}
	e.Frame.Header = mqttwire.FixedHeader{Type: mqttwire.PINGREQ, Size: 2}
	take := func(stream int) {
		e.Stream, e.Time = stream, time.Unix(1700000000, int64(r.counts.Packets)*1e6)
		r.take(r.follow.take("", &e), &e)
		require.LessOrEqual(t, r.rows, mostRows+mostTail)
	}
	for range 1000 {
		take(0)
	}
	for n := range 2000 {
		for range 50 {
			take(n + 1)
		}
	}
	r.follow.end()
	page, err := r.page(nil)
	require.NoError(t, err)
	assert.Contains(t, string(page), "250 of 2001 connections")
	assert.Contains(t, string(page), "of 101000 packets")
	assert.Contains(t, string(page), "800 more are not shown")
	assert.Less(t, len(page), 12<<20)
	assert.LessOrEqual(t, len(r.rates.buckets), mostBuckets)
	sum := int64(0)
	for _, b := range r.rates.buckets {
		sum += b.packets
	}
	assert.Equal(t, int64(101000), sum, "rates are of all")
}

// TestConnectionsThatAreNotShownLeaveRoomForThoseThatAre has more packets than a page
// takes in connections that went well, and then one that did not.
func TestConnectionsThatAreNotShownLeaveRoomForThoseThatAre(t *testing.T) {
	r := &report{app: newApp(context.Background(), nil, nil, nil), follow: newFollower(), flows: map[int]*flow{}}
	r.form, r.follow.onOver = newTextLines(&r.app.show, newPalette("never", nil)), r.over
	ping := capture.Event{Kind: capture.WholePacket, Packet: &packets.Pingreq{}, Version: mqttwire.V5}
	ping.Frame.Header = mqttwire.FixedHeader{Type: mqttwire.PINGREQ, Size: 2}
	const n = 2 * mostConnections
	for stream := range n {
		for range 40 {
			ping.Stream = stream
			r.take(r.follow.take("", &ping), &ping)
		}
		for _, side := range []mqttwire.Sender{mqttwire.FromClient, mqttwire.FromServer} {
			e := capture.Event{Kind: capture.Closed, Stream: stream, Sender: side}
			if stream == n-1 {
				e.Kind = capture.Reset
			}
			r.take(r.follow.take("", &e), &e)
		}
	}
	r.follow.end()
	assert.Len(t, r.kept, mostConnections/2+1)
	last := r.kept[len(r.kept)-1]
	assert.Equal(t, n-1, last.Stream)
	assert.Len(t, last.Head, 42)
	assert.Equal(t, reportCounts{Connections: n, Troubled: 1, Shown: mostConnections/2 + 1, Packets: 40 * n, ShownPackets: 42 * (mostConnections/2 + 1)}, r.counts)
}

// browser returns the path of a headless browser, or skips the test.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no chromium to open the page in")
	return ""
}

// dom returns the page as a browser has it after its scripts have run.
func dom(t *testing.T, file string) string {
	t.Helper()
	program := browser(t)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(),
		"--dump-dom", "file://"+file).Output()
	require.NoError(t, err)
	return string(out)
}

// TestReportWorksInABrowserWithTheKeyboardAlone presses keys on the page, and writes
// down where the focus is.
func TestReportWorksInABrowserWithTheKeyboardAlone(t *testing.T) {
	browser(t)
	page, file := reportOf(t, "@raw-invalid-connects.pcap", "@nanosecond-le.pcap")
	const keys = `<script>
window.addEventListener("error", function (e) { document.body.dataset.failed = e.message; });
function press(key) {
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: key, bubbles: true, cancelable: true }));
  var at = document.activeElement;
  return (at.closest("details") || at).id + " " + (at.querySelector(".name") || at).textContent.trim().split(/\s/)[0];
}
document.body.dataset.keys = ["j", "j", "ArrowDown", "k", "n", "e", "p", "/"].map(press).join(", ");
var find = document.getElementById("find");
find.value = "MQTT-3.3.2-2"; find.dispatchEvent(new Event("input"));
document.body.dataset.found = document.getElementById("found").textContent;
</script></body>`
	require.Equal(t, 1, strings.Count(page, "</body>"))
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(page, "</body>", keys, 1)), 0o600))
	got := dom(t, file)
	attribute := func(name string) string {
		found := regexp.MustCompile(`data-` + name + `="([^"]*)"`).FindStringSubmatch(got)
		if found == nil {
			return ""
		}
		return html.UnescapeString(found[1])
	}
	assert.Equal(t, "12 connections, 50 rows", attribute("ready"))
	assert.Empty(t, attribute("failed"))
	assert.Equal(t, "c0 CONNECT, c0 CONNACK, c0 closed, c0 CONNACK, c1 #1, c2 CONNECT, c1 #1, find ", attribute("keys"))
	assert.Equal(t, "1 of 50", attribute("found"))
}
