package glia_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/callback"
	"github.com/glia-ml/glia/internal/emulator"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// killDir is the variable that makes a test the process to be killed.
const killDir = "GLIA_TEST_KILL_DIR"

// longer is a training of 300 batches with a checkpoint beside the backup.
func longer(dir string) training {
	tr := trainings()[0]
	tr.epochs, tr.batches = 75, 4
	tr.with = func() []glia.Callback {
		return []glia.Callback{every3(), callback.ModelCheckpoint(filepath.Join(dir, "{epoch:03d}.safetensors"), callback.SaveBestOnly, callback.KeepLast(2))}
	}
	return tr
}

// longerOutputs is one of as many batches of a model of several inputs and outputs.
func longerOutputs(string) training {
	all := trainings()
	tr := all[len(all)-1]
	tr.epochs = 100
	return tr
}

// TestKilled trains in another process, which is killed at any moment, mostly as
// it writes, and started again until it gets to the end.
func TestKilled(t *testing.T) { killed(t, longer, true) }

func TestKilledOutputs(t *testing.T) {
	if testing.Short() && os.Getenv(killDir) == "" {
		t.Skip("short tests have TestKilled alone")
	}
	killed(t, longerOutputs, false)
}

// killed is such a test. saves says whether the training has checkpoints.
func killed(t *testing.T, longer func(dir string) training, saves bool) {
	if dir := os.Getenv(killDir); dir != "" {
		toBeKilled(t, longer(dir), dir)
		return
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "js" {
		t.Skip("no SIGKILL on " + runtime.GOOS)
	}
	dir, alone := t.TempDir(), t.TempDir()
	kills, delays := 0, rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	for ended := false; !ended; {
		cmd := emulator.Command("-test.run=^" + t.Name() + "$")
		cmd.Env = append(os.Environ(), killDir+"="+dir)
		var out strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Skipf("no child processes: %v", err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		var wait <-chan time.Time
		if kills < 12 {
			awaitStart(dir, kills)
			wait = time.After(time.Duration(delays.IntN(40_000)) * time.Microsecond)
		}
		select {
		case <-wait:
			cmd.Process.Kill()
			if err := <-done; err != nil {
				kills++
				continue
			}
			ended = true
		case err := <-done:
			if err != nil {
				t.Fatalf("after %d kills: %v\n%s", kills, err, &out)
			}
			ended = true
		}
	}
	if kills == 0 {
		t.Error("no kill before the end: want one or more")
	}
	got, err := os.ReadFile(filepath.Join(dir, "end"))
	if err != nil {
		t.Fatal(err)
	}
	want := longer(alone).whole(t)
	if string(got) != want.text() {
		t.Errorf("after %d kills the training ended otherwise than one that nothing interrupted", kills)
	}
	if a, b := checkpoints(t, dir), checkpoints(t, alone); a != b || saves != (strings.Count(a, " ") > 0) {
		t.Errorf("after %d kills there are checkpoints %s, want %s", kills, a, b)
	}
	starts, _ := os.ReadFile(filepath.Join(dir, "starts"))
	t.Logf("%d kills; batches at which processes began: %s", kills, starts)
}

// awaitStart waits until the process after so many kills trains.
func awaitStart(dir string, kills int) {
	for range 5000 {
		if b, err := os.ReadFile(filepath.Join(dir, "starts")); err == nil && strings.Count(string(b), " ") > kills {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// toBeKilled is the child. The first one does not get to the end, however late it is killed.
func toBeKilled(t *testing.T, tr training, dir string) {
	_, err := os.Stat(filepath.Join(dir, "starts"))
	first, mayEnd := true, err == nil
	m, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(filepath.Join(dir, "backup"), glia.EveryBatches(1))},
		glia.Use(glia.Callback{OnBatchEnd: func(_ *glia.Model, epoch, batch int, _ float64) error {
			if first {
				first = false
				f, err := os.OpenFile(filepath.Join(dir, "starts"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
				if err != nil {
					return err
				}
				fmt.Fprintf(f, "%d ", epoch*tr.batches+batch)
				return f.Close()
			}
			if !mayEnd && epoch == tr.epochs-1 {
				time.Sleep(time.Minute)
			}
			return nil
		}}))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "end"), []byte(tr.endOf(t, m, h).text()), 0o666); err != nil {
		t.Fatal(err)
	}
}

func (e end) text() string {
	return fmt.Sprintf("%q", []string{e.history, e.weights, e.optimizer, e.later, e.config})
}

// checkpoints returns the files of the callback and their contents.
func checkpoints(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, n := range names {
		m := glia.Sequential(nn.Input(5), nn.Dense(9, nn.ReLU), nn.Dropout(0.3), nn.Dense(3, nn.Softmax))
		compile(t, m, optim.Adam(0.01), loss.CategoricalCrossentropy())
		if err := m.LoadWeights(n); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %x\n", filepath.Base(n), weights(m))
	}
	return b.String()
}
