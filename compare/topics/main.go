// Topics compares package topic with the tries of two other projects: the time to find
// the subscriptions of a topic name among many, and the memory for each.
//
//	cd compare && go run ./topics
//
// It prints a table for each shape of topic filters, with a million of them and three
// hits for each name: the filter of that device and two that match all names. The times are
// medians of five rounds in which the three take turns.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"

	gomqtt "github.com/256dpi/gomqtt/topic"
	mochi "github.com/mochi-mqtt/server/v2"
	mochipackets "github.com/mochi-mqtt/server/v2/packets"

	"github.com/mqttwire/mqttwire/compare/interleaved"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/topic"
)

func main() {
	n := flag.Int("n", 1_000_000, "how many `filters`")
	flag.Parse()
	if err := compare(os.Stdout, *n, interleaved.Plan{Rounds: 5, Slice: interleaved.Full.Slice * 100}); err != nil {
		log.Fatal(err)
	}
}

// shape is how the names and filters of devices look, and the two filters that match all.
type shape struct {
	what         string
	name, filter func(i int) string
	wildcards    [2]string
}

var shapes = []shape{
	plain("device/%07d", [2]string{"device/+", "device/#"}),
	{"`site/1/line/2/device/3/temperature`", site, site, [2]string{"site/+/line/+/device/+/temperature", "#"}},
	plain("home/u%07d/light/bedroom", [2]string{"home/+/light/#", "#"}),
	{"`t/9e3779b97f4a7c15/in`", scattered, scattered, [2]string{"t/+/in", "t/#"}},
	wild("home/u%07d/#"),
	wild("home/u%07d/+/bedroom"),
	wild("+/u%07d/light/bedroom"),
}

func site(i int) string {
	return fmt.Sprintf("site/%d/line/%d/device/%d/temperature", i/10000, i/100%100, i%100)
}

func scattered(i int) string { return fmt.Sprintf("t/%016x/in", uint64(i+1)*0x9E3779B97F4A7C15) }

// plain is a shape whose filters are its names.
func plain(form string, wildcards [2]string) shape {
	name := func(i int) string { return fmt.Sprintf(form, i) }
	return shape{"`" + name(1) + "`", name, name, wildcards}
}

// wild is a shape in which the filters of the devices have wildcards.
func wild(form string) shape {
	s := plain("home/u%07d/light/bedroom", [2]string{"home/+/light/#", "#"})
	s.filter = func(i int) string { return fmt.Sprintf(form, i) }
	s.what = "`" + s.filter(1) + "`"
	return s
}

// contender is one of those that are compared.
type contender struct {
	name  string
	set   func(filter string, i int) error
	match func(n *name) int // how many hits
	bytes int               // of memory for each filter
}

// name is a topic name in the forms that contenders take it in.
type name struct {
	text  string
	bytes []byte
}

// subscriber is what a subscription leads to, in a server.
type subscriber struct{ _ int }

func contenders(subscribers []subscriber) []*contender {
	var index topic.Index[*subscriber]
	var hits []topic.Hit[*subscriber]
	tree := gomqtt.NewStandardTree()
	topics := mochi.NewTopicsIndex()
	return []*contender{
		{name: "mqttwire", set: func(filter string, i int) error {
			_, _, err := index.Set(&packets.Subscription{Filter: []byte(filter)}, 0, &subscribers[i])
			return err
		}, match: func(n *name) int {
			hits = index.Match(n.bytes, hits[:0])
			return len(hits)
		}},
		{name: "gomqtt", set: func(filter string, i int) error {
			tree.Add(filter, &subscribers[i])
			return nil
		}, match: func(n *name) int { return len(tree.Match(n.text)) }},
		{name: "mochi", set: func(filter string, i int) error {
			topics.Subscribe(fmt.Sprint("c", i), mochipackets.Subscription{Filter: filter})
			return nil
		}, match: func(n *name) int { return len(topics.Subscribers(n.text).Subscriptions) }},
	}
}

// compare writes a table for each shape.
func compare(w io.Writer, n int, plan interleaved.Plan) error {
	for _, s := range shapes {
		subscribers := make([]subscriber, n+2)
		list := contenders(subscribers)
		order := rand.New(rand.NewPCG(1, 2)).Perm(n)
		for _, c := range list {
			if err := c.fill(s, order); err != nil {
				return err
			}
		}
		row, err := s.row(list, n)
		if err != nil {
			return err
		}
		interleaved.Measure([]interleaved.Row{row}, plan)
		s.write(w, list, row, n)
	}
	return nil
}

// fill sets the filters, in a random order, and takes note of the memory.
func (c *contender) fill(s shape, order []int) error {
	before := heap()
	for _, i := range order {
		if err := c.set(s.filter(i), i); err != nil {
			return err
		}
	}
	for i, filter := range s.wildcards {
		if err := c.set(filter, len(order)+i); err != nil {
			return err
		}
	}
	c.bytes = int(heap()-before) / len(order)
	return nil
}

// heap returns the bytes of what is in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// row returns the loops that look names up, the same ones in the same order.
func (s shape) row(list []*contender, n int) (row interleaved.Row, err error) {
	r := rand.New(rand.NewPCG(3, 4))
	names := make([]name, 1<<16)
	for i := range names {
		text := s.name(r.IntN(n))
		names[i] = name{text, []byte(text)}
	}
	for _, c := range list {
		if hits := c.match(&names[0]); hits != 3 {
			return row, fmt.Errorf("%s finds %d subscriptions of %q, not 3", c.name, hits, names[0].text)
		}
		at := 0
		row.Contenders = append(row.Contenders, &interleaved.Contender{Run: func(n int) (sum uint64) {
			for range n {
				sum += uint64(c.match(&names[at&(len(names)-1)]))
				at++
			}
			return sum
		}})
	}
	return row, nil
}

func (s shape) write(w io.Writer, list []*contender, row interleaved.Row, n int) {
	fmt.Fprintf(w, "\n%s, %d filters\n\n| | ns a match | times ours | allocations | bytes a filter | times ours |\n|---|--:|--:|--:|--:|--:|\n", s.what, n+2)
	ours := median(row.Contenders[0].NS)
	for i, c := range list {
		ns := median(row.Contenders[i].NS)
		fmt.Fprintf(w, "| %s | %.0f | %.2f | %.0f | %d | %.2f |\n", c.name, ns, ns/ours, row.Contenders[i].Allocs, c.bytes, float64(c.bytes)/float64(list[0].bytes))
	}
}

func median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}
