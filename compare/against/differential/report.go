package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// report says how many packets there were, and shows the first that are unlike.
func (a *tally) report() string {
	var s strings.Builder
	for _, u := range a.cases {
		fmt.Fprintf(&s, "packet %d: %s\n", u.packet, u.where())
		for _, line := range u.before {
			fmt.Fprintf(&s, "  before  %s\n", line)
		}
		for _, line := range u.now {
			fmt.Fprintf(&s, "  now     %s\n", line)
		}
	}
	if a.unlike > len(a.cases) {
		fmt.Fprintf(&s, "and %d more\n", a.unlike-len(a.cases))
	}
	for _, kind := range slices.SortedFunc(maps.Keys(a.kinds), func(x, y string) int {
		return cmp.Or(a.kinds[y]-a.kinds[x], strings.Compare(x, y))
	}) {
		fmt.Fprintf(&s, "%9d unlike in %s\n", a.kinds[kind], kind)
	}
	fmt.Fprintf(&s, "%d packets decoded, %s legal; %d drawn and encoded, %s legal; %d unlike\n",
		a.decoded, percent(a.legal, a.decoded), a.encoded, percent(a.legalDrawn, a.encoded), a.unlike)
	return s.String()
}

func (u *unlike) where() string {
	if u.what == nil {
		return "drawn"
	}
	return fmt.Sprintf("%x", u.what)
}

func percent(part, all int) string {
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(max(all, 1)))
}
