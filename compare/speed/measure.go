package main

import "github.com/mqttwire/mqttwire/compare/interleaved"

// measure measures the rows.
func measure(rows []row, p interleaved.Plan) {
	list := make([]interleaved.Row, len(rows))
	for i := range rows {
		list[i].Operations = rows[i].operations
		for j := range rows[i].contenders {
			list[i].Contenders = append(list[i].Contenders, &rows[i].contenders[j].Contender)
		}
	}
	interleaved.Measure(list, p)
}

// ratio returns the median over the rounds of a's time to b's.
func ratio(a, b *contender) float64 { return interleaved.Median(ratios(a, b)) }

func ratios(a, b *contender) []float64 { return interleaved.Ratios(&a.Contender, &b.Contender) }
