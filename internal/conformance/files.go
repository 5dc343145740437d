package conformance

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Write writes the pages below root, and removes the Markdown files in their
// folder that are none of them.
func Write(root string, pages []Page) error {
	for _, p := range pages {
		name := filepath.Join(root, filepath.FromSlash(p.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(p.Text), 0o644); err != nil {
			return err
		}
	}
	others, err := otherFiles(root, pages)
	for _, name := range others {
		if path.Ext(name) == ".md" {
			err = errors.Join(err, os.Remove(filepath.Join(root, filepath.FromSlash(name))))
		}
	}
	return err
}

// Check returns an error for each page below root that is missing or not
// current, and for each file in their folder that is no page.
func Check(root string, pages []Page) (err error) {
	for _, p := range pages {
		text, failed := os.ReadFile(filepath.Join(root, filepath.FromSlash(p.Path)))
		if failed == nil {
			failed = compare(p, string(text))
		}
		err = errors.Join(err, failed)
	}
	others, failed := otherFiles(root, pages)
	err = errors.Join(err, failed)
	for _, name := range others {
		err = errors.Join(err, fmt.Errorf("%s is no page of the report", name))
	}
	return err
}

// compare returns an error that names the first line at which text is not that
// of the page.
func compare(p Page, text string) error {
	if text == p.Text {
		return nil
	}
	want, found := strings.SplitAfter(p.Text, "\n"), strings.SplitAfter(text, "\n")
	n := 0
	for n < len(want) && n < len(found) && want[n] == found[n] {
		n++
	}
	return fmt.Errorf("%s:%d is not current", p.Path, n+1)
}

// otherFiles returns what is in the folder of the pages but none of them, as
// paths below root with slashes.
func otherFiles(root string, pages []Page) (names []string, err error) {
	known := map[string]bool{}
	for _, p := range pages {
		known[p.Path] = true
	}
	err = fs.WalkDir(os.DirFS(root), folder, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !known[name] {
			names = append(names, name)
		}
		return err
	})
	return names, err
}
