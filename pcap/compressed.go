package pcap

import (
	"bufio"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxZstdWindow is how far back compressed data may refer to, in bytes, since so much
// is held. It is what RFC 8878 section 3.1.1.1.2 has every decoder support, and what
// zstd uses up to level 19 without --long.
const maxZstdWindow = 8 << 20

// decompress returns what a compressed file holds.
func decompress(f format, in *bufio.Reader) (io.ReadCloser, error) {
	if f == formatGzip {
		r, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		return gzipReader{r}, nil
	}
	r, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxZstdWindow), zstd.WithDecoderMaxMemory(1<<62))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	return zstdReader{r}, nil
}

// gzipReader says in its errors where they come from.
type gzipReader struct{ *gzip.Reader }

func (r gzipReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	return n, damaged("gzip", err)
}

// zstdReader does so for zstd, and can be closed as others can.
type zstdReader struct{ *zstd.Decoder }

func (r zstdReader) Read(p []byte) (int, error) {
	n, err := r.Decoder.Read(p)
	return n, damaged("zstd", err)
}

func (r zstdReader) Close() error {
	r.Decoder.Close()
	return nil
}

// damaged names the compression of which an error tells. That it ends too early is
// left as it is: so a capture does that it holds.
func damaged(name string, err error) error {
	switch err {
	case nil, io.EOF, io.ErrUnexpectedEOF:
		return err
	case zstd.ErrWindowSizeExceeded, zstd.ErrWindowSizeTooSmall:
		return fmt.Errorf("zstd: the file needs a window of more than %d MiB; decompress it first", maxZstdWindow>>20)
	}
	return fmt.Errorf("%s: %w", name, err)
}
