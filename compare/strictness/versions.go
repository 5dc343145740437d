package main

import (
	"errors"
	"runtime/debug"
)

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
