package pcap

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/capture"
)

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}

func zstandard(t testing.TB, b []byte, o ...zstd.EOption) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, o...)
	require.NoError(t, err)
	return w.EncodeAll(b, nil)
}

func TestCompressedFilesGiveWhatTheyHold(t *testing.T) {
	le := binary.LittleEndian
	for name, file := range map[string][]byte{
		"pcap":   pcapFile(le, magicMicroseconds, layers.LinkTypeRaw, 0, pingRecord(t)),
		"pcapng": appendPacket(appendInterface(section(le), le, layers.LinkTypeRaw), le, 0, 0, pingRecord(t)),
		"raw":    []byte(connect5 + publish5),
		"hex":    []byte("C0 00 # ping"),
	} {
		want, err := read(t, file, capture.Options{})
		require.NoError(t, err)
		require.NotEmpty(t, want)
		for _, packed := range [][]byte{
			gzipped(t, file), zstandard(t, file),
			append(gzipped(t, file[:3]), gzipped(t, file[3:])...),
			append(zstandard(t, file[:3]), zstandard(t, file[3:])...),
		} {
			got, err := read(t, packed, capture.Options{})
			require.NoError(t, err, name)
			assert.Equal(t, want, got, name)
		}
	}
}

func TestACompressedFileThatIsCutGivesWhatCameBefore(t *testing.T) {
	record := pingRecord(t)
	file := pcapFile(binary.LittleEndian, magicMicroseconds, layers.LinkTypeRaw, 0, record, bytes.Repeat([]byte{7}, 1<<16))
	for _, packed := range [][]byte{gzipped(t, file), zstandard(t, file)} {
		for n := range packed {
			_, err := read(t, packed[:n], capture.Options{})
			if n > 0 && n < 4 {
				continue // nothing says that it is compressed
			}
			assert.IsType(t, &FileError{}, err, n)
		}
	}
	cut := gzipped(t, []byte(publish5+publish5))
	events, err := read(t, cut[:len(cut)-8], capture.Options{}) // the check sum is missing
	assert.ErrorContains(t, err, "the file ends too early")
	assert.Len(t, events, 2)
}

func TestACompressedFileThatIsDamagedSaysSo(t *testing.T) {
	file := []byte(strings.Repeat(publish5, 100))
	for want, packed := range map[string][]byte{"gzip: ": gzipped(t, file), "zstd: ": zstandard(t, file)} {
		packed[len(packed)-6] ^= 1 // of the check sum
		_, err := read(t, packed, capture.Options{})
		require.IsType(t, &FileError{}, err)
		assert.ErrorContains(t, err, want)
	}
}

func TestAFileThatIsCompressedTwiceIsRefused(t *testing.T) {
	_, err := read(t, gzipped(t, zstandard(t, []byte(connect5))), capture.Options{})
	assert.EqualError(t, err, errNested.Error())
}

func TestZstandardThatTakesMuchMemoryIsRefused(t *testing.T) {
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, zstd.WithWindowSize(4*maxZstdWindow), zstd.WithSingleSegment(false))
	require.NoError(t, err)
	for range 1 << 20 { // so much that its size is not declared, and the window is
		_, err := w.Write([]byte(publish5))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	_, err = read(t, out.Bytes(), capture.Options{})
	assert.ErrorContains(t, err, "a window of more than 8 MiB")
}

func TestACompressedPipeIsReadWhileItIsOpen(t *testing.T) {
	in, out := io.Pipe()
	defer in.Close()
	late := time.AfterFunc(10*time.Second, func() { out.CloseWithError(os.ErrDeadlineExceeded) })
	defer late.Stop()
	go func() {
		w := gzip.NewWriter(out)
		w.Write([]byte(connect5))
		w.Flush()
	}()
	r, err := NewReader(in, capture.Options{})
	require.NoError(t, err)
	e, err := r.Next()
	require.NoError(t, err)
	assert.Equal(t, mqttwire.CONNECT, e.Frame.Header.Type)
}
