package glia_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/callback"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// remembering is a training whose callbacks all remember something.
func remembering(path string) training {
	return training{
		name: "callbacks that remember",
		model: func(t testing.TB) *glia.Model {
			m := glia.Sequential(nn.Input(4), nn.Dense(5, nn.Tanh), nn.Dropout(0.4), nn.Dense(2, nn.Softmax))
			compile(t, m, optim.Adam(0.2), loss.CategoricalCrossentropy(), metric.Accuracy())
			return m
		},
		data: func(t testing.TB) data.Dataset { return blobs(t, 24, 4, 2).OneHot(2) },
		opts: []glia.Option{glia.BatchSize(8), glia.ValidationSplit(0.3)},
		with: func() []glia.Callback {
			return []glia.Callback{
				callback.CSVLogger(path),
				callback.ReduceLROnPlateau(callback.Patience(1), callback.Factor(0.7), callback.MinDelta(0.05), callback.Cooldown(1)),
				callback.LearningRateScheduler(func(e int, lr float64) float64 { return lr * 0.99 }),
				callback.EarlyStopping(callback.Monitor("val_accuracy"), callback.Patience(3), callback.RestoreBestWeights),
				callback.TerminateOnNaN(),
			}
		},
		epochs: 7, batches: 2,
	}
}

// TestResumeCallbacks interrupts the training everywhere.
func TestResumeCallbacks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.csv")
	tr := remembering(path)
	want := tr.whole(t)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	resumed, step := 0, 1
	if testing.Short() {
		step = 5
	}
	for n := 1; n < tr.epochs*tr.batches; n += step {
		for _, every := range [][]glia.BackupOption{nil, {glia.EveryBatches(1)}} {
			os.Remove(path)
			dir := t.TempDir()
			_, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir, every...)}, cuts()["error after a batch"](n)...)
			if err == nil {
				continue // stopped early before the cut
			}
			if !errors.Is(err, errCut) {
				t.Fatal(err)
			}
			m, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir, every...)})
			if err != nil {
				t.Fatal(err)
			}
			resumed++
			tr.endOf(t, m, h).same(t, fmt.Sprintf("cut after %d batches", n), want)
			if again, err := os.ReadFile(path); err != nil || string(again) != string(text) {
				t.Errorf("cut after %d batches: log is %q (%v), want %q", n, again, err, text)
			}
		}
	}
	if resumed < 8/step {
		t.Errorf("resumed %d times", resumed)
	}
}

// TestResumeCSVLogger refuses a log that differs from the one in the backup.
func TestResumeCSVLogger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.csv")
	tr := remembering(path)
	dir := t.TempDir()
	if _, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)}, cuts()["error after a batch"](3)...); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]string{"shorter": string(text[:10]), "another": strings.Repeat("x", len(text))} {
		if err := os.WriteFile(path, []byte(other), 0o666); err != nil {
			t.Fatal(err)
		}
		_, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)})
		wants(t, name, err, `callback CSVLogger\(".*"\): Restore: .* is not the file that the backup knows: want its first \d+ bytes as they were`)
	}
}

// TestCheckpointIsResumed checks that a checkpoint remembers the best value and
// its files when a training is resumed.
func TestCheckpointIsResumed(t *testing.T) {
	tr := trainings()[0]
	tr.epochs = 8
	checkpoint := func(dir string) glia.Callback {
		return callback.ModelCheckpoint(filepath.Join(dir, "{epoch}-{batch}.npz"), callback.SaveBestOnly, callback.Monitor("loss"),
			callback.EveryBatches(3), callback.KeepLast(2))
	}
	run := func(dir, backups string, n int) error {
		tr.with = func() []glia.Callback { return []glia.Callback{checkpoint(dir)} }
		var more []glia.Option
		if n >= 0 {
			more = cuts()["error after a batch"](n)
		}
		_, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(backups)}, more...)
		return err
	}
	once := t.TempDir()
	if err := run(once, t.TempDir(), -1); err != nil {
		t.Fatal(err)
	}
	want := files(t, once)
	if strings.Count(want, "npz") != 2 {
		t.Fatalf("got %s, want two files", want)
	}
	for n := range tr.epochs * tr.batches {
		if testing.Short() && n%7 != 3 {
			continue
		}
		dir, backups := t.TempDir(), t.TempDir()
		if err := run(dir, backups, n); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		if err := run(dir, backups, -1); err != nil {
			t.Fatal(err)
		}
		if got := files(t, dir); got != want {
			t.Errorf("stopped after batch %d: got %s, want %s", n, got, want)
		}
	}
}

// averaged is a training whose optimizer keeps averages.
func averaged(with func() []glia.Callback) training {
	return training{
		name: "averages",
		model: func(t testing.TB) *glia.Model {
			m := glia.Sequential(nn.Input(4), nn.Dense(5, nn.Tanh), nn.Dropout(0.4), nn.Dense(2, nn.Softmax))
			compile(t, m, optim.Adam(0.05, optim.EMA(0.8)), loss.CategoricalCrossentropy(), metric.Accuracy())
			return m
		},
		data: func(t testing.TB) data.Dataset { return blobs(t, 24, 4, 2).OneHot(2) },
		opts: []glia.Option{glia.BatchSize(8), glia.ValidationSplit(0.3)},
		with: with, epochs: 3, batches: 2,
	}
}

// TestResumeSwapEMAWeights interrupts the training everywhere.
func TestResumeSwapEMAWeights(t *testing.T) {
	tr := averaged(func() []glia.Callback { return []glia.Callback{callback.SwapEMAWeights(callback.SwapOnEpoch)} })
	want := tr.whole(t)
	for _, how := range []string{"error after a batch", "error before an epoch", "error after an epoch", "context after an epoch"} {
		for n := range tr.epochs {
			dir := t.TempDir()
			if _, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)}, cuts()[how](n)...); err == nil && n < tr.epochs-1 {
				t.Fatalf("%s %d: no error", how, n)
			}
			m, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)})
			if err != nil {
				t.Fatal(err)
			}
			tr.endOf(t, m, h).same(t, fmt.Sprint(how, " ", n), want)
		}
	}
}

// files lists the names in dir and below.
func files(t testing.TB, dir string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
