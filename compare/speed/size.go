package main

import (
	"fmt"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// The series of the rows that differ in size only.
const (
	seriesDecodePayload    = "PUBLISH payload, decode"
	seriesAppendPayload    = "PUBLISH payload, append"
	seriesReadPayload      = "PUBLISH payload, Reader.Body"
	seriesDecodeProperties = "user properties, decode"
	seriesAppendProperties = "user properties, append"
	seriesDecodeFilters    = "SUBSCRIBE filters, decode"
	seriesAppendFilters    = "SUBSCRIBE filters, append"
	seriesDecodeTopics     = "UNSUBSCRIBE filters, decode"
)

// copies reports whether the work of a series is to copy bytes, which costs more
// a byte when they are too many for a cache.
func copies(series string) bool {
	return series == seriesAppendPayload || series == seriesReadPayload || series == seriesAppendProperties
}

// sizeRows are packets from small to large.
func sizeRows() []row {
	var rows []row
	for size := 1 << 10; size <= 16<<20; size <<= 2 {
		w := sized(fmt.Sprintf("%d KiB", size>>10), v311, publish(0, size))
		rows = append(rows, decodeSize(seriesDecodePayload, w), appendSize(seriesAppendPayload, w), readSize(w))
	}
	for n := 1; n <= 10_000; n *= 10 {
		p := publish(0, 0)
		p.Properties = userProperties(n)
		w := sized(fmt.Sprint(n), v5, p)
		rows = append(rows, decodeSize(seriesDecodeProperties, w), appendSize(seriesAppendProperties, w))
		w = sized(fmt.Sprint(n), v5, subscribe(n))
		rows = append(rows, decodeSize(seriesDecodeFilters, w), appendSize(seriesAppendFilters, w))
		w = sized(fmt.Sprint(n), v5, &packets.Unsubscribe{PacketID: 10, Filters: filters(n)})
		rows = append(rows, decodeSize(seriesDecodeTopics, w))
	}
	return inSeries(rows)
}

// inSeries puts the rows of a series together.
func inSeries(rows []row) []row {
	var sorted []row
	for _, series := range []string{seriesDecodePayload, seriesAppendPayload, seriesReadPayload, seriesDecodeProperties,
		seriesAppendProperties, seriesDecodeFilters, seriesAppendFilters, seriesDecodeTopics} {
		for _, r := range rows {
			if r.series == series {
				sorted = append(sorted, r)
			}
		}
	}
	return sorted
}

func sized(name string, v mqttwire.Version, p mqttwire.Packet) *workload {
	return &workload{name: name, v: v, packet: p, wire: mustAppend(nil, p, v)}
}

func userProperties(n int) mqttwire.Properties {
	var list mqttwire.PropertyBuilder
	list.Reset()
	for i := range n {
		list.AddUser(fmt.Appendf(nil, "name-%d", i), fmt.Appendf(nil, "value-%d", i))
	}
	return list.Properties().Clone()
}

func sizeRow(series string, w *workload) row {
	return row{kind: kindSize, series: series, size: w.name, name: series + ", " + w.name, v: w.v, packet: w.kind(), bytes: float64(len(w.wire))}
}

func decodeSize(series string, w *workload) row {
	r := sizeRow(series, w)
	r.add(nameMqttwire, mqttwireDecode(w))
	r.add(nameMemcpy, memcpyLoop(w))
	return r
}

func appendSize(series string, w *workload) row {
	r := sizeRow(series, w)
	run, _ := mqttwireEncode(w)
	r.add(nameMqttwire, run)
	r.add(nameMemcpy, memcpyLoop(w))
	return r
}

func readSize(w *workload) row {
	r := sizeRow(seriesReadPayload, w)
	r.add(nameMqttwire, mqttwireStream(&source{b: w.wire}, w.v))
	r.add(nameMemcpy, memcpyLoop(w))
	return r
}
