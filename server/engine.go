package server

import "time"

// ask hands the Requests of a Broker that is one node of several to the Engine.
func (s *Server) ask() {
	for {
		select {
		case <-s.stop:
			return
		case <-s.Broker.Requested():
		}
		for r, ok := s.Broker.Request(); ok; r, ok = s.Broker.Request() {
			s.Engine(r)
		}
	}
}

// rouseReader lets who waits for the engine look again.
func (c *Conn) rouseReader() {
	select {
	case c.woken <- struct{}{}:
	default:
	}
}

// awaits waits until the packet may be handled that waits for the engine, and meets the
// deadlines of the connection meanwhile; nothing is read. It reports whether there is
// something to be looked at.
func (c *Conn) awaits() bool {
	if c.woken == nil || !c.conn.Waits() || c.isClosed() {
		return false
	}
	wait := time.Hour
	if at, ok := c.conn.Deadline(); ok {
		wait = max(0, time.Until(at))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-c.woken:
	case <-timer.C:
		c.conn.Tick(time.Now())
	}
	return true
}
