package mqttwire

// Versions is a set of protocol versions. The zero set is empty; where it means
// something else, it is said there.
type Versions uint8

// VersionsOf returns the set of the given versions, which are V31, V311 or V5;
// others are left out.
func VersionsOf(versions ...Version) (s Versions) {
	for _, v := range versions {
		if v.Known() {
			s |= 1 << v
		}
	}
	return s
}

const (
	in31  Versions = 1 << V31
	in311 Versions = 1 << V311
	in5   Versions = 1 << V5
	in3x           = in31 | in311
	inAll          = in3x | in5
)

// Has reports whether v is in the set.
func (s Versions) Has(v Version) bool { return v <= V5 && s&(1<<v) != 0 }

// String returns the versions in words, the oldest first: "3.1.1 and 5.0", or
// "none".
func (s Versions) String() string {
	var words []string
	for v := V31; v <= V5; v++ {
		if s.Has(v) {
			words = append(words, v.String())
		}
	}
	switch len(words) {
	case 0:
		return "none"
	case 1:
		return words[0]
	case 2:
		return words[0] + " and " + words[1]
	}
	return words[0] + ", " + words[1] + " and " + words[2]
}
