package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// machine says what the program runs on.
func machine() string {
	return fmt.Sprintf("%s, %s/%s, %s", processor(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// processor returns the model of the processor, where the system tells it.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, model, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return "unknown processor"
}

// here stands for the version of a module that is a directory of this
// repository.
const here = "this repository"

// moduleVersions returns the versions of the modules that this program was built
// with, by module path.
func moduleVersions() (map[string]string, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok || len(info.Deps) == 0 {
		return nil, errors.New("the binary does not tell its module versions")
	}
	versions := map[string]string{}
	for _, m := range info.Deps {
		versions[m.Path] = m.Version
		if m.Replace != nil {
			versions[m.Path] = here
		}
	}
	return versions, nil
}
