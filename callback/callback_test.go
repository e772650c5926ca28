package callback_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/callback"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
)

// TestCallbackErrors: mistakes are reported before training.
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
		{`EarlyStopping: Monitor: "val_loss" is not known without validation: want Validate or ValidationSplit, or one of loss, accuracy$`, callback.EarlyStopping()},
		{`EarlyStopping: Monitor: "acc" is no name in this training: want one of loss, accuracy$`, callback.EarlyStopping(callback.Monitor("acc"))},
		{`ReduceLROnPlateau: Monitor: "lr" is no name in this training: want one of loss, accuracy$`, callback.ReduceLROnPlateau(callback.Monitor("lr"))},
		{`EarlyStopping: Patience\(-1\): want 0 or more$`, callback.EarlyStopping(callback.Monitor("loss"), callback.Patience(-1))},
		{`EarlyStopping: StartFromEpoch\(-2\): want 0 or more$`, callback.EarlyStopping(callback.Monitor("loss"), callback.StartFromEpoch(-2))},
		{`EarlyStopping: Baseline\(NaN\): want a number$`, callback.EarlyStopping(callback.Monitor("loss"), callback.Baseline(math.NaN()))},
		{`EarlyStopping: MinDelta\(NaN\): want a finite number$`, callback.EarlyStopping(callback.Monitor("loss"), callback.MinDelta(math.NaN()))},
		{`ReduceLROnPlateau: Factor\(1\): want more than 0 and less than 1$`, callback.ReduceLROnPlateau(callback.Monitor("loss"), callback.Factor(1))},
		{`ReduceLROnPlateau: Patience\(-1\): want 0 or more$`, callback.ReduceLROnPlateau(callback.Monitor("loss"), callback.Patience(-1))},
		{`ReduceLROnPlateau: Cooldown\(-1\): want 0 or more$`, callback.ReduceLROnPlateau(callback.Monitor("loss"), callback.Cooldown(-1))},
		{`ReduceLROnPlateau: MinLR\(-1\): want a finite number, 0 or more$`, callback.ReduceLROnPlateau(callback.Monitor("loss"), callback.MinLR(-1))},
		{`EarlyStopping: Mode\(7\): want Auto, Minimize or Maximize$`, callback.EarlyStopping(callback.Monitor("loss"), callback.Mode(7))},
		{`CSVLogger\(""\): no file: want the name of one$`, callback.CSVLogger("")},
		{`LearningRateScheduler: the function is nil$`, callback.LearningRateScheduler(nil)},
		{`LearningRateScheduler: learning rate -1 for epoch 0: want a finite number`, callback.LearningRateScheduler(func(int, float64) float64 { return -1 })},
		{`CSVLogger\(".*"\): .*: got a directory, want a file$`, callback.CSVLogger(dir)},
		{`CSVLogger\(".*"\): .*no-such-directory`, callback.CSVLogger(filepath.Join(dir, "no-such-directory", "log.csv"))},
		{`CSVLogger\(".*"\): Separator\('"'\)`, callback.CSVLogger(filepath.Join(dir, "a.csv"), callback.Separator('"'))},
		{`the file begins with "epoch,mse": want the columns "epoch,accuracy,loss", or another file$`, callback.CSVLogger(write("b.csv", "epoch,mse\n0,1\n"), callback.AppendCSV)},
		{`the file ends within a line: want whole lines$`, callback.CSVLogger(write("c.csv", "epoch,accuracy,loss\r\n0,1"), callback.AppendCSV)},
		{`the file begins with "epoch,accuracy,loss,val_accuracy,val_loss": want the columns "epoch,accuracy,loss", or another file$`,
			callback.CSVLogger(write("d.csv", "epoch,accuracy,loss,val_accuracy,val_loss\r\n0,1,1,1,1\r\n"), callback.AppendCSV)},
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
	compile(t, m, optim.SGD(optim.CosineDecay(0.1, 10)), loss.CategoricalCrossentropy(), metric.TruePositives())
	for _, cb := range []glia.Callback{callback.LearningRateScheduler(halve), callback.ReduceLROnPlateau(callback.Monitor("loss"))} {
		_, err := m.Fit(ds, glia.Use(cb))
		wants(t, cb.Name, err, `the rate of sgd follows a schedule: want one that is a number$`)
	}
	_, err := m.Fit(ds, glia.Use(callback.EarlyStopping(callback.Monitor("true_positives"))))
	wants(t, "mode", err, `whether less or more of "true_positives" is better does not follow from its name: want Minimize or Maximize$`)
}

// TestLearningRateScheduler sees the rate of every epoch.
func TestLearningRateScheduler(t *testing.T) {
	var log bytes.Buffer
	var seen []string
	m := classifier(t, 3, 2)
	fit(t, m, blobs(t, 20, 3, 2).OneHot(2), glia.InitialEpoch(2), glia.Epochs(5), glia.Use(
		callback.LearningRateScheduler(func(epoch int, lr float64) float64 {
			seen = append(seen, fmt.Sprintf("%d %g", epoch, lr))
			return lr / 2
		}, callback.Logger(slog.New(slog.NewTextHandler(&log, nil))))))
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
		compile(t, m, optim.SGD(rate), loss.MeanSquaredError())
		h, err := m.Fit(line(), glia.Epochs(3), glia.BatchSize(4), glia.Use(callback.TerminateOnNaN()))
		if want := map[bool]int{true: 0, false: 3}[rate > 1]; err != nil || len(h.Epochs) != want {
			t.Errorf("%s: %d epochs and error %v, want %d and none", name, len(h.Epochs), err, want)
		}
	}
}

// TestCSVLoggerFit writes a history with several numbers in a field.
func TestCSVLoggerFit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.csv")
	m := glia.Sequential(nn.Input(3), nn.Dense(2, nn.Softmax))
	compile(t, m, optim.SGD(0.1), loss.CategoricalCrossentropy(), metric.F1Score())
	ds := blobs(t, 20, 3, 2).OneHot(2)
	h := fit(t, m, ds, glia.Epochs(3), glia.Validate(ds), glia.ValidationFreq(2), glia.Use(callback.CSVLogger(path, callback.Separator('\t'))))
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

// TestCSVLoggerColumns writes columns of the validation where there is one, all in the order
// of their names.
func TestCSVLoggerColumns(t *testing.T) {
	ds := blobs(t, 20, 3, 2).OneHot(2)
	zebra := metric.FromLoss(loss.MeanSquaredError(loss.Name("zebra")))
	for want, opts := range map[string][]glia.Option{
		"epoch,accuracy,loss,zebra\r\n0,0.":                                 nil,
		"epoch,accuracy,loss,val_accuracy,val_loss,val_zebra,zebra\r\n0,0.": {glia.ValidationSplit(0.5)},
	} {
		path := filepath.Join(t.TempDir(), "log.csv")
		m := glia.Sequential(nn.Input(3), nn.Dense(2, nn.Softmax))
		compile(t, m, optim.SGD(0.1), loss.CategoricalCrossentropy(), metric.Accuracy(), zebra)
		fit(t, m, ds, append(opts, glia.Use(callback.CSVLogger(path)))...)
		if text, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(text), want) || strings.Contains(string(text), "NA") {
			t.Errorf("wrote %q (%v), want %q...", text, err, want)
		}
	}
}
