package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/mqttwire/mqttwire/compare/codecs"
)

// required finds the modules that go.mod requires, with their versions.
var required = regexp.MustCompile(`(?m)^\t(\S+) (v\S+)`)

func TestTheFileNamesTheVersionsInGoMod(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile("../" + file)
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, m := range required.FindAllStringSubmatch(string(mod), -1) {
		versions[m[1]] = m[2]
	}
	for _, e := range codecs.All()[1:] {
		line := "| " + e.Package + " | " + versions[e.Module] + " |"
		if versions[e.Module] == "" || !strings.Contains(string(written), line) {
			t.Errorf("%s has no line %q: run \"go run ./strictness\" in compare/", file, line)
		}
	}
}

func TestTheBuildTellsTheVersionOfEachModule(t *testing.T) {
	versions, err := moduleVersions()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range codecs.All() {
		if versions[e.Module] == "" {
			t.Errorf("no version for %s", e.Module)
		}
	}
}
