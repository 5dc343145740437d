package client_test

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mqttwire/mqttwire/client"
)

// scram is the method SCRAM-SHA-256 of RFC 5802 and 7677: neither side sends the
// password, and each shows the other that it knows it. User and password are ASCII here;
// others have to be prepared by RFC 4013.
type scram struct {
	user, password string
	nonce          func() string

	first     string // client-first-message-bare
	signature string // what the server has to show
}

var _ client.Auther = (*scram)(nil)

func (s *scram) Method() string { return "SCRAM-SHA-256" }

func (s *scram) Start(context.Context) ([]byte, error) {
	nonce := rand.Text
	if s.nonce != nil {
		nonce = s.nonce
	}
	s.signature = ""
	s.first = "n=" + strings.NewReplacer("=", "=3D", ",", "=2C").Replace(s.user) + ",r=" + nonce()
	return []byte("n,," + s.first), nil
}

func (s *scram) Next(_ context.Context, data []byte) ([]byte, error) {
	var nonce, salt string
	var rounds int
	for _, part := range strings.Split(string(data), ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "r":
			nonce = value
		case "s":
			salt = value
		case "i":
			rounds, _ = strconv.Atoi(value)
		}
	}
	saltBytes, err := base64.StdEncoding.DecodeString(salt)
	_, own, _ := strings.Cut(s.first, ",r=")
	switch {
	case err != nil || rounds < 4096 || rounds > 1_000_000:
		return nil, errors.New("scram: the server's salt or rounds are not acceptable")
	case !strings.HasPrefix(nonce, own) || nonce == own:
		return nil, errors.New("scram: the server's nonce does not begin with ours")
	}
	salted, err := pbkdf2.Key(sha256.New, s.password, saltBytes, rounds, sha256.Size)
	if err != nil {
		return nil, err
	}
	final := "c=biws,r=" + nonce
	all := s.first + "," + string(data) + "," + final
	clientKey := mac(salted, "Client Key")
	stored := sha256.Sum256(clientKey)
	proof := mac(stored[:], all)
	for i := range proof {
		proof[i] ^= clientKey[i]
	}
	s.signature = "v=" + base64.StdEncoding.EncodeToString(mac(mac(salted, "Server Key"), all))
	return []byte(final + ",p=" + base64.StdEncoding.EncodeToString(proof)), nil
}

func (s *scram) Finish(_ context.Context, data []byte) error {
	if s.signature == "" || !hmac.Equal(data, []byte(s.signature)) {
		return errors.New("scram: the server does not know the password")
	}
	return nil
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// Enhanced authentication by SCRAM-SHA-256, with the exchange that RFC 7677 has as its
// example. A client has it as Options.Auth.
func Example_scram() {
	ctx := context.Background()
	auth := &scram{user: "user", password: "pencil", nonce: func() string { return "rOprNGfwEbeRWgbNEkqO" }}
	_ = client.Options{Auth: auth}

	first, _ := auth.Start(ctx)
	fmt.Printf("%s\n", first)
	proof, err := auth.Next(ctx, []byte("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"))
	fmt.Printf("%s %v\n", proof, err)
	fmt.Println(auth.Finish(ctx, []byte("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")))
	fmt.Println(auth.Finish(ctx, []byte("v=of somebody else")))
	// Output:
	// n,,n=user,r=rOprNGfwEbeRWgbNEkqO
	// c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ= <nil>
	// <nil>
	// scram: the server does not know the password
}
