// Command speed measures the codecs over the same bytes, prints how far each goal
// is met, and writes RESULTS.md in the current directory:
//
//	go run ./speed
//
// It takes some minutes, and wants a machine that does nothing else. With -quick
// it takes seconds, its figures mean little, and it writes nothing: it shows that
// everything runs.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"

	"github.com/mqttwire/mqttwire/compare/interleaved"
)

func main() {
	quick := flag.Bool("quick", false, "run everything for a short time, and write no file")
	only := flag.String("rows", "", "measure only the rows whose name matches this regular expression, and write no file")
	out := flag.String("o", "RESULTS.md", "file to write")
	flag.Parse()
	if err := run(*quick, *only, *out); err != nil {
		fmt.Fprintln(os.Stderr, "speed:", err)
		os.Exit(1)
	}
}

func run(quick bool, only, out string) error {
	versions, err := moduleVersions()
	if err != nil {
		return err
	}
	p := interleaved.Full
	if quick {
		p = interleaved.Quick
	}
	rows, err := measured(p, only)
	if err != nil {
		return err
	}
	if only != "" {
		fmt.Print(plain(rows))
		return nil
	}
	all := goals(rows)
	fmt.Print(goalTable(all) + missedTable(all))
	if quick {
		return nil
	}
	return os.WriteFile(out, []byte(document(rows, p, versions)), 0o644)
}

// measured returns the rows, verified and measured.
func measured(p interleaved.Plan, only string) ([]row, error) {
	match, err := regexp.Compile(only)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, r := range allRows() {
		if match.MatchString(r.name) {
			rows = append(rows, r)
		}
	}
	for i := range rows {
		if err := verify(&rows[i]); err != nil {
			return nil, err
		}
	}
	measure(rows, p)
	return rows, nil
}

// plain returns a line for each contender of each row.
func plain(rows []row) (s string) {
	for i := range rows {
		for j := range rows[i].contenders {
			c := &rows[i].contenders[j]
			s += fmt.Sprintf("%-60s %-24s %12s ns %8s× %4.0f allocs\n", kindNames[rows[i].kind]+" "+rows[i].name, c.name, number(interleaved.Median(c.NS)),
				number(ratio(c, &rows[i].contenders[0])), c.Allocs)
		}
	}
	return s
}

var kindNames = [...]string{"decode", "encode", "encode", "stream", "fan-out", "size", "worst"}
