package packets

import "slices"

// oversized reports whether a list with room for so many entries is to be given
// back before a packet with n bytes of body is decoded into it: it is large, and
// the packet cannot have half as many entries. The half is there because a list
// gets somewhat more room than it was asked for.
func oversized(room, n int) bool { return room > maxReused && room/2 > n }

// maxReused is the largest number of entries of a list that a packet keeps room
// for whatever comes next.
const maxReused = 1024

// reuse empties a list that a packet owns, so that Decode can fill it again from
// n bytes of body. It drops what the entries pointed to, and the list itself if
// it is oversized.
func reuse[T any](list []T, n int) []T {
	if oversized(cap(list), n) {
		return nil
	}
	clear(list)
	return list[:0]
}

// filled returns the list with the n entries that Decode has written over it, and
// drops what those behind them pointed to.
func filled[T any](list []T, n int) []T {
	if n < len(list) {
		clear(list[n:])
	}
	return list[:n]
}

// overwritten returns the list with other entries, which may be its own, in its room,
// and drops what those behind them pointed to.
func overwritten[T any](list, entries []T) []T {
	n := len(list)
	list = append(list[:0], entries...)
	if len(list) < n {
		clear(list[len(list):n])
	}
	return list
}

// room returns the list, all of which is filled, with room for n more entries, at
// least one.
func room[T any](list []T, n int) []T {
	list = slices.Grow(list, max(n, 1))
	return list[:cap(list)]
}
