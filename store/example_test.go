package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/store"
)

// A message that waits outlives the process.
func Example() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "queue")

	// The first process publishes, and ends before there is a connection.
	s, err := store.Open(path, store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Now()
	o := session.Options{Side: mqttwire.FromClient, Journal: true}
	client := session.New(o)
	m := session.NewMessage(now, &packets.Publish{Topic: []byte("a/b"), Payload: []byte("hello")})
	_, _ = client.Publish(now, m, session.Delivery{QoS: mqttwire.ExactlyOnce})
	for c, ok := client.Change(); ok; c, ok = client.Change() {
		if err := s.Append([]session.Record{{Session: []byte("my-client"), Data: c.Data}}); err != nil {
			fmt.Println(err)
		}
	}
	_ = s.Close()

	// The second one goes on.
	s, err = store.Open(path, store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	var changes [][]byte
	for r, err := range s.Load() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("a record of %s\n", r.Session)
		changes = append(changes, r.Data)
	}
	client, report, err := session.Restore(o, now, nil, slices.Values(changes))
	fmt.Println("messages:", report.Messages, err)

	// From time to time a snapshot takes the place of what is before it.
	_ = s.Append([]session.Record{{Session: []byte("my-client"), Snapshot: true, Data: client.AppendSnapshot(nil)}})
	fmt.Println("records:", s.Stats().Records)
	// Output:
	// a record of my-client
	// messages: 1 <nil>
	// records: 1
}

// What is damaged is told with its place, and the file stays as it is.
func ExampleDamageError() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "queue")
	s, err := store.Open(path, store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("new:", s.Created())
	_, err = store.Open(path, store.Options{})
	fmt.Println(err)
	_ = s.Close()

	_ = os.Truncate(path, 0)
	_, err = store.Open(path, store.Options{})
	var damage *store.DamageError
	fmt.Println(errors.As(err, &damage), damage.Offset, damage.Why)
	// Output:
	// new: true
	// store: the file is in use by another process
	// true 0 it is empty
}
