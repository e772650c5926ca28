// Reliability repeats the trials that docs/reliability.md reports: damaged files, killed
// trainings, full disks, fuzzing, the race detector and a soak. Each part runs for a
// given time and counts what it tried; a failure is printed with what repeats it.
//
// It needs Go, and for the parts disks and races Linux and gcc. bench/reliability/run
// builds glia and starts it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A trial is one part: it tries until the time is over.
type trial struct {
	name string
	does string
	run  func(r *report) error
}

var trials = []trial{
	{"mutations", "files are damaged at random and read by every reader", mutations},
	{"hostile", "files that promise more than they hold are read by every command (3 minutes or more)", hostile},
	{"kills", "trainings are killed at random times and resumed", kills},
	{"disks", "files are written to a disk that fills up", disks},
	{"soak", "a process trains, predicts, saves and loads without end", soak},
	{"fuzz", "every fuzz target of the repository", fuzz},
	{"races", "the tests of what is concurrent, under the race detector", races},
}

// A report collects what a trial did.
type report struct {
	ctx   context.Context // done when the time is over, or by a signal
	seed  uint64
	glia  string // the command
	root  string // of the repository
	work  string // an empty directory, removed at the end
	tried []counter
	fails int
}

type counter struct {
	what string
	n    int
	of   string // what is counted, in the plural
}

// count adds n to what was tried.
func (r *report) count(what, of string, n int) {
	for i := range r.tried {
		if r.tried[i].what == what {
			r.tried[i].n += n
			return
		}
	}
	r.tried = append(r.tried, counter{what, n, of})
}

// failf notes a failure. The first fifty are printed.
func (r *report) failf(format string, args ...any) {
	if r.fails++; r.fails <= 50 {
		fmt.Fprintf(os.Stderr, "FAIL "+format+"\n", args...)
	}
}

func (r *report) over() bool { return r.ctx.Err() != nil }

// commandOf returns a command in the repository that ends with the part.
func (r *report) commandOf(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.WaitDelay = r.root, time.Second // its own children may outlive it
	return cmd
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("reliability: ")
	minutes := flag.Float64("minutes", 1, "for how long each part runs")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the parts that draw at random; the default is another one each time")
	glia := flag.String("glia", "", "the command glia, for kills and disks")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: reliability [flags] [PART...]; parts, by default all:")
		for _, t := range trials {
			fmt.Fprintf(flag.CommandLine.Output(), "  %-10s %s\n", t.name, t.does)
		}
		flag.PrintDefaults()
	}
	flag.Parse()
	if task := os.Getenv(diskTask); task != "" {
		fillDisk(task)
		return
	}
	parts := flag.Args()
	for _, name := range parts {
		if !slices.ContainsFunc(trials, func(t trial) bool { return t.name == name }) {
			flag.Usage()
			os.Exit(2)
		}
	}
	root, err := moduleRoot()
	if err != nil {
		log.Fatal(err)
	}
	stopped, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	fmt.Printf("%s/%s, %d processors, %s, seed %d\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), *seed)
	fmt.Printf("| part | tried | failed | minutes |\n| :-- | --: | --: | --: |\n")
	failed := false
	for _, t := range trials {
		if len(parts) > 0 && !slices.Contains(parts, t.name) || stopped.Err() != nil {
			continue
		}
		failed = one(stopped, t, &report{seed: *seed, glia: *glia, root: root}, time.Duration(*minutes*float64(time.Minute))) || failed
	}
	if failed {
		os.Exit(1)
	}
}

// one runs a part, prints its lines, and reports whether it failed.
func one(ctx context.Context, t trial, r *report, limit time.Duration) (failed bool) {
	var cancel context.CancelFunc
	r.ctx, cancel = context.WithTimeout(ctx, limit)
	defer cancel()
	var err error
	if r.work, err = os.MkdirTemp("", "glia-reliability"); err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(r.work)
	start := time.Now()
	err = t.run(r)
	took := time.Since(start).Minutes()
	if err != nil {
		fmt.Printf("| %s | %v | | |\n", t.name, err)
	}
	for i, c := range r.tried {
		fails := ""
		if i == 0 {
			fails = fmt.Sprint(r.fails)
		}
		fmt.Printf("| %s: %s | %d %s | %s | %.1f |\n", t.name, c.what, c.n, c.of, fails, took)
	}
	return r.fails > 0 || err != nil && !strings.HasPrefix(err.Error(), skipped)
}

// skipped begins the error of a part that cannot run here.
const skipped = "skipped: "

func skip(format string, args ...any) error { return fmt.Errorf(skipped+format, args...) }

// moduleRoot returns the directory of go.mod, at or above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("no go.mod at or above the working directory (%v)", err)
}
