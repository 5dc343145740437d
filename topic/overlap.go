package topic

import "github.com/mqttwire/mqttwire"

// maxName is how long a topic name may be. [MQTT-4.7.3-3]
const maxName = 65535

// Overlap reports whether there is a topic name that both filters match, one that
// is no longer than topic names may be. A shared filter counts as the filter within
// it, and one that is malformed in 5.0 overlaps with none. It goes over both once
// and allocates nothing. Sections 4.7 and 4.8.2.
func Overlap(a, b []byte) bool {
	a, b, ok := within(a, b)
	if !ok || missesDollar(a, b) || missesDollar(b, a) {
		return false
	}
	shortest := -1 // how long the shortest name that both match is; each level but the first has a slash in front
	for {
		x, restA, moreA := nextLevel(a)
		y, restB, moreB := nextLevel(b)
		if isHash(x) && isHash(y) { // the name may end in front of them
			return shortest <= maxName
		}
		if !isWildcard(x) && !isWildcard(y) && string(x) != string(y) {
			return false
		}
		shortest += 1 + max(literal(x), literal(y))
		a, b = restA, restB
		if !moreA || !moreB {
			isName := shortest != 0 || len(x) > 0 && len(y) > 0 // there is none of one level that is empty
			return isName && shortest <= maxName && (moreA == moreB || isHash(a) || isHash(b))
		}
	}
}

// Subset reports whether b matches every topic name that a matches. A shared filter
// counts as the filter within it, and one that is malformed in 5.0 is no subset of
// another and has none. It goes over both once and allocates nothing. Sections 4.7
// and 4.8.2.
func Subset(a, b []byte) bool {
	a, b, ok := within(a, b)
	if !ok || missesDollar(b, a) {
		return false
	}
	ends := false // whether a name that a matches may end in front of the level
	for first := true; ; first = false {
		x, restA, moreA := nextLevel(a)
		y, restB, moreB := nextLevel(b)
		switch {
		case isHash(y):
			return true
		case isHash(x) && ends: // else # is +/#
			return false
		case !isPlus(y) && string(x) != string(y):
			return false
		}
		a, b = restA, restB
		ends = !first || len(x) > 0
		if !moreA || !moreB {
			return moreA == moreB || !moreA && isHash(b)
		}
	}
}

// within returns the filters within, if both are legal.
func within(a, b []byte) (withinA, withinB []byte, ok bool) {
	_, a, okA := mqttwire.SplitSharedFilter(a)
	_, b, okB := mqttwire.SplitSharedFilter(b)
	return a, b, okA && okB
}

// missesDollar reports whether a does not match what b does as it begins with a
// wildcard, and those names with $. [MQTT-4.7.2-1]
func missesDollar(a, b []byte) bool { return (a[0] == '+' || a[0] == '#') && b[0] == '$' }

// nextLevel is cutLevel for a filter in which a # stands for any number of levels:
// it is followed by itself.
func nextLevel(filter []byte) (level, rest []byte, more bool) {
	if isHash(filter) {
		return filter, filter, true
	}
	return cutLevel(filter)
}

func isHash(level []byte) bool     { return len(level) == 1 && level[0] == '#' }
func isPlus(level []byte) bool     { return len(level) == 1 && level[0] == '+' }
func isWildcard(level []byte) bool { return isHash(level) || isPlus(level) }

// literal returns how many bytes of a name a level of a filter has to itself.
func literal(level []byte) int {
	if isWildcard(level) {
		return 0
	}
	return len(level)
}
