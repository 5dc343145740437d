package store

import (
	"bytes"
	"encoding/binary"
	"hash/fnv"
	"io"
)

// What follows reads the file of bbolt without bbolt, which believes its pages: one
// that is damaged would make it panic, run in circles, or hand out what is not there.
//
// A page begins with its number (8 bytes), what it is and how many entries it has (2
// bytes each), and how many more pages belong to it (4 bytes). The first two are head
// pages, of which the whole one with the greater transaction counts. The numbers are
// as the machine has them.
const (
	pageHead    = 16
	entrySize   = 16
	headSize    = 64      // of a head page, behind pageHead
	bucketSize  = 16      // of a bucket: its root page, and a number that we do not use
	minPageSize = 1 << 10 // of what bbolt looks for
	maxPageSize = 1 << 24
	maxDepth    = 64
)

// What a page is.
const (
	branchPage = 1
	leafPage   = 2
	freePage   = 0x10
)

const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2
)

var native = binary.NativeEndian

// head is what a head page says.
type head struct {
	pageSize uint32
	root     uint64 // page of the bucket of buckets
	free     uint64 // page with the free ones
	pages    uint64 // that are in use or free
	id       uint64 // of the transaction
}

// readHead reads a head page; ok is false if it is not whole.
func readHead(file io.ReaderAt, at int64) (h head, ok bool, err error) {
	var b [pageHead + headSize]byte
	if _, err := file.ReadAt(b[:], at); err != nil && err != io.EOF {
		return h, false, err
	}
	m := b[pageHead:]
	hash := fnv.New64a()
	_, _ = hash.Write(m[:headSize-8])
	if native.Uint32(m) != boltMagic || native.Uint32(m[4:]) != boltVersion || native.Uint64(m[headSize-8:]) != hash.Sum64() {
		return h, false, nil
	}
	return head{native.Uint32(m[8:]), native.Uint64(m[16:]), native.Uint64(m[32:]), native.Uint64(m[40:]), native.Uint64(m[48:])}, true, nil
}

// findHead returns the head page that counts: bbolt writes them in turn, so one that
// is torn leaves the transaction before.
func findHead(file io.ReaderAt) (h head, ok bool, err error) {
	h, ok, err = readHead(file, 0)
	if ok {
		second, whole, err := readHead(file, int64(h.pageSize))
		if whole && second.id > h.id {
			h = second
		}
		return h, true, err
	}
	for size := int64(minPageSize); size <= maxPageSize && err == nil; size *= 2 {
		if h, ok, err = readHead(file, size); ok && int64(h.pageSize) == size {
			return h, true, nil
		}
	}
	return h, false, err
}

// pages walks over a file and sees that each page is used once.
type pages struct {
	path string
	file io.ReaderAt
	head head
	seen []bool
}

// damage says what is wrong at a byte.
func (p *pages) damage(at int64, why string) error {
	return &DamageError{Path: p.path, Offset: at, Why: why}
}

// openPages reads the head pages of a file.
func openPages(path string, file io.ReaderAt, size int64) (*pages, error) {
	p := &pages{path: path, file: file}
	if size == 0 {
		return nil, p.damage(0, "it is empty")
	}
	var ok bool
	var err error
	if p.head, ok, err = findHead(file); err != nil {
		return nil, err
	}
	if !ok {
		return nil, p.damage(0, "neither of the two pages that it begins with is whole")
	}
	n := p.head.pageSize
	if n < minPageSize || n > maxPageSize || n&(n-1) != 0 {
		return nil, p.damage(0, "a page has a size that no file has")
	}
	if p.head.pages < 4 || p.head.pages > uint64(size)/uint64(n) {
		return nil, p.damage(size, "it is cut off")
	}
	p.seen = make([]bool, p.head.pages)
	p.seen[0], p.seen[1] = true, true
	return p, nil
}

// page is a page with what belongs to it, or a bucket that stands inside one.
type page struct {
	at    int64 // where it begins in the file
	kind  uint16
	count int
	data  []byte
}

// read reads a page that was not read yet.
func (p *pages) read(id uint64) (page, error) {
	at := int64(id) * int64(p.head.pageSize)
	if !p.unused(id) {
		return page{}, p.damage(at, "a page is named twice, or is not there")
	}
	var b [pageHead]byte
	if _, err := p.file.ReadAt(b[:], at); err != nil {
		return page{}, err
	}
	more := uint64(native.Uint32(b[12:]))
	if native.Uint64(b[:]) != id || more >= p.head.pages-id {
		return page{}, p.damage(at, "a page is another one")
	}
	for next := id; next <= id+more; next++ {
		if !p.unused(next) {
			return page{}, p.damage(at, "a page is named twice")
		}
		p.seen[next] = true
	}
	found := page{at: at, kind: native.Uint16(b[8:]), count: int(native.Uint16(b[10:])), data: make([]byte, int64(more+1)*int64(p.head.pageSize))}
	_, err := p.file.ReadAt(found.data, at)
	return found, err
}

func (p *pages) unused(id uint64) bool { return id < p.head.pages && !p.seen[id] }

// entry is one of a page: of a leaf, a key with its value; of a branch, the first key
// of another page.
type entry struct {
	key    []byte
	value  []byte
	child  uint64
	bucket bool
	at     int64 // where its key begins in the file
}

// entry returns the i-th entry of a page.
func (p *page) entry(i int) (e entry, ok bool) {
	start := pageHead + i*entrySize
	if start+entrySize > len(p.data) {
		return e, false
	}
	b := p.data[start:]
	var from, key, value uint64
	if p.kind == branchPage {
		from, key, e.child = uint64(native.Uint32(b)), uint64(native.Uint32(b[4:])), native.Uint64(b[8:])
	} else {
		e.bucket = native.Uint32(b) == 1
		from, key, value = uint64(native.Uint32(b[4:])), uint64(native.Uint32(b[8:])), uint64(native.Uint32(b[12:]))
		if native.Uint32(b) > 1 {
			return e, false
		}
	}
	if from < entrySize || from+key+value > uint64(len(b)) {
		return e, false
	}
	e.key, e.value = b[from:from+key], b[from+key:from+key+value]
	e.at = p.at + int64(start) + int64(from)
	return e, true
}

// tree walks over the page id and those below, whose keys are from low up to high, nil
// being no bound.
func (p *pages) tree(id uint64, low, high []byte, depth int, leaf func(entry) error) error {
	found, err := p.read(id)
	if err != nil {
		return err
	}
	return p.entries(&found, low, high, depth, leaf)
}

// entries walks over the entries of a page of a tree.
func (p *pages) entries(of *page, low, high []byte, depth int, leaf func(entry) error) error {
	if of.kind != leafPage && of.kind != branchPage || depth > maxDepth || of.kind == branchPage && of.count == 0 {
		return p.damage(of.at, "a page is none of a tree")
	}
	for i := range of.count {
		e, ok := of.entry(i)
		if !ok || bytes.Compare(e.key, low) < 0 || i > 0 && bytes.Equal(e.key, low) || high != nil && bytes.Compare(e.key, high) >= 0 {
			return p.damage(of.at+pageHead+int64(i)*entrySize, "an entry of a page does not belong there")
		}
		low = e.key
		if of.kind == leafPage {
			if err := leaf(e); err != nil {
				return err
			}
			continue
		}
		end := high
		if next, ok := of.entry(i + 1); ok && i+1 < of.count {
			end = next.key
		}
		if err := p.tree(e.child, e.key, end, depth+1, leaf); err != nil {
			return err
		}
	}
	return nil
}

// bucket walks over the bucket that is the value of an entry.
func (p *pages) bucket(e entry, leaf func(entry) error) error {
	at := e.at + int64(len(e.key))
	if len(e.value) < bucketSize || native.Uint64(e.value[8:]) != 0 {
		return p.damage(at, "a bucket is none")
	}
	if root := native.Uint64(e.value); root != 0 {
		return p.tree(root, nil, nil, 0, leaf)
	}
	b := e.value[bucketSize:]
	if len(b) < pageHead || native.Uint16(b[8:]) != leafPage {
		return p.damage(at, "a bucket is none")
	}
	inside := page{at: at + bucketSize, kind: leafPage, count: int(native.Uint16(b[10:])), data: b}
	return p.entries(&inside, nil, nil, 0, leaf)
}

// free reads the list of free pages, and sees that there is no page that is neither
// in the list nor used.
func (p *pages) free() error {
	list, err := p.read(p.head.free)
	if err != nil {
		return err
	}
	ids, count := list.data[pageHead:], uint64(list.count)
	if count == 0xFFFF {
		count = native.Uint64(ids)
		ids = ids[8:]
	}
	if list.kind != freePage || count > uint64(len(ids))/8 {
		return p.damage(list.at, "the list of free pages is none")
	}
	for i := range count {
		id := native.Uint64(ids[8*i:])
		if !p.unused(id) {
			return p.damage(list.at, "a page is free and in use, or is not there")
		}
		p.seen[id] = true
	}
	for id, seen := range p.seen {
		if !seen {
			return p.damage(int64(id)*int64(p.head.pageSize), "a page is neither in use nor free")
		}
	}
	return nil
}
