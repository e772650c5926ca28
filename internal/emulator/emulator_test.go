package emulator

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// child is the variable that makes the test binary the process that TestCommand starts.
const child = "GLIA_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(child) != "" {
		os.Stdout.WriteString(runtime.GOARCH + " " + Path() + " " + os.Args[1])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestCommand wants a second process to be run as this one is.
func TestCommand(t *testing.T) {
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("no child processes on " + runtime.GOOS)
	}
	cmd := Command("argument")
	cmd.Env = append(os.Environ(), child+"=1")
	cmd.Stderr = os.Stderr
	got, err := cmd.Output()
	if want := runtime.GOARCH + " " + Path() + " argument"; err != nil || string(got) != want {
		t.Errorf("the process prints %q, error %v: want %q", got, err, want)
	}
}

// TestForeign asks about this program, as on its own and on another processor.
func TestForeign(t *testing.T) {
	if runtime.GOOS != "linux" || machines[runtime.GOARCH] == 0 {
		t.Skipf("no emulators are recognized on %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	other := map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH]
	for arch, want := range map[string]bool{runtime.GOARCH: false, other: true, "unknown": false} {
		if got := foreign(os.Args[0], arch); got != want {
			t.Errorf("the program of this test is foreign to %s: %v, want %v", arch, got, want)
		}
	}
	if foreign("emulator.go", runtime.GOARCH) || foreign("missing", runtime.GOARCH) {
		t.Error("a file that is no program, or none at all, is foreign to this processor: want that it is not")
	}
}

// TestLimit wants limits as they are on a processor, and longer ones by an emulator.
func TestLimit(t *testing.T) {
	got, emulated := Limit(time.Second), Path() != ""
	if got < time.Second || emulated != (got > time.Second) {
		t.Errorf("Limit(1s) is %v, emulated: %v", got, emulated)
	}
}
