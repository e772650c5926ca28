package glia_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// TestCallbackErrors: what is wrong is found before training.
func TestCallbackErrors(t *testing.T) {
	ds := blobs(t, 20, 3, 2).OneHot(2)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	halve := func(_ int, lr float64) float64 { return lr / 2 }
	for _, c := range []struct {
		want string
		cb   glia.Callback
	}{
		{`EarlyStopping: Monitor: "val_loss" is not known without validation: want Validate or ValidationSplit, or one of loss, accuracy$`, glia.EarlyStopping()},
		{`EarlyStopping: Monitor: "acc" is no name in this training: want one of loss, accuracy$`, glia.EarlyStopping(glia.Monitor("acc"))},
		{`ReduceLROnPlateau: Monitor: "lr" is no name in this training: want one of loss, accuracy$`, glia.ReduceLROnPlateau(glia.Monitor("lr"))},
		{`EarlyStopping: Patience\(-1\): want 0 or more$`, glia.EarlyStopping(glia.Monitor("loss"), glia.Patience(-1))},
		{`EarlyStopping: StartFromEpoch\(-2\): want 0 or more$`, glia.EarlyStopping(glia.Monitor("loss"), glia.StartFromEpoch(-2))},
		{`EarlyStopping: Baseline\(NaN\): want a number$`, glia.EarlyStopping(glia.Monitor("loss"), glia.Baseline(math.NaN()))},
		{`EarlyStopping: MinDelta\(NaN\): want a finite number$`, glia.EarlyStopping(glia.Monitor("loss"), glia.MinDelta(math.NaN()))},
		{`ReduceLROnPlateau: Factor\(1\): want more than 0 and less than 1$`, glia.ReduceLROnPlateau(glia.Monitor("loss"), glia.Factor(1))},
		{`ReduceLROnPlateau: Patience\(-1\): want 0 or more$`, glia.ReduceLROnPlateau(glia.Monitor("loss"), glia.Patience(-1))},
		{`ReduceLROnPlateau: Cooldown\(-1\): want 0 or more$`, glia.ReduceLROnPlateau(glia.Monitor("loss"), glia.Cooldown(-1))},
		{`ReduceLROnPlateau: MinLR\(-1\): want a finite number, 0 or more$`, glia.ReduceLROnPlateau(glia.Monitor("loss"), glia.MinLR(-1))},
		{`EarlyStopping: Mode\(7\): want Auto, Minimize or Maximize$`, glia.EarlyStopping(glia.Monitor("loss"), glia.Mode(7))},
		{`CSVLogger\(""\): no file: want the name of one$`, glia.CSVLogger("")},
		{`LearningRateScheduler: the function is nil$`, glia.LearningRateScheduler(nil)},
		{`LearningRateScheduler: learning rate -1 for epoch 0: want a finite number`, glia.LearningRateScheduler(func(int, float64) float64 { return -1 })},
		{`CSVLogger\(".*"\): .*: got a directory, want a file$`, glia.CSVLogger(dir)},
		{`CSVLogger\(".*"\): .*no-such-directory`, glia.CSVLogger(filepath.Join(dir, "no-such-directory", "log.csv"))},
		{`CSVLogger\(".*"\): Separator\('"'\)`, glia.CSVLogger(filepath.Join(dir, "a.csv"), glia.Separator('"'))},
		{`the file begins with "epoch,mse": want the columns "epoch,accuracy,loss,val_accuracy,val_loss", or no AppendCSV$`, glia.CSVLogger(write("b.csv", "epoch,mse\n0,1\n"), glia.AppendCSV)},
		{`the file ends within a line: want whole lines$`, glia.CSVLogger(write("c.csv", "epoch,accuracy,loss,val_accuracy,val_loss\r\n0,1"), glia.AppendCSV)},
	} {
		m := classifier(t, 3, 2)
		before := weights(m)
		_, err := m.Fit(ds, glia.Use(c.cb))
		wants(t, c.want, err, `^glia: Fit: .*`+c.want)
		if !bytes.Equal(weights(m), before) {
			t.Errorf("%s: the model was trained", c.want)
		}
	}
	m := glia.Sequential(nn.Input(3), nn.Dense(2, nn.Softmax))
	compile(t, m, optim.SGD(optim.CosineDecay(0.1, 10)), nn.CategoricalCrossentropy(), metric.TruePositives())
	for _, cb := range []glia.Callback{glia.LearningRateScheduler(halve), glia.ReduceLROnPlateau(glia.Monitor("loss"))} {
		_, err := m.Fit(ds, glia.Use(cb))
		wants(t, cb.Name, err, `the rate of sgd follows a schedule: want one that is a number$`)
	}
	_, err := m.Fit(ds, glia.Use(glia.EarlyStopping(glia.Monitor("true_positives"))))
	wants(t, "mode", err, `whether less or more of "true_positives" is better does not follow from its name: want Minimize or Maximize$`)
}

// TestLearningRateScheduler sees the rate of every epoch.
func TestLearningRateScheduler(t *testing.T) {
	var log bytes.Buffer
	var seen []string
	m := classifier(t, 3, 2)
	fit(t, m, blobs(t, 20, 3, 2).OneHot(2), glia.InitialEpoch(2), glia.Epochs(5), glia.Use(
		glia.LearningRateScheduler(func(epoch int, lr float64) float64 {
			seen = append(seen, fmt.Sprintf("%d %g", epoch, lr))
			return lr / 2
		}, glia.Logger(slog.New(slog.NewTextHandler(&log, nil))))))
	if got, want := strings.Join(seen, ", "), "2 0.01, 3 0.005, 4 0.0025"; got != want {
		t.Errorf("called with %s, want %s", got, want)
	}
	if lr := m.Optimizer().LearningRate(); lr != 0.00125 || strings.Count(log.String(), "learning rate set") != 3 {
		t.Errorf("learning rate %v in the end, log %s", lr, &log)
	}
}

// TestTerminateOnNaN ends without an error; the epoch is not in the history.
func TestTerminateOnNaN(t *testing.T) {
	for name, rate := range map[string]float64{"loss grows over all limits": 1e30, "all is well": 1e-3} {
		m := glia.Sequential(nn.Input(1), nn.Dense(1))
		compile(t, m, optim.SGD(rate), nn.MeanSquaredError())
		h, err := m.Fit(line(), glia.Epochs(3), glia.BatchSize(4), glia.Use(glia.TerminateOnNaN()))
		if want := map[bool]int{true: 0, false: 3}[rate > 1]; err != nil || len(h.Epochs) != want {
			t.Errorf("%s: %d epochs and error %v, want %d and none", name, len(h.Epochs), err, want)
		}
	}
}

// TestCSVLoggerFit writes a history with several numbers in a field.
func TestCSVLoggerFit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.csv")
	m := glia.Sequential(nn.Input(3), nn.Dense(2, nn.Softmax))
	compile(t, m, optim.SGD(0.1), nn.CategoricalCrossentropy(), metric.F1Score())
	ds := blobs(t, 20, 3, 2).OneHot(2)
	h := fit(t, m, ds, glia.Epochs(3), glia.Validate(ds), glia.ValidationFreq(2), glia.Use(glia.CSVLogger(path, glia.Separator('\t'))))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\r\n")
	if len(lines) != 5 || lines[0] != "epoch\tf1_score\tloss\tval_f1_score\tval_loss" {
		t.Fatalf("wrote %q", text)
	}
	for i, e := range h.Epochs {
		f := strings.Split(lines[i+1], "\t")
		two := e.Metrics[0].Tensor.Float64s()
		if f[0] != fmt.Sprint(i) || !strings.HasPrefix(f[1], "[0.") || strings.Count(f[1], ", ") != len(two)-1 || (f[3] == "NA") != (i != 1) || (f[4] == "NA") != (i != 1) {
			t.Errorf("epoch %d is %q", i, lines[i+1])
		}
	}
}

// remembering is a training whose callbacks all remember something.
func remembering(path string) training {
	return training{
		name: "callbacks that remember",
		model: func(t testing.TB) *glia.Model {
			m := glia.Sequential(nn.Input(4), nn.Dense(5, nn.Tanh), nn.Dropout(0.4), nn.Dense(2, nn.Softmax))
			compile(t, m, optim.Adam(0.2), nn.CategoricalCrossentropy(), metric.Accuracy())
			return m
		},
		data: func(t testing.TB) data.Dataset { return blobs(t, 24, 4, 2).OneHot(2) },
		opts: []glia.Option{glia.BatchSize(8), glia.ValidationSplit(0.3)},
		with: func() []glia.Callback {
			return []glia.Callback{
				glia.CSVLogger(path),
				glia.ReduceLROnPlateau(glia.Patience(1), glia.Factor(0.7), glia.MinDelta(0.05), glia.Cooldown(1)),
				glia.LearningRateScheduler(func(e int, lr float64) float64 { return lr * 0.99 }),
				glia.EarlyStopping(glia.Monitor("val_accuracy"), glia.Patience(3), glia.RestoreBestWeights),
				glia.TerminateOnNaN(),
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
	resumed := 0
	for n := range tr.epochs * tr.batches {
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
	if resumed < 8 {
		t.Errorf("resumed %d times", resumed)
	}
}

// TestResumeCSVLogger finds a log that is not what the backup knows.
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
