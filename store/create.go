package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	bolt "go.etcd.io/bbolt"
)

// create makes the file of a Store without a record. It is made under another name and
// given its own when it is whole, so that a file of that name always is one; created is
// false if somebody else has made it meanwhile.
func create(path string) (created bool, err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new*")
	if err != nil {
		return false, err
	}
	name := file.Name()
	defer func() {
		if removed := os.Remove(name); !errors.Is(removed, fs.ErrNotExist) {
			err = errors.Join(err, removed)
		}
	}()
	if err := errors.Join(file.Close(), fill(name)); err != nil {
		return false, err
	}
	err = os.Link(name, path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return false, nil
	case err != nil: // where files have one name only
		err = os.Rename(name, path)
	}
	return err == nil, errors.Join(err, syncFolder(filepath.Dir(path)))
}

// fill writes what an empty Store has, twice, as each of the head pages is that of a
// transaction: if one gets lost, the other has to have it too.
func fill(name string) error {
	db, err := bolt.Open(name, 0o600, nil)
	if err != nil {
		return err
	}
	for range 2 {
		err = errors.Join(err, db.Update(func(tx *bolt.Tx) error {
			_, err := tx.CreateBucketIfNotExists(recordsBucket)
			b, other := tx.CreateBucketIfNotExists(stateBucket)
			if err = errors.Join(err, other); err != nil {
				return err
			}
			return b.Put(stateKey, state{}.append(nil))
		}))
	}
	return errors.Join(err, db.Close())
}

// syncFolder makes the names in a folder durable, where a system has that.
func syncFolder(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
