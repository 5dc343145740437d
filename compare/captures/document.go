//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

const introduction = `# Reading captures, beside tshark

    cd compare && go run ./captures

Measured on %s, %d processors, %s, %s. %d small packets of twenty clients, a segment each,
QoS 0, 1 and 2; %d connections that are opened and nothing else; %d that have four packets and are
closed. Medians of %d rounds, in which the programs take turns. **Where the machine is loaded by other
work, times say little by themselves: the ratios within a table are what counts.** Processor time is that
of all threads, of the user and of the system; MB/s are bytes of the file in a second of it. What is
printed is thrown away. Memory is the most that the process had.
`

// document is the page that tells how all did.
func document(tables []table, rounds, n, opened int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, introduction, time.Now().Format(time.DateOnly), runtime.NumCPU(), strings.Replace(runtime.Version(), "go", "Go ", 1),
		tsharkVersion(), n, opened, opened*3/10, rounds)
	for i := range tables {
		tables[i].write(&b)
	}
	return b.Bytes()
}

// tsharkVersion is what tshark calls itself.
func tsharkVersion() string {
	out, err := exec.Command("tshark", "--version").Output()
	if err != nil {
		return "no tshark"
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSuffix(line, ".")
}

func (t *table) write(b *bytes.Buffer) {
	var rival *contender
	for i := range t.contenders {
		if t.contenders[i].rival {
			rival = &t.contenders[i]
		}
	}
	fmt.Fprintf(b, "\n## %s, %.0f MB\n\n| | processor s | MB/s | wall s | memory MB |", t.title, float64(t.size)/1e6)
	if rival != nil {
		b.WriteString(" tshark takes times the processor | times the wall | times the memory |")
	}
	b.WriteString("\n|---|--:|--:|--:|--:|")
	if rival != nil {
		b.WriteString("--:|--:|--:|")
	}
	b.WriteString("\n")
	for i := range t.contenders {
		c := &t.contenders[i]
		spent := c.median(processor)
		fmt.Fprintf(b, "| %s | %.2f | %.0f | %.2f | %.0f |", c.name, spent, float64(t.size)/1e6/spent, c.median(wall), c.median(memory))
		if rival != nil {
			fmt.Fprintf(b, " %.1f | %.1f | %.1f |", c.ratio(rival, processor), c.ratio(rival, wall), c.ratio(rival, memory))
		}
		b.WriteString("\n")
	}
}
