// Package gocommon is what the Go peers share: the command line, the data, the
// clock, and the JSON they print. common.py is the same for the Python peers.
package gocommon

import (
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"time"
)

const (
	Batch    = 128
	Features = 28 * 28
	Classes  = 10
)

// Units holds the widths of the three Dense layers.
var Units = []int{128, 128, Classes}

// Args is the command line every peer understands.
type Args struct {
	Data    string
	Threads int
	Epochs  int
	Budget  float64 // seconds for the epochs after the warm-up
}

// ParseArgs reads the command line and sets GOMAXPROCS to its threads.
func ParseArgs() Args {
	var a Args
	flag.StringVar(&a.Data, "data", "", "directory of the four MNIST files (.gz)")
	flag.IntVar(&a.Threads, "threads", 1, "threads")
	flag.IntVar(&a.Epochs, "epochs", 6, "epochs, the first one a warm-up")
	flag.Float64Var(&a.Budget, "budget", 60, "seconds for the epochs after the warm-up")
	flag.Parse()
	runtime.GOMAXPROCS(a.Threads)
	return a
}

// Set is one part of MNIST.
type Set struct {
	N      int
	Images []float32 // [N 784], in 0..1
	Labels []int32   // [N]
	OneHot []float32 // [N 10]
}

// MNIST reads the training and the test set.
func MNIST(dir string) (train, test Set, err error) {
	if train, err = readSet(dir, "train"); err != nil {
		return train, test, err
	}
	test, err = readSet(dir, "t10k")
	return train, test, err
}

func readSet(dir, part string) (Set, error) {
	images, err := readIDX(filepath.Join(dir, part+"-images-idx3-ubyte.gz"))
	if err != nil {
		return Set{}, err
	}
	labels, err := readIDX(filepath.Join(dir, part+"-labels-idx1-ubyte.gz"))
	if err != nil {
		return Set{}, err
	}
	s := Set{
		N:      len(labels),
		Images: make([]float32, len(images)),
		Labels: make([]int32, len(labels)),
		OneHot: make([]float32, len(labels)*Classes),
	}
	for i, b := range images {
		s.Images[i] = float32(b) / 255
	}
	for i, b := range labels {
		s.Labels[i] = int32(b)
		s.OneHot[i*Classes+int(b)] = 1
	}
	return s, nil
}

// readIDX returns the bytes of a gzipped IDX file after its header, whose fourth byte is the rank.
func readIDX(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	n := 1
	header := 4 + 4*int(raw[3])
	for at := 4; at < header; at += 4 {
		n *= int(binary.BigEndian.Uint32(raw[at:]))
	}
	if len(raw) != header+n {
		return nil, fmt.Errorf("%s: got %d bytes of data, want %d", path, len(raw)-header, n)
	}
	return raw[header:], nil
}

// Clock times epochs: seconds on the wall, and the mean number of cores in use.
type Clock struct {
	args    Args
	seconds []float64
	cores   []float64
}

// NewClock returns a clock that has timed nothing yet.
func NewClock(a Args) *Clock { return &Clock{args: a} }

// Epoch runs and times one epoch.
func (c *Clock) Epoch(run func()) {
	cpu, wall := cpuTime(), time.Now()
	run()
	d := time.Since(wall)
	c.seconds = append(c.seconds, d.Seconds())
	c.cores = append(c.cores, (cpuTime()-cpu).Seconds()/d.Seconds())
}

// More reports whether another epoch fits the epochs and the seconds asked
// for. The budget is for the epochs after the warm-up.
func (c *Clock) More() bool {
	n := len(c.seconds)
	var spent float64
	for _, s := range c.seconds[min(n, 1):] {
		spent += s
	}
	switch {
	case n == 0:
		return true
	case n == 1:
		return n < c.args.Epochs && c.seconds[0] < 2*c.args.Budget
	}
	return n < c.args.Epochs && spent+c.seconds[n-1] < c.args.Budget
}

// Report prints the peer's result as one JSON object; the version is that of module in go.mod.
func (c *Clock) Report(framework, module string, loss, accuracy float64, notes string) {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == module {
				version = d.Version
			}
		}
	}
	cores := slices.Clone(c.cores)
	if len(cores) > 1 {
		cores = cores[1:]
	}
	slices.Sort(cores)
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"framework":     framework,
		"version":       version,
		"go":            runtime.Version(),
		"threads":       c.args.Threads,
		"epoch_seconds": c.seconds,
		"cores_used":    cores[len(cores)/2],
		"loss":          loss,
		"accuracy":      accuracy,
		"notes":         notes,
	})
}

func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
