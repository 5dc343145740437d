package store_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/session"
	"github.com/mqttwire/mqttwire/store"
)

// appended is how many records the process appends that the tests disturb.
const appended = 6

// TestMain runs the tests or, told so, is the process that they disturb.
func TestMain(m *testing.M) {
	if path := os.Getenv("STORE_TO_APPEND_TO"); path != "" {
		appendAll(path)
		return
	}
	os.Exit(m.Run())
}

// appendAll appends records to a Store, and prints the number of each when Append is
// back. After an error it goes on with what the Store says.
func appendAll(path string) {
	runtime.LockOSThread() // so that the system calls are counted in one thread
	var s *store.Store
	for try := 0; s == nil && try < 3; try++ {
		var err error
		if s, err = store.Open(path, store.Options{}); err != nil {
			fmt.Println("open:", err)
		}
	}
	for n := 0; s != nil && n < appended; {
		err := s.Append([]session.Record{{Session: []byte("s"), Data: []byte(strconv.Itoa(n) + strings.Repeat(" ", 3000*n))}})
		if err == nil {
			fmt.Println("durable", n)
			n++
			continue
		}
		fmt.Println("append:", err)
		n = 0
		for _, err := range s.Load() {
			if err != nil {
				fmt.Println("load:", err)
				return
			}
			n++
		}
	}
	if s != nil {
		fmt.Println("closed", s.Close())
	}
}

// disturbed runs appendAll with its n-th system call of a kind disturbed, and returns
// how many records were durable, and whether it was so many calls at all.
func disturbed(t *testing.T, path, calls, how string, n int) (durable int, reached bool) {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	command := exec.Command("strace", "-f", "-o", trace, "-e", "trace="+calls, "-e", fmt.Sprintf("inject=%s:%s:when=%d", calls, how, n), os.Args[0])
	command.Env = append(os.Environ(), "STORE_TO_APPEND_TO="+path)
	out, err := command.CombinedOutput()
	seen, readErr := os.ReadFile(trace)
	require.NoError(t, readErr)
	reached = strings.Contains(string(seen), "INJECTED") || strings.Contains(string(seen), "killed by SIGKILL")
	if !strings.HasPrefix(how, "signal") {
		require.NoError(t, err, "%s", out)
		require.NotContains(t, string(out), "panic")
	}
	return strings.Count(string(out), "durable"), reached
}

// requireNumbered checks that the Store has records in their order, at least so many,
// and returns how many.
func requireNumbered(t *testing.T, path string, durable int, where string) int {
	t.Helper()
	s, err := store.Open(path, store.Options{})
	require.NoError(t, err, where)
	list := load(t, s)["s"]
	require.NoError(t, s.Close())
	assert.GreaterOrEqual(t, len(list), durable, where)
	for i, r := range list {
		assert.Equal(t, strconv.Itoa(i), strings.Fields(r)[0], where)
	}
	return len(list)
}

// everyCall calls f for each system call by which a Store changes its file.
func everyCall(t *testing.T, f func(t *testing.T, path, calls string, n int) (reached bool)) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is missing, which makes system calls fail")
	}
	if out, err := exec.Command("strace", "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not be used here: %s", out)
	}
	for _, calls := range []string{"pwrite64", "fdatasync", "fsync", "ftruncate"} {
		t.Run(calls, func(t *testing.T) {
			step := 1
			if testing.Short() {
				step = 4
			}
			for n := 1; f(t, filepath.Join(t.TempDir(), "queue"), calls, n); n += step {
				require.Less(t, n, 1000)
			}
		})
	}
}

// [trap 21] What was said to be durable is there, and nothing is there that was not
// appended, whichever write fails.
func TestAFileSystemThatFailsAtTheNthCallLosesNothing(t *testing.T) {
	everyCall(t, func(t *testing.T, path, calls string, n int) bool {
		_, reached := disturbed(t, path, calls, "error=ENOSPC", n)
		got := requireNumbered(t, path, 0, fmt.Sprint(calls, " ", n))
		assert.Equal(t, appended, got, "%s %d: it has gone on", calls, n)
		return reached
	})
}

func TestAProcessThatIsKilledAtTheNthCallLosesNothing(t *testing.T) {
	everyCall(t, func(t *testing.T, path, calls string, n int) bool {
		durable, reached := disturbed(t, path, calls, "signal=KILL", n)
		requireNumbered(t, path, durable, fmt.Sprint(calls, " ", n))
		return reached
	})
}

func TestAPipeIsNoStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	_, err := store.Open(path, store.Options{})
	assert.ErrorContains(t, err, "it is not a file")
	_, err = store.Open(t.TempDir(), store.Options{})
	assert.ErrorContains(t, err, "it is not a file")
}
