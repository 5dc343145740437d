package sessiontest_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/sessiontest"
)

// listed is a journal in a list of bytes, as a file would be: of each record 4 bytes of
// length, the checksum of these, the checksum of what follows, whether it is a snapshot,
// the length of the key, the key, and the data.
type listed struct {
	mu      sync.Mutex
	content []byte
	broken  string // how it is, for the tests of the kit
}

const listedHead = 12

// openListed opens a journal whose file has this content. A torn tail is taken off.
func openListed(content []byte, broken string) (*listed, error) {
	j := &listed{content: content, broken: broken}
	at := 0
	for at < len(content) {
		_, n, err := j.record(content[at:])
		switch {
		case err == errTorn:
			if broken == "torn is an error" {
				return nil, err
			}
			j.content = slices.Clone(content[:at])
			if broken == "keeps what is torn" {
				j.content = content
			}
			return j, nil
		case err != nil && broken == "begins anew":
			j.content = nil
			return j, nil
		case err != nil:
			return nil, fmt.Errorf("at byte %d: %w", at, err)
		}
		at += n
	}
	return j, nil
}

var (
	errTorn    = errors.New("it ends too early")
	errDamaged = errors.New("a checksum is wrong")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// record reads the record that b begins with, and returns how many bytes it has.
func (j *listed) record(b []byte) (r session.Record, n int, err error) {
	if len(b) < listedHead {
		return r, 0, errTorn
	}
	if crc32.Checksum(b[:4], castagnoli) != binary.BigEndian.Uint32(b[4:]) && j.broken != "believes lengths" {
		return r, 0, errDamaged
	}
	length := binary.BigEndian.Uint32(b)
	if uint64(length) > uint64(len(b)-listedHead) { // an int may have 32 bits
		return r, 0, errTorn
	}
	n = int(length)
	body := b[listedHead : listedHead+n]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(b[8:]) && j.broken != "believes data" {
		return r, 0, errDamaged
	}
	if n < 5 || uint64(binary.BigEndian.Uint32(body[1:])) > uint64(n-5) {
		return r, 0, errDamaged
	}
	key := 5 + int(binary.BigEndian.Uint32(body[1:]))
	return session.Record{Session: body[5:key], Data: body[key:], Snapshot: body[0] == 1}, listedHead + n, nil
}

func (j *listed) Append(records []session.Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range records {
		body := []byte{0}
		if r.Snapshot {
			body[0] = 1
		}
		body = append(append(binary.BigEndian.AppendUint32(body, uint32(len(r.Session))), r.Session...), r.Data...)
		head := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		head = binary.BigEndian.AppendUint32(head, crc32.Checksum(head, castagnoli))
		head = binary.BigEndian.AppendUint32(head, crc32.Checksum(body, castagnoli))
		j.content = append(append(j.content, head...), body...)
	}
	return nil
}

func (j *listed) Load() iter.Seq2[session.Record, error] {
	return func(yield func(session.Record, error) bool) {
		j.mu.Lock()
		rest := slices.Clone(j.content)
		j.mu.Unlock()
		kept := session.MemoryJournal() // which knows what is still needed
		for len(rest) > 0 {
			r, n, err := j.record(rest)
			if err != nil {
				yield(session.Record{}, err)
				return
			}
			_ = kept.Append([]session.Record{r})
			rest = rest[n:]
		}
		for r := range kept.Load() {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (j *listed) Close() error { return nil }

// torn opens listed journals as TornJournal asks for it.
func torn(broken string) func([]byte) (sessiontest.File, error) {
	return func(content []byte) (sessiontest.File, error) {
		j, err := openListed(content, broken)
		return sessiontest.File{Journal: j, Content: func() ([]byte, error) { return j.content, nil }}, err
	}
}

// told is a sessiontest.TB that keeps what it is told.
type told struct{ faults []string }

func (*told) Helper() {}

func (t *told) Errorf(format string, args ...any) {
	t.faults = append(t.faults, fmt.Sprintf(format, args...))
}

func (t *told) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func TestAMemoryJournalPasses(t *testing.T) {
	open := map[string]session.Journal{}
	sessiontest.Journal(t, func(name string) (session.Journal, error) {
		if open[name] == nil {
			open[name] = session.MemoryJournal()
		}
		return open[name], nil
	})
	assert.Greater(t, len(open), 10)
}

func TestAJournalThatAppendsToAFilePassesAlsoWhereItIsTorn(t *testing.T) {
	files := map[string]*listed{}
	sessiontest.Journal(t, func(name string) (session.Journal, error) {
		var content []byte
		if files[name] != nil {
			content = files[name].content
		}
		j, err := openListed(content, "")
		files[name] = j
		return j, err
	})
	sessiontest.TornJournal(t, torn(""))
}

func TestAJournalThatIsTornTheWrongWayIsFound(t *testing.T) {
	for broken, want := range map[string]string{
		"torn is an error":   "it cannot be opened",
		"keeps what is torn": "cut off after",
		"begins anew":        "in silence",
		"believes lengths":   "in silence",
		"believes data":      "not appended: true",
	} {
		var found told
		sessiontest.TornJournal(&found, torn(broken))
		assert.Contains(t, strings.Join(found.faults, "\n"), want, broken)
		assert.LessOrEqual(t, len(found.faults), 5, broken)
	}
}

// faulty is a journal that is wrong in one way.
type faulty struct {
	session.Journal
	how string
	mu  sync.Mutex
	all []session.Record // for those that keep them themselves
}

func (j *faulty) Append(records []session.Record) error {
	switch j.how {
	case "refuses":
		return errDamaged
	case "turns batches round":
		records = slices.Clone(records)
		slices.Reverse(records)
	case "loses the last of a batch":
		records = records[:max(0, len(records)-1)]
	case "takes snapshots for changes":
		records = slices.Clone(records)
		for i := range records {
			records[i].Snapshot = false
		}
	case "does not copy":
		j.mu.Lock()
		defer j.mu.Unlock()
		j.all = append(j.all, records...)
		return nil
	case "cuts keys":
		records = slices.Clone(records)
		for i := range records {
			records[i].Session = records[i].Session[:min(len(records[i].Session), 1000)]
		}
	case "does not take what is large":
		records = slices.DeleteFunc(slices.Clone(records), func(r session.Record) bool { return len(r.Data) > 1<<16 })
	}
	return j.Journal.Append(records)
}

func (j *faulty) Load() iter.Seq2[session.Record, error] {
	switch j.how {
	case "cannot be loaded":
		return func(yield func(session.Record, error) bool) { yield(session.Record{}, errDamaged) }
	case "does not copy":
		return func(yield func(session.Record, error) bool) {
			j.mu.Lock()
			all := slices.Clone(j.all)
			j.mu.Unlock()
			for _, r := range all {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
	return j.Journal.Load()
}

func (j *faulty) Close() error {
	if j.how == "cannot be closed" {
		return errDamaged
	}
	return nil
}

func TestAJournalWithAFaultIsFound(t *testing.T) {
	for how, want := range map[string]string{
		"cannot be opened":            "it cannot be opened",
		"refuses":                     "Append: ",
		"turns batches round":         "records are loaded in their order",
		"loses the last of a batch":   "records are loaded in their order",
		"takes snapshots for changes": "a snapshot takes the place",
		"does not copy":               "may be changed after it",
		"cuts keys":                   "a key may be any bytes",
		"does not take what is large": "data may be of any size",
		"cannot be loaded":            "an empty journal has no records: Load: ",
		"cannot be closed":            "Close: ",
		"forgets":                     "records are there after Close",
	} {
		var found told
		open := map[string]*faulty{}
		sessiontest.Journal(&found, func(name string) (session.Journal, error) {
			if how == "cannot be opened" {
				return nil, errDamaged
			}
			if open[name] == nil || how == "forgets" {
				open[name] = &faulty{Journal: session.MemoryJournal(), how: how}
			}
			return open[name], nil
		})
		assert.Contains(t, strings.Join(found.faults, "\n"), want, how)
	}
}
