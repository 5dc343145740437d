package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/mqttwire/mqttwire/compare/interleaved"
)

// result is what was measured in a row, in one layout.
type result struct {
	group, name string
	now, before times
	middle      float64 // the median over the rounds of now's time to before's
}

// times are nanoseconds and allocations of one operation.
type times struct{ least, median, allocs float64 }

// side is one of the two that were measured.
type side struct{ *interleaved.Contender }

func (s side) times() times { return times{slices.Min(s.NS), interleaved.Median(s.NS), s.Allocs} }

// ratio is that of the least times, which what else the machine does can only
// make longer.
func (r *result) ratio() float64 { return r.now.least / r.before.least }

// write writes the results to a file, a line for each row.
func write(file string, all []result) error {
	var s strings.Builder
	for _, r := range all {
		fmt.Fprintf(&s, "%s\t%s", r.group, r.name)
		for _, n := range []float64{r.now.least, r.now.median, r.now.allocs, r.before.least, r.before.median, r.before.allocs, r.middle} {
			fmt.Fprintf(&s, "\t%g", n)
		}
		s.WriteByte('\n')
	}
	return os.WriteFile(file, []byte(s.String()), 0o644)
}

// readFile reads what write has written.
func readFile(file string) (all []result, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		r, err := parse(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, r)
	}
	return all, lines.Err()
}

func parse(line string) (r result, err error) {
	words := strings.Split(line, "\t")
	if len(words) != 9 {
		return r, fmt.Errorf("%q has %d columns", line, len(words))
	}
	r.group, r.name = words[0], words[1]
	for i, n := range []*float64{&r.now.least, &r.now.median, &r.now.allocs, &r.before.least, &r.before.median, &r.before.allocs, &r.middle} {
		if *n, err = strconv.ParseFloat(words[2+i], 64); err != nil {
			return r, err
		}
	}
	return r, nil
}
