// Command speed compares the times of the library in the working tree with those
// of an older commit of it, both in one process and by turns:
//
//	scripts/speed-against -layouts 4 -check
//
// A ratio is that of the least times. Where the linker puts a function can make it
// much slower, whether it is the older or the newer one; so each of several layouts
// is a program of its own, and a side counts as it is in the layout that suits it
// best.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/mqttwire/mqttwire/compare/against/rows"
	"github.com/mqttwire/mqttwire/compare/against/work"
	"github.com/mqttwire/mqttwire/compare/interleaved"
)

func main() {
	rounds := flag.Int("rounds", 61, "how often each side runs for a slice")
	slice := flag.Duration("slice", time.Millisecond, "how long it runs for")
	only := flag.String("rows", "", "measure only the rows whose group and name match this regular expression")
	out := flag.String("o", "", "write what was measured to this file, and judge nothing")
	judge := flag.Bool("judge", false, "measure nothing, and judge what stands in the files that are named")
	check := flag.Bool("check", false, "fail if a goal is missed")
	flag.Parse()
	all, err := measuredOrRead(interleaved.Plan{Rounds: *rounds, Slice: *slice}, *only, *judge, flag.Args())
	if err == nil && *out != "" {
		err = write(*out, all[0])
		all = nil
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(2)
	}
	if all == nil {
		return
	}
	verdict := judged(all)
	fmt.Print(verdict.table())
	missed := verdict.missed()
	for _, what := range missed {
		fmt.Println("missed:", what)
	}
	if *check && len(missed) > 0 {
		os.Exit(1)
	}
}

// measuredOrRead returns what was measured, by layout.
func measuredOrRead(p interleaved.Plan, only string, read bool, files []string) (all [][]result, err error) {
	if !read {
		one, err := measured(p, only)
		return [][]result{one}, err
	}
	for _, file := range files {
		one, err := readFile(file)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no file is named")
	}
	return all, nil
}

// measured measures the rows of both sides.
func measured(p interleaved.Plan, only string) ([]result, error) {
	match, err := regexp.Compile(only)
	if err != nil {
		return nil, err
	}
	now, before := rows.All(), beforeRows()
	var list []interleaved.Row
	var kept []work.Row
	for i := range now {
		if match.MatchString(now[i].Group + ": " + now[i].Name) {
			kept = append(kept, now[i])
			list = append(list, interleaved.Row{Contenders: []*interleaved.Contender{{Run: now[i].Run}, {Run: before[i].Run}}})
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("no row matches %q", only)
	}
	interleaved.Measure(list, p)
	results := make([]result, len(kept))
	for i, r := range list {
		now, before := r.Contenders[0], r.Contenders[1]
		results[i] = result{group: kept[i].Group, name: kept[i].Name, now: side{now}.times(), before: side{before}.times(),
			middle: interleaved.Median(interleaved.Ratios(now, before))}
	}
	return results, nil
}
