package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"
)

// tlsFlags say how TLS is used.
type tlsFlags struct {
	caFile, caPath string
	cert, key      string
	version, alpn  string
	insecure, ours bool
}

func (f *tlsFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.caFile, "cafile", "", "use TLS; the `FILE` has the certificates of the authorities that are trusted")
	flags.StringVar(&f.caPath, "capath", "", "use TLS; the files of the `FOLDER` have them")
	flags.BoolVar(&f.ours, "tls-use-os-certs", false, "use TLS; trust the authorities that the system trusts")
	flags.StringVar(&f.cert, "cert", "", "use TLS; the `FILE` has the client's certificate")
	flags.StringVar(&f.key, "key", "", "the `FILE` has the key of that, without a password")
	flags.BoolVar(&f.insecure, "insecure", false, "do not check that the certificate is the host's: somebody else may be it")
	flags.StringVar(&f.version, "tls-version", "", "the least `VERSION` of TLS: tlsv1.2 or tlsv1.3")
	flags.StringVar(&f.alpn, "tls-alpn", "", "the `PROTOCOL` that is asked for by ALPN")
}

// wanted reports whether a flag asks for TLS.
func (f *tlsFlags) wanted() bool {
	return f.caFile != "" || f.caPath != "" || f.cert != "" || f.ours
}

// config returns what the flags say.
func (f *tlsFlags) config() (*tls.Config, error) {
	c := &tls.Config{}
	switch f.version {
	case "":
	case "tlsv1.2":
		c.MinVersion = tls.VersionTLS12
	case "tlsv1.3":
		c.MinVersion = tls.VersionTLS13
	default:
		return nil, fmt.Errorf("--tls-version is tlsv1.2 or tlsv1.3")
	}
	if f.alpn != "" {
		c.NextProtos = []string{f.alpn}
	}
	if (f.cert == "") != (f.key == "") {
		return nil, errors.New("--cert and --key belong together")
	}
	if f.cert != "" {
		pair, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	roots, err := f.roots()
	if err != nil {
		return nil, err
	}
	c.RootCAs = roots
	if f.insecure {
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(s tls.ConnectionState) error { return verifyChain(s, roots) }
	}
	return c, nil
}

// verifyChain checks that somebody who is trusted has signed the certificate, for
// whatever host.
func verifyChain(s tls.ConnectionState, roots *x509.CertPool) error {
	o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(o)
	return err
}

// roots returns the authorities; nil is those of the system.
func (f *tlsFlags) roots() (*x509.CertPool, error) {
	var files []string
	if f.caFile != "" {
		files = append(files, f.caFile)
	}
	if f.caPath != "" {
		inside, err := filepath.Glob(filepath.Join(f.caPath, "*"))
		if err != nil {
			return nil, err
		}
		files = append(files, inside...)
	}
	if len(files) == 0 {
		return nil, nil
	}
	pool, some := x509.NewCertPool(), false
	if f.ours {
		var err error
		if pool, err = x509.SystemCertPool(); err != nil {
			return nil, err
		}
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		some = pool.AppendCertsFromPEM(b) || some
	}
	if !some {
		return nil, errors.New("there is no certificate in what --cafile and --capath name")
	}
	return pool, nil
}
