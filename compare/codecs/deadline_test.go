package codecs

import (
	"errors"
	"testing"
	"time"

	"github.com/mqttwire/mqttwire"
)

// decodeFunc is a codec of one function.
type decodeFunc func(b []byte) ([]byte, error)

func (f decodeFunc) Decode(b []byte, _ mqttwire.Version, _ mqttwire.Sender) ([]byte, error) {
	return f(b)
}

func TestACodecThatHangsIsCutOff(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	hangs := decodeFunc(func(b []byte) ([]byte, error) { <-release; return b, nil })
	_, err := WithDeadline(hangs, time.Millisecond).Decode(nil, mqttwire.V5, mqttwire.FromClient)
	if !errors.Is(err, ErrDeadline) {
		t.Errorf("got %v, want ErrDeadline", err)
	}
}

func TestTheResultComesThroughTheDeadline(t *testing.T) {
	echo := decodeFunc(func(b []byte) ([]byte, error) { return b, errOtherVersion })
	got, err := WithDeadline(echo, time.Minute).Decode([]byte("a"), mqttwire.V5, mqttwire.FromClient)
	if string(got) != "a" || !errors.Is(err, errOtherVersion) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAPanicComesThroughTheDeadline(t *testing.T) {
	defer func() {
		if p := recover(); p != "broken" {
			t.Errorf("recovered %v, want \"broken\"", p)
		}
	}()
	panics := decodeFunc(func([]byte) ([]byte, error) { panic("broken") })
	_, _ = WithDeadline(panics, time.Minute).Decode(nil, mqttwire.V5, mqttwire.FromClient)
}
