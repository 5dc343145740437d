package server

import "time"

// ask hands the Requests of a Broker that is one node of several to the Engine.
func (s *Server) ask() {
	for stopped := false; !stopped; {
		select {
		case <-s.stop:
			stopped = true // what was asked for by then is handed on too, such as wills
		case <-s.Broker.Requested():
		}
		for r, ok := s.Broker.Request(); ok; r, ok = s.Broker.Request() {
			s.Engine(r)
		}
	}
}

// rouseReader lets who waits for the engine look again.
func (c *Conn) rouseReader() {
	if woken := c.woken(); woken != nil {
		select {
		case woken <- struct{}{}:
		default:
		}
	}
}

// woken returns the channel of the reader in a cluster; else it is nil.
func (c *Conn) woken() chan struct{} {
	if c.server.Broker == nil || c.server.Broker.Requested() == nil {
		return nil
	}
	woken, _ := c.server.readers.Load(c)
	is, _ := woken.(chan struct{})
	return is
}

// awaits waits until the packet may be handled that waits for the engine, and meets the
// deadlines of the connection meanwhile; nothing is read. It reports whether there is
// something to be looked at.
func (c *Conn) awaits() bool {
	woken := c.woken()
	if woken == nil || !c.conn.Waits() || c.isClosed() {
		return false
	}
	wait := time.Hour
	if at, ok := c.conn.Deadline(); ok {
		wait = max(0, time.Until(at))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-woken:
	case <-timer.C:
		c.conn.Tick(time.Now())
	case <-c.server.ctx.Done():
		return c.awaitsEnd(woken)
	}
	return true
}

// awaitsEnd is awaits while the server ends connections by force, of which only who reads
// hears: after a time the connection is closed, as what waits still is not to be overwritten by
// what is read.
func (c *Conn) awaitsEnd(woken chan struct{}) bool {
	timer := time.NewTimer(orDefault(c.server.Limits.CloseTimeout, defaultCloseTimeout))
	defer timer.Stop()
	select {
	case <-woken:
		return true
	case <-timer.C:
		_ = c.net.Close()
		return false
	}
}
