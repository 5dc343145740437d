package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// openTerminal returns a terminal, and the side of it where somebody types.
func openTerminal(t *testing.T) (keyboard, terminal *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, keyboard.Close()) })
	require.NoError(t, unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	terminal, err = os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, terminal.Close()) })
	return keyboard, terminal
}

// shows reports whether a terminal shows what is typed.
func shows(t *testing.T, terminal *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	require.NoError(t, err)
	return state.Lflag&unix.ECHO != 0
}

func TestAPasswordIsReadFromATerminalThatShowsNothingMeanwhile(t *testing.T) {
	keyboard, terminal := openTerminal(t)
	typed := make(chan string, 1)
	go func() {
		b, err := askTerminal(t.Context(), int(terminal.Fd()))
		assert.NoError(t, err)
		typed <- string(b)
	}()
	for shows(t, terminal) {
		runtime.Gosched()
	}
	_, err := keyboard.WriteString("secret\n")
	require.NoError(t, err)
	assert.Equal(t, "secret", <-typed)
	assert.True(t, shows(t, terminal))
}

func TestASignalEndsThePromptForAPassword(t *testing.T) {
	keyboard, terminal := openTerminal(t)
	signal := errors.New("a signal")
	ctx, stop := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := askTerminal(ctx, int(terminal.Fd()))
		ended <- err
	}()
	for shows(t, terminal) {
		runtime.Gosched()
	}
	stop(signal)
	assert.ErrorIs(t, <-ended, signal)
	assert.True(t, shows(t, terminal))
	_, err := keyboard.WriteString("\n") // so that nothing waits on
	require.NoError(t, err)
}
