package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// figures are what `mqtt serve` tells of itself, and the system of it.
type figures struct {
	goroutines, connections, sessions, retained int
	heap, memory, file                          int // bytes: of the heap, of the process without files that it maps, of the store
}

// meter reads them.
type meter struct {
	page string
	pid  int
	file string
	most figures
	all  []figures
}

func (m *meter) sample(ctx context.Context) (f figures, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, m.page, nil)
	if err != nil {
		return f, err
	}
	request.Close = true // a connection that stays would be a goroutine
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return f, err
	}
	defer func() { _ = answer.Body.Close() }() // it was read
	fields := map[string]*int{
		"go_goroutines": &f.goroutines, "mqtt_connections": &f.connections, "mqtt_sessions": &f.sessions,
		"mqtt_retained_messages": &f.retained, "go_memstats_heap_inuse_bytes": &f.heap,
	}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if field, ok := fields[name]; ok {
			if _, err := fmt.Sscan(value, field); err != nil {
				return f, err
			}
			delete(fields, name)
		}
	}
	if len(fields) > 0 {
		return f, fmt.Errorf("the page of metrics has no %v", fields)
	}
	store, err := os.Stat(m.file)
	if err != nil {
		return f, err
	}
	f.file = int(store.Size())
	f.memory, err = memory(m.pid)
	return f, err
}

// memory returns that of a process.
func memory(pid int) (bytes int, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "RssAnon:")
	_, err = fmt.Sscan(rest, &bytes)
	return bytes << 10, err
}

// watch samples until ctx ends.
func (m *meter) watch(ctx context.Context, attempts fmt.Stringer) {
	for tick := 0; ; tick++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(2 * time.Second):
		}
		f, err := m.sample(ctx)
		if err != nil {
			continue // at the end; that the server is gone is seen by its clients
		}
		m.all = append(m.all, f)
		for _, pair := range [][2]*int{
			{&m.most.goroutines, &f.goroutines}, {&m.most.connections, &f.connections}, {&m.most.sessions, &f.sessions},
			{&m.most.retained, &f.retained}, {&m.most.heap, &f.heap}, {&m.most.memory, &f.memory}, {&m.most.file, &f.file},
		} {
			*pair[0] = max(*pair[0], *pair[1])
		}
		if tick%30 == 0 {
			log.Printf("%+v; hostile: %s", f, attempts)
		}
	}
}

// settle waits until the server has as many goroutines as before, and as many connections.
func (m *meter) settle(ctx context.Context, before figures) (f figures, err error) {
	for range 60 {
		if ctx.Err() != nil {
			break
		}
		if f, err = m.sample(ctx); err == nil && f.connections <= before.connections && f.goroutines <= before.goroutines {
			return f, nil
		}
		time.Sleep(time.Second)
	}
	return f, errors.Join(err, fmt.Errorf("%d goroutines and %d connections are left, of %d and %d before", f.goroutines, f.connections, before.goroutines, before.connections))
}

// grows compares the memory, and the store, of the last third with those of the third before.
func (m *meter) grows() error {
	if len(m.all) < 30 {
		return nil // too short to tell
	}
	third := len(m.all) / 3
	grown := func(what string, of func(figures) int) error {
		second, last := median(m.all[third:2*third], of), median(m.all[2*third:], of)
		log.Printf("%s: %d MiB in the second third, %d MiB in the last (medians)", what, second>>20, last>>20)
		if last > second*5/4+(16<<20) {
			return fmt.Errorf("%s grows, from %d bytes in the second third to %d in the last", what, second, last)
		}
		return nil
	}
	return errors.Join(grown("the memory", func(f figures) int { return f.memory }), grown("the store", func(f figures) int { return f.file }))
}

// median returns that of a figure.
func median(part []figures, of func(figures) int) int {
	var list []int
	for _, f := range part {
		list = append(list, of(f))
	}
	slices.Sort(list)
	return list[len(list)/2]
}
