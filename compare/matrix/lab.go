package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// errMissing is why a cell is skipped: what it needs is not on this machine.
var errMissing = errors.New("skipped")

// missing says what is.
func missing(what string) error { return fmt.Errorf("%w: %s", errMissing, what) }

// lab is a folder that is gone at the end, with what servers and clients of others need:
// each is made when it is asked for first.
type lab struct {
	dir string
	ca  *authority
	// npm returns a folder with the scripts of peers/ and the packages that they need.
	npm func() (string, error)
	// python returns a Python that has Paho's client.
	python func() (string, error)
	// serve returns the program mqtt.
	serve func() (string, error)
}

func newLab() (l *lab, err error) {
	l = &lab{}
	if l.dir, err = os.MkdirTemp("", "matrix"); err != nil {
		return nil, err
	}
	l.npm = sync.OnceValues(l.installPackages)
	l.python = sync.OnceValues(findPython)
	l.serve = sync.OnceValues(l.buildServe)
	l.ca, err = newAuthority(l.dir)
	return l, errors.Join(err)
}

func (l *lab) close() { _ = os.RemoveAll(l.dir) }

// module returns the folder of the module compare, wherever in it the program runs.
func module() (string, error) {
	file, err := exec.Command("go", "env", "GOMOD").Output()
	return filepath.Dir(strings.TrimSpace(string(file))), err
}

// installPackages copies the scripts and has npm install the packages of package.json.
func (l *lab) installPackages() (string, error) {
	if out, err := exec.Command("node", "--version").Output(); err != nil || strings.TrimSpace(string(out)) < "v20" {
		return "", missing("node of version 20 or later is not installed")
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return "", missing("npm is not installed")
	}
	from, err := module()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(l.dir, "npm")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(from, "matrix", "peers"))); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--fetch-retries=1")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", missing(fmt.Sprintf("npm cannot install its packages (%v: %s)", err, firstLine(out)))
	}
	return dir, nil
}

// firstLine returns what a program has said first.
func firstLine(out []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}

// findPython looks for one with Paho's client, which Debian has as python3-paho-mqtt.
func findPython() (string, error) {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import paho.mqtt.client").Run() == nil {
			return python, nil
		}
	}
	return "", missing("Paho's client for Python is not installed (apt-get install python3-paho-mqtt)")
}

// buildServe builds cmd/mqtt, which stands in a workspace that compare/ is not in.
func (l *lab) buildServe() (string, error) {
	from, err := module()
	if err != nil {
		return "", err
	}
	program := filepath.Join(l.dir, "mqtt")
	cmd := exec.Command("go", "build", "-o", program, "./mqtt")
	cmd.Dir = filepath.Join(from, "..", "cmd")
	cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(from, "..", "go.work"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building mqtt: %w: %s", err, out)
	}
	return program, nil
}
