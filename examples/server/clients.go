package main

import (
	"bytes"
	"log"
	"sync"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/packets"
)

// clients are the filters that each client has subscribed to.
var clients = subscribers{filters: map[*packets.Stream][][]byte{}}

type subscribers struct {
	sync.Mutex
	filters map[*packets.Stream][][]byte
}

func (c *subscribers) subscribe(s *packets.Stream, list []packets.Subscription) {
	c.Lock()
	defer c.Unlock()
	for i := range list {
		c.filters[s] = append(c.filters[s], bytes.Clone(list[i].Filter))
	}
}

func (c *subscribers) unsubscribe(s *packets.Stream, filters [][]byte) {
	c.Lock()
	defer c.Unlock()
	for _, filter := range filters {
		kept := c.filters[s][:0]
		for _, f := range c.filters[s] {
			if !bytes.Equal(f, filter) {
				kept = append(kept, f)
			}
		}
		c.filters[s] = kept
	}
}

func (c *subscribers) remove(s *packets.Stream) {
	c.Lock()
	defer c.Unlock()
	delete(c.filters, s)
}

// forward sends a message to all whose filters match its topic. A client that
// cannot be sent to any more goes when its own Receive fails.
func (c *subscribers) forward(p *packets.Publish, topic []byte) {
	c.Lock()
	defer c.Unlock()
	for s, filters := range c.filters {
		for _, filter := range filters {
			if !mqttwire.MatchTopic(filter, topic) {
				continue
			}
			var out packets.Publish
			err := packets.Forward(&out, p, topic, &packets.Forwarding{Version: s.Version()})
			if err == nil {
				err = s.Send(&out)
			}
			if err != nil {
				log.Println("not forwarded:", err)
			}
			break
		}
	}
}
