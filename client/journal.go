package client

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/mqttwire/mqttwire/session"
)

// keeper keeps the changes of the session in a journal.
type keeper struct {
	key      []byte
	since    int    // bytes of changes since the last snapshot
	snapshot int    // bytes of that
	release  func() // of what was claimed; nil is nothing
	err      error
}

// compactAfter is how many bytes of changes there are at least before a snapshot takes
// their place.
const compactAfter = 256 << 10

// claimer is a journal that lets a session have one user at a time, as package store
// does.
type claimer interface {
	Claim(session []byte) (release func(), err error)
}

// restore makes the session, of what the journal has of it.
func (c *Client) restore() error {
	if c.o.Journal == nil {
		c.session = session.New(c.o.Session)
		return nil
	}
	c.keeper.key = []byte(c.o.ClientID)
	if j, ok := c.o.Journal.(claimer); ok {
		release, err := j.Claim(c.keeper.key)
		if err != nil {
			return journalError(err)
		}
		c.keeper.release = release
	}
	err := c.load()
	if err != nil {
		c.keeper.free()
	}
	return err
}

// free lets another client have the session.
func (k *keeper) free() {
	if k.release != nil {
		k.release()
	}
}

func journalError(err error) error { return fmt.Errorf("client: Options.Journal: %w", err) }

// load makes the session of what the journal has.
func (c *Client) load() error {
	var snapshot []byte
	var changes [][]byte
	for r, err := range c.o.Journal.Load() {
		switch {
		case err != nil:
			return journalError(err)
		case !bytes.Equal(r.Session, c.keeper.key):
		case r.Snapshot:
			snapshot, changes = slices.Clone(r.Data), nil
		default:
			changes = append(changes, slices.Clone(r.Data))
			c.keeper.since += len(r.Data)
		}
	}
	s, report, err := session.Restore(c.o.Session, time.Now(), snapshot, slices.Values(changes))
	if err != nil {
		return journalError(err)
	}
	if report.Ended {
		s = session.New(c.o.Session)
	}
	c.session, c.stats.Restored = s, report.Messages
	return nil
}

// takeChanges takes the changes that have come about. Under the lock.
func (c *Client) takeChanges(records []session.Record) []session.Record {
	if c.o.Journal == nil || c.phase == phaseEnded {
		return records
	}
	for change, ok := c.session.Change(); ok; change, ok = c.session.Change() {
		records = append(records, session.Record{Session: c.keeper.key, Data: slices.Clone(change.Data)})
		c.keeper.since += len(change.Data)
	}
	if c.keeper.since > max(compactAfter, 2*c.keeper.snapshot) {
		snapshot := c.session.AppendSnapshot(nil)
		c.keeper.since, c.keeper.snapshot = 0, len(snapshot)
		records = append(records, session.Record{Session: c.keeper.key, Data: snapshot, Snapshot: true})
	}
	return records
}

// keep makes changes durable, before anything that depends on them is written. If they
// cannot be the client ends. Not under the lock.
func (c *Client) keep(records []session.Record) error {
	if len(records) == 0 || c.keeper.err != nil {
		return c.keeper.err
	}
	if err := c.o.Journal.Append(records); err != nil {
		c.keeper.err = journalError(err)
		c.cancel(c.keeper.err)
	}
	return c.keeper.err
}

// keepLast makes durable what is left at the end. Under the lock, which is free
// meanwhile; nobody else keeps anything then.
func (c *Client) keepLast() {
	c.writing = true
	for {
		records := c.takeChanges(nil)
		if len(records) == 0 {
			break
		}
		c.unlock()
		err := c.keep(records)
		c.mu.Lock()
		if err != nil {
			break
		}
	}
	c.phase = phaseEnded
	c.stopWriting()
}
