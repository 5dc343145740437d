package main

import "fmt"

// rotated wants one cell of each server, kind of client, version and variant: the next one
// of them with the next number.
func rotated(number int) func(cell) bool {
	place := map[string]int{} // of cells that were seen, and how many there are
	total := map[string]int{}
	group := func(c cell) string { return fmt.Sprint(c.server.name, c.kind.name, c.version, c.variant.what) }
	for _, c := range cells((&lab{}).servers()) {
		total[group(c)]++
	}
	return func(c cell) bool {
		g := group(c)
		place[g]++
		return (place[g]-1)%total[g] == number%total[g]
	}
}
