package pcap

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

// at is a record of a pcap file, by its time.
type timed struct {
	second uint32
	data   []byte
}

// pcapOf writes a pcap file of records.
func pcapOf(records ...timed) []byte {
	le := binary.LittleEndian
	b := pcapFile(le, magicMicroseconds, layers.LinkTypeRaw, 0)
	for _, r := range records {
		b = le.AppendUint32(b, r.second)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint32(b, uint32(len(r.data)))
		b = le.AppendUint32(b, uint32(len(r.data)))
		b = append(b, r.data...)
	}
	return b
}

// says is what the client sends, as segments of TCP one a second, from a SYN on.
func says(t testing.TB, parts ...string) (records []timed) {
	t.Helper()
	seq := uint32(1000)
	syn := tcp()
	syn.Seq, syn.SYN, syn.ACK = seq-1, true, false
	records = append(records, timed{0, bytes.Clone(serialize(t, ip4(), syn))})
	for i, p := range parts {
		h := tcp()
		h.Seq = seq
		records = append(records, timed{uint32(i + 1), bytes.Clone(serialize(t, ip4(), h, gopacket.Payload(p)))})
		seq += uint32(len(p))
	}
	return records
}

// readAll reads files as one timeline: lines of file, record, what it is; and errors.
func readAll(t testing.TB, o Options, files ...[]byte) (lines []string, faults []error) {
	t.Helper()
	var inputs []Input
	for i, file := range files {
		inputs = append(inputs, Input{Name: fmt.Sprintf("file %d", i), Reader: bytes.NewReader(file)})
	}
	r, err := OpenInputs(inputs, o)
	require.NoError(t, err)
	for e, err := range r.Events() {
		if err != nil {
			faults = append(faults, err)
			continue
		}
		lines = append(lines, fmt.Sprintf("%d: %s", e.File, tell([]capture.Event{e})[0]))
	}
	return lines, faults
}

func TestRotatedCapturesAreOneTimelineInAnyOrder(t *testing.T) {
	records := says(t, connect5, publish5[:4], publish5[4:], publish5p)
	first, second, third := pcapOf(records[:2]...), pcapOf(records[2]), pcapOf(records[3:]...)
	want := []string{"0: 2/0 client CONNECT 5.0", "2: 1/0 client PUBLISH 5.0", "2: 2/0 client PUBLISH 5.0"}
	lines, faults := readAll(t, Options{}, first, second, third)
	assert.Empty(t, faults)
	assert.Equal(t, want, lines)
	lines, faults = readAll(t, Options{}, third, gzipped(t, second), first)
	assert.Empty(t, faults)
	assert.Equal(t, []string{"2: 2/0 client CONNECT 5.0", "0: 1/0 client PUBLISH 5.0", "0: 2/0 client PUBLISH 5.0"}, lines)
}

func TestCapturesOfTheSameTimeAreMerged(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var parts []string
		for i := range rapid.IntRange(1, 20).Draw(rt, "packets") {
			parts = append(parts, strings.Replace(publish5, "hello", fmt.Sprintf("%5d", i), 1))
		}
		records := says(t, append([]string{connect5}, parts...)...)
		files := make([][]timed, rapid.IntRange(1, 4).Draw(rt, "files"))
		for _, r := range records {
			i := rapid.IntRange(0, len(files)-1).Draw(rt, "file")
			files[i] = append(files[i], r)
		}
		var inputs []Input
		for _, f := range files {
			inputs = append(inputs, Input{Reader: bytes.NewReader(pcapOf(f...))})
		}
		r, err := OpenInputs(inputs, Options{})
		if err != nil {
			rt.Fatal(err)
		}
		var got []string
		for e, err := range r.Events() {
			if err != nil {
				rt.Fatal(err)
			}
			if e.Kind == capture.WholePacket && e.Frame.Header.Type == mqttwire.PUBLISH {
				got = append(got, string(e.Frame.Body[4:]))
			}
		}
		for i, g := range got {
			if g != fmt.Sprintf("%5d", i) {
				rt.Fatalf("%q", got)
			}
		}
		if len(got) != len(parts) {
			rt.Fatalf("%d of %d packets", len(got), len(parts))
		}
	})
}

func TestAFileThatCannotBeReadDoesNotHideTheOthers(t *testing.T) {
	records := says(t, connect5, publish5, publish5p)
	cut := pcapOf(records[:3]...)
	lines, faults := readAll(t, Options{}, cut[:len(cut)-1], []byte("PK\x03\x04"), pcapOf(records[2:]...))
	assert.Equal(t, []string{"0: 2/0 client CONNECT 5.0", "2: 1/0 client PUBLISH 5.0", "2: 2/0 client PUBLISH 5.0"}, lines)
	require.Len(t, faults, 2)
	var fault *FileError
	require.ErrorAs(t, faults[0], &fault)
	assert.Equal(t, "file 1", fault.File)
	assert.EqualError(t, fault, "the file is a zip archive; unpack it first")
	require.ErrorAs(t, faults[1], &fault)
	assert.Equal(t, "file 0", fault.File)
	assert.Equal(t, 3, fault.Record)
	assert.ErrorContains(t, fault, "record 3: the file ends inside it (byte ")
	assert.Equal(t, int64(pcapHeaderSize+2*16+len(records[0].data)+len(records[1].data)), fault.Offset)
}

func TestRawFilesAreEachByItself(t *testing.T) {
	records := says(t, connect5, publish5)
	lines, faults := readAll(t, Options{}, []byte(connect311+publish5[:5]), pcapOf(records...), []byte("C0 00\nC0 00"))
	assert.Empty(t, faults)
	assert.Equal(t, []string{
		"1: 2/0 client CONNECT 5.0", "1: 3/0 client PUBLISH 5.0",
		"0: 1/1 client CONNECT 3.1.1", "0: 2/1 ? partial packet PUBLISH 5 of 11",
		"2: 1/2 client PINGREQ 3.1.1?", "2: 2/2 client PINGREQ 3.1.1?",
	}, lines)
}

func TestFilesAreOpenOnlyWhileTheyAreRead(t *testing.T) {
	dir := t.TempDir()
	records := says(t, strings.Split(connect5+strings.Repeat("|"+publish5, 20), "|")...)
	var inputs []Input
	for i, r := range records {
		name := filepath.Join(dir, fmt.Sprint(i))
		require.NoError(t, os.WriteFile(name, pcapOf(r), 0o600))
		inputs = append(inputs, Input{Name: name})
	}
	r, err := OpenInputs(inputs, Options{})
	require.NoError(t, err)
	defer r.Close()
	for n := 0; ; n++ {
		_, err := r.Next()
		if err == io.EOF {
			assert.Equal(t, 21, n)
			break
		}
		require.NoError(t, err)
		assert.LessOrEqual(t, len(r.files.reading), 2)
	}
}

func TestAMissingFileIsToldOfSeveralAndRefusedAlone(t *testing.T) {
	_, err := OpenInputs([]Input{{Name: "none"}}, Options{})
	assert.ErrorIs(t, err, os.ErrNotExist)
	r, err := OpenInputs([]Input{{Name: "none"}, {Reader: strings.NewReader(connect5)}}, Options{})
	require.NoError(t, err)
	_, err = r.Next()
	assert.ErrorIs(t, err, os.ErrNotExist)
	e, err := r.Next()
	require.NoError(t, err)
	assert.Equal(t, 1, e.File)
	_, err = r.Next()
	assert.Equal(t, io.EOF, err)
}

// closeCounter counts how often it is closed.
type closeCounter struct {
	io.Reader
	closed *int
}

func (c closeCounter) Close() error {
	*c.closed++
	return nil
}

func TestAFileThatIsOpenedByTheCallerIsClosed(t *testing.T) {
	records := says(t, connect5, publish5)
	parts := [][]byte{pcapOf(records[2]), pcapOf(records[:2]...)}
	var opened, closed int
	for _, files := range [][][]byte{parts, {pcapOf(records...)}} {
		var inputs []Input
		for _, file := range files {
			inputs = append(inputs, Input{Name: "none", Open: func() (io.ReadCloser, error) {
				opened++
				return closeCounter{bytes.NewReader(file), &closed}, nil
			}})
		}
		r, err := OpenInputs(inputs, Options{})
		require.NoError(t, err)
		n := 0
		for _, err := range r.Events() {
			require.NoError(t, err)
			n++
		}
		assert.Equal(t, 2, n)
		require.NoError(t, r.Close())
	}
	assert.Equal(t, 5, opened, "each of the two twice, the one alone once")
	assert.Equal(t, opened, closed)
	_, err := OpenInputs([]Input{{Open: func() (io.ReadCloser, error) { return nil, os.ErrPermission }}}, Options{})
	assert.ErrorIs(t, err, os.ErrPermission)
}
