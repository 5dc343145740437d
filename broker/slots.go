package broker

import "sync"

// slots are small numbers of clients, by which a turn finds what it has of one.
type slots struct {
	mu   sync.Mutex
	free []uint32
	next uint32
}

func (s *slots) take() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		slot := s.free[n-1]
		s.free = s.free[:n-1]
		return slot
	}
	s.next++
	return s.next - 1
}

func (s *slots) give(slot uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, slot)
}
