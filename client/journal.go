package client

import (
	"bytes"
	"context"
	"errors"
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
	c.had = c.atWork()
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
		c.kill(c.keeper.err)
	}
	return c.keeper.err
}

// beginKeeping says that changes were taken, and are being kept: nothing more is kept, and
// nothing written that depends on them, before endKeeping. Under the lock.
func (c *Client) beginKeeping() { c.keeping = make(chan struct{}) }

func (c *Client) endKeeping() {
	close(c.keeping)
	c.keeping = nil
}

// keepLast makes durable what is left at the end. Under the lock, which is free
// meanwhile; nobody else keeps anything then.
func (c *Client) keepLast() {
	c.writing = true
	for more := true; more; {
		records := c.takeChanges(nil)
		c.beginKeeping()
		c.unlock()
		err := c.keep(records)
		c.mu.Lock()
		c.endKeeping()
		more = len(records) > 0 && err == nil
	}
	c.phase = phaseEnded
	c.stopWriting()
}

// Sync waits until all that was asked for before is durable in Options.Journal: from then
// on a message of Send with QoS 1 or 2 outlives the program. It waits for no network. The
// error is ErrNoJournal, that of the journal, with which the client ends, or that of ctx.
func (c *Client) Sync(ctx context.Context) error {
	if c.o.Journal == nil {
		return ErrNoJournal
	}
	c.mu.Lock()
	defer c.unlock()
	if err := c.awaitKeeping(ctx); err != nil { // it may have begun before
		return err
	}
	c.keepAside()
	if err := c.awaitKeeping(ctx); err != nil {
		return err
	}
	return c.keeper.err
}

// ErrNoJournal: there is no Options.Journal.
var ErrNoJournal = errors.New("client: there is no Options.Journal")

// awaitKeeping waits until what is being kept, if anything is, has been. The lock is free
// meanwhile.
func (c *Client) awaitKeeping(ctx context.Context) error {
	kept := c.keeping
	if kept == nil {
		return nil
	}
	c.unlock()
	defer c.mu.Lock()
	select {
	case <-kept:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// keepAside keeps the changes that there are, beside one who writes to the network, and
// may wait for that. Under the lock.
func (c *Client) keepAside() {
	if c.keeping != nil {
		return
	}
	records := c.takeChanges(nil)
	if len(records) == 0 {
		return
	}
	c.beginKeeping()
	go func() {
		_ = c.keep(records)
		c.mu.Lock()
		defer c.unlock()
		c.endKeeping()
		c.wake()
	}()
}
