//go:build unix

// Captures measures mqttdump beside tshark, on a capture of small packets, and how fast
// captures of very many connections are read.
//
//	cd compare && go run ./captures
//
// It writes CAPTURES.md. In each round the programs take turns, so that what slows the
// machine down slows them all: the ratios mean something where the times alone mean little.
package main

import (
	"errors"
	"flag"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func main() {
	packets := flag.Int("packets", 900_000, "how many small `packets`")
	opened := flag.Int("connections", 1_000_000, "how many `connections` are opened; three tenths as many have a message and are closed")
	rounds := flag.Int("rounds", 3, "how many `rounds`")
	to := flag.String("o", "CAPTURES.md", "the `file` to write")
	read := flag.String("read", "", "read a `capture` and print nothing: so the library alone is measured")
	write := flag.String("write", "", "write the captures into a `folder`, and measure nothing")
	flag.Parse()
	var err error
	switch {
	case *read != "":
		err = readAll(*read)
	case *write != "":
		err = writeAll(*write, *packets, *opened)
	default:
		err = compareIn(*packets, *opened, *rounds, *to)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// The captures in their folder.
const (
	smallFile    = "small.pcap"
	synsFile     = "syns.pcap"
	sessionsFile = "sessions.pcap"
)

// writeAll writes the captures into a folder.
func writeAll(folder string, n, opened int) error {
	return errors.Join(
		smallPackets(filepath.Join(folder, smallFile), n),
		connections(filepath.Join(folder, synsFile), opened, false),
		connections(filepath.Join(folder, sessionsFile), opened*3/10, true),
	)
}

// compareIn compares in a folder that does not stay.
func compareIn(n, opened, rounds int, to string) error {
	folder, err := os.MkdirTemp("", "captures")
	if err != nil {
		return err
	}
	return errors.Join(compare(folder, n, opened, rounds, to), os.RemoveAll(folder))
}

// compare measures all programs, and writes what came out.
func compare(folder string, n, opened, rounds int, to string) error {
	dump := filepath.Join(folder, "mqttdump")
	if err := build(dump); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	// Another process writes them: what a program has in memory is counted from what the
	// one had that began it.
	if err := exec.Command(self, "-packets", strconv.Itoa(n), "-connections", strconv.Itoa(opened), "-write", folder).Run(); err != nil {
		return err
	}
	small, syns, sessions := filepath.Join(folder, smallFile), filepath.Join(folder, synsFile), filepath.Join(folder, sessionsFile)
	tables := []table{
		{title: "small packets", file: small, contenders: append(programs(self, dump, small), contender{name: "tshark -T fields", args: tshark(small), rival: true})},
		{title: "connections that are opened, by a SYN each", file: syns, contenders: programs(self, dump, syns)},
		{title: "connections with four packets, from SYN to FIN", file: sessions, contenders: programs(self, dump, sessions)},
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		log.Print("there is no tshark: nothing to compare with")
		tables[0].contenders = slices.DeleteFunc(tables[0].contenders, func(c contender) bool { return c.rival })
	}
	for i := range tables {
		if err := tables[i].measure(rounds); err != nil {
			return err
		}
	}
	return os.WriteFile(to, document(tables, rounds, n, opened), 0o644)
}

// build builds mqttdump, in the workspace of the repository.
func build(to string) error {
	c := exec.Command("go", "build", "-o", to, "./cmd/mqttdump")
	c.Dir, c.Stderr = "..", os.Stderr
	c.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GOWORK=") })
	return c.Run()
}

// programs are the ways of ours to read a file.
func programs(self, dump, file string) []contender {
	return []contender{
		{name: "package pcap, nothing printed", args: []string{self, "-read", file}},
		{name: "mqttdump", args: []string{dump, "-q", file}},
		{name: "mqttdump --json", args: []string{dump, "-qj", file}},
		{name: "mqttdump stats", args: []string{dump, "stats", "-q", file}},
		{name: "mqttdump sessions", args: []string{dump, "sessions", "-q", file}},
	}
}

// tshark is what asks tshark for about what a line of mqttdump has.
func tshark(file string) []string {
	args := []string{"tshark", "-r", file, "-Y", "mqtt", "-T", "fields"}
	for _, field := range []string{"frame.time_epoch", "tcp.stream", "mqtt.msgtype", "mqtt.clientid", "mqtt.topic", "mqtt.msgid", "mqtt.qos", "mqtt.msg"} {
		args = append(args, "-e", field)
	}
	return args
}
