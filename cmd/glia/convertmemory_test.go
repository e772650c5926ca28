package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/emulator"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
)

// peakLine is the variable that holds the command that the test binary is to run
// instead of its tests, as JSON: it prints the process's peak of memory then.
const peakLine = "GLIA_TEST_PEAK"

func init() {
	line := os.Getenv(peakLine)
	if line == "" {
		return
	}
	var args []string
	if err := json.Unmarshal([]byte(line), &args); err != nil {
		panic(err)
	}
	status := run(context.Background(), args, io.Discard, os.Stderr)
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(b)) {
		var kib int
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			fmt.Println(kib)
		}
	}
	os.Exit(status)
}

// peakOf runs a command in a process of its own and returns the most memory that it
// had, in KB.
func peakOf(t *testing.T, args ...string) (kib int) {
	t.Helper()
	line, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	cmd := emulator.Command()
	cmd.Env = append(os.Environ(), peakLine+"="+string(line))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("glia %s: %v", strings.Join(args, " "), err)
	}
	if _, err := fmt.Sscan(string(out), &kib); err != nil {
		t.Fatalf("glia %s prints %q: %v", strings.Join(args, " "), out, err)
	}
	return kib
}

// TestConvertMemory converts a file of 48 MB, the state of an optimizer among it, to
// and from every format, in little more memory than a file of some KB takes.
func TestConvertMemory(t *testing.T) {
	if runtime.GOOS != "linux" || testing.Short() {
		t.Skip("needs Linux's count of a process's memory, and some 100 MB of disk: not in short mode")
	}
	if build, ok := debug.ReadBuildInfo(); ok && slices.Contains(build.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector touches all memory")
	}
	emulator.Skip(t, "its own memory counts")
	const units = 1000
	_, tiny := saved(t, "tiny.keras", loss.MeanSquaredError(), nn.Input(4), nn.Dense(4))
	_, whole := saved(t, "whole.keras", loss.MeanSquaredError(), nn.Input(units), nn.Dense(units), nn.Dense(units), nn.Dense(units), nn.Dense(units))
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	base := peakOf(t, "convert", tiny, path("tiny.h5"))
	const most = 4 * (units*units + units) / 1024 // the largest tensor
	for _, args := range [][]string{
		{whole, path("a.h5")},
		{path("a.h5"), path("a.npz")},
		{path("a.npz"), path("a.safetensors"), "--model", whole},
		{path("a.safetensors"), path("a.weights.h5"), "--model", whole},
		{path("a.weights.h5"), path("b.keras"), "--model", whole},
		{path("b.keras"), path("a.weights.h5")},
		{path("a.weights.h5"), path("a.safetensors")}, // without a model
		{path("a.safetensors"), path("a.npz")},
		{path("a.npz"), path("a.weights.h5")},
	} {
		if got := peakOf(t, append([]string{"convert"}, args...)...); got > base+most {
			t.Errorf("convert %s took %d KB, for a small file %d: want at most %d more", strings.Join(args, " "), got, base, most)
		}
	}
}
