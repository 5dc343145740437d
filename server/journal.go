package server

// mostUndurable is how many bytes of changes may wait for the Journal before no more
// packets are handled: clients that publish faster than it takes them would fill the memory.
const mostUndurable = 16 << 20

// behind reports whether the Journal has to catch up.
func (s *Server) behind() bool {
	return s.Journal != nil && s.Broker != nil && s.Broker.Undurable() > mostUndurable
}

// catchUp waits until the Journal has less to take, or the server stops.
func (s *Server) catchUp() {
	for {
		s.mu.Lock()
		if s.taken == nil {
			s.taken = make(chan struct{})
		}
		taken := s.taken
		s.mu.Unlock()
		if !s.behind() {
			return
		}
		select {
		case <-s.stop:
			return
		case <-taken:
		}
	}
}

// journaled tells who waits that the Journal has taken something.
func (s *Server) journaled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken != nil {
		close(s.taken)
		s.taken = nil
	}
}
