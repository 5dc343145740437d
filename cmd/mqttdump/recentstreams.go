package main

// recentStreams remembers something of the streams that were seen last, without
// knowing when a stream ends: of a capture with any number of streams it holds those
// of two generations.
type recentStreams[T any] struct{ young, old map[int]T }

// generation is how many streams make a generation: as many as package capture holds
// at a time, so that none is forgotten that goes on.
const generation = 1 << 14

func (r *recentStreams[T]) get(stream int) (v T, ok bool) {
	if v, ok = r.young[stream]; ok {
		return v, true
	}
	if v, ok = r.old[stream]; ok {
		r.set(stream, v)
	}
	return v, ok
}

// forget forgets a stream that has ended.
func (r *recentStreams[T]) forget(stream int) {
	delete(r.young, stream)
	delete(r.old, stream)
}

func (r *recentStreams[T]) set(stream int, v T) {
	if r.young == nil {
		r.young = make(map[int]T)
	}
	if r.young[stream] = v; len(r.young) >= generation {
		r.young, r.old = nil, r.young
	}
}
