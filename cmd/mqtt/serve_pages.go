package main

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync/atomic"

	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/server"
	"github.com/mqttwire/mqttwire/session"
)

// health is what /health tells.
type health struct {
	stopping atomic.Bool
}

// pages returns what is served over HTTP.
func (s *served) pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		writeMetrics(w, s.server.Broker.Stats(), s.server.Stats())
	})
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		if s.health.stopping.Load() {
			http.Error(w, "shutting down", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return mux
}

// metric is a number in the text form of Prometheus.
type metric struct {
	name, kind, help string
	value            uint64
}

// writeMetrics writes the numbers of a broker and its server.
func writeMetrics(w io.Writer, st broker.Stats, at server.Stats) {
	const gauge, counter = "gauge", "counter"
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	for _, m := range [...]metric{
		{"mqtt_connections", gauge, "Connections, with those in the handshake of TLS, as --max-connections counts them.", uint64(at.Conns)},
		{"mqtt_connections_refused_total", counter, "Connections that were closed at once, beyond a limit.", at.Refused},
		{"mqtt_clients_connected", gauge, "Clients with a connection.", uint64(max(0, st.Connected))},
		{"mqtt_sessions", gauge, "Sessions, connected or not.", uint64(max(0, st.Sessions))},
		{"mqtt_subscriptions", gauge, "Subscriptions.", uint64(st.Subscriptions)},
		{"mqtt_retained_messages", gauge, "Retained messages, without the figures below $SYS.", uint64(st.Retained)},
		{"mqtt_retained_bytes", gauge, "Bytes of those.", uint64(st.RetainedBytes)},
		{"mqtt_messages_received_total", counter, "Messages that clients have published.", st.Received},
		{"mqtt_messages_delivered_total", counter, "Messages that clients were given.", st.Delivered},
		{"mqtt_messages_refused_total", counter, "Messages that were not sent on.", st.Refused},
		{"mqtt_wills_total", counter, "Wills that were published.", st.Wills},
		{"mqtt_received_bytes_total", counter, "Bytes that have come.", st.BytesIn},
		{"mqtt_sent_bytes_total", counter, "Bytes that were sent.", st.BytesOut},
		{"go_goroutines", gauge, "Goroutines.", uint64(runtime.NumGoroutine())},
		{"go_memstats_heap_inuse_bytes", gauge, "Bytes of the heap in use.", memory.HeapInuse},
		{"go_memstats_stack_inuse_bytes", gauge, "Bytes of stacks in use.", memory.StackInuse},
	} {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %[1]s %[3]s\n%[1]s %[4]d\n", m.name, m.help, m.kind, m.value)
	}
	fmt.Fprint(w, "# HELP mqtt_messages_dropped_total Messages that a client did not get, by why.\n# TYPE mqtt_messages_dropped_total counter\n")
	for why := session.DropFull; why <= session.DropGone; why++ {
		fmt.Fprintf(w, "mqtt_messages_dropped_total{reason=%q} %d\n", why.String(), st.Dropped[why])
	}
}
