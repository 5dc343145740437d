package store_test

import (
	"path/filepath"
	"testing"

	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/sessiontest"
	"github.com/mqttwire/mqttwire/store"
)

func TestAStoreIsAJournal(t *testing.T) {
	folder := t.TempDir()
	sessiontest.Journal(t, func(name string) (session.Journal, error) {
		return store.Open(filepath.Join(folder, name), store.Options{})
	})
}
