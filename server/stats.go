package server

// Stats are figures about a Server. What clients do is in those of its Broker.
type Stats struct {
	// Conns is how many connections count against Limits.Conns: those too whose handshake
	// of TLS, or whose Identify, has not ended, which Conns does not return.
	Conns int

	// Refused is how many were closed at once as they were beyond Limits.
	Refused uint64
}

// Stats returns figures about the server.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{Conns: len(s.conns), Refused: s.refusals}
}
