package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/curves"
	"github.com/glia-ml/glia/plot"
)

// compareTiny compares on few digits with a small network.
func compareTiny(t *testing.T, args ...string) []string {
	return append([]string{"compare", "mnist", "--data", tiny(t), "--hidden", "16", "--batch-size", "32", "--epochs", "3"}, args...)
}

func readComparison(t *testing.T, path string) (rec compareRecord) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &rec); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return rec
}

func TestCompare(t *testing.T) {
	dir := t.TempDir()
	to := filepath.Join(dir, "out.json")
	status, out, errs := exec(t.Context(), compareTiny(t, "--optimizers", "sgd,adam,lion", "--learning-rates", "0.0001,0.01",
		"--seeds", "2", "--seed", "7", "--json", to)...)
	if status != 0 || errs != "" {
		t.Fatalf("status %d, stderr %q", status, errs)
	}
	for _, want := range []string{
		`Data: mnist, 300 images for training, 50 for testing\nNetwork: 12,730 parameters\n`,
		`\n 1/12 sgd, learning rate 0.0001, seed 7 - loss \d\.\d{4} - val_accuracy 0\.\d{4} - test accuracy 0\.\d{4} - \d+\.\ds\n`,
		`\n12/12 lion, learning rate 0.01, seed 8 - loss `,
		`\nOptimizer +Learning rate +Train loss +Val accuracy +Test loss +Test accuracy +Seconds +Trainings\n`,
		`\nadam +0.01 \* +\d\.\d{4} ± \d\.\d{4} +\d\.\d{4} ± \d\.\d{4} +\d\.\d{4} ± \d\.\d{4} +\d\.\d{4} ± \d\.\d{4} +\d+\.\d ± \d+\.\d +2\n`,
		`\n\* best learning rate of the optimizer, by accuracy in validation\n$`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("output lacks %s:\n%s", want, out)
		}
	}
	rec := readComparison(t, to)
	if rec.Dataset != "mnist" || rec.Samples != 300 || rec.Parameters != 12730 || rec.BatchSize != 32 || rec.Epochs != 3 ||
		rec.ValidationSplit != 0.1 || len(rec.Model) != 3 || rec.Stopped || rec.SecondsTotal <= 0 {
		t.Errorf("JSON: %+v", rec)
	}
	checkTrials(t, rec, []uint64{7, 8})
	checkSorted(t, out, rec)
	checkDrawn(t, to, rec)
}

// checkDrawn checks that the results have a picture, with the curves of the best trials.
func checkDrawn(t *testing.T, path string, rec compareRecord) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := curves.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[string]plot.Curve{}
	for _, c := range p.Charts[1].Curves {
		drawn[c.Name] = c
	}
	for _, r := range rec.Trials {
		name := r.Optimizer + " " + strconv.FormatFloat(float64(r.LearningRate), 'g', -1, 64)
		c, ok := drawn[name]
		if ok != r.Best {
			t.Errorf("picture: has a curve %q: %v, want %v", name, ok, r.Best)
		}
		if got, want := slices.Concat(c.Y, c.Low, c.High), []number{r.ValAccuracy.Mean, r.ValAccuracy.Min, r.ValAccuracy.Max}; ok &&
			(len(got) != 9 || number(got[2]) != want[0] || number(got[5]) != want[1] || number(got[8]) != want[2]) {
			t.Errorf("picture: %q: mean, least and most %v, want %v at the end of each", name, got, want)
		}
	}
}

// checkTrials checks that means, spreads and the best are those of the runs.
func checkTrials(t *testing.T, rec compareRecord, seeds []uint64) {
	t.Helper()
	best := map[string]trialRecord{}
	for _, r := range rec.Trials {
		var losses, accuracies []float64
		for i, run := range r.Runs {
			last := run.Epochs[len(run.Epochs)-1]
			losses = append(losses, float64(last.Loss))
			accuracies = append(accuracies, float64(last.ValMetrics["accuracy"]))
			if run.Seed != seeds[i] || len(run.Epochs) != 3 || run.Test.Metrics["accuracy"] <= 0 || run.Seconds <= 0 {
				t.Errorf("%s %v: run %+v", r.Optimizer, r.LearningRate, run)
			}
		}
		if len(r.Runs) != 2 {
			t.Fatalf("%s %v: %d runs, want 2", r.Optimizer, r.LearningRate, len(r.Runs))
		}
		if losses[0] == losses[1] {
			t.Errorf("%s %v: both seeds end with loss %v", r.Optimizer, r.LearningRate, losses[0])
		}
		mean, half := (losses[0]+losses[1])/2, math.Abs(losses[0]-losses[1])/2
		want := spreadRecord{number(mean), number(half * math.Sqrt2), number(mean - half), number(mean + half)}
		for i, d := range []number{r.TrainLoss.Mean - want.Mean, r.TrainLoss.Std - want.Std, r.TrainLoss.Min - want.Min, r.TrainLoss.Max - want.Max} {
			if math.Abs(float64(d)) > 1e-12 {
				t.Errorf("%s %v: train loss %+v, want %+v (%d)", r.Optimizer, r.LearningRate, r.TrainLoss, want, i)
			}
		}
		if got, want := float64(r.ValAccuracy.Mean), (accuracies[0]+accuracies[1])/2; math.Abs(got-want) > 1e-12 {
			t.Errorf("%s %v: accuracy %v, want %v", r.Optimizer, r.LearningRate, got, want)
		}
		b, ok := best[r.Optimizer]
		if !ok || r.ValAccuracy.Mean > b.ValAccuracy.Mean || r.ValAccuracy.Mean == b.ValAccuracy.Mean && r.TrainLoss.Mean < b.TrainLoss.Mean {
			best[r.Optimizer] = r
		}
	}
	for _, r := range rec.Trials {
		if want := best[r.Optimizer].LearningRate == r.LearningRate; r.Best != want {
			t.Errorf("%s %v: best %v, want %v", r.Optimizer, r.LearningRate, r.Best, want)
		}
	}
}

// checkSorted checks the order of the table's rows.
func checkSorted(t *testing.T, out string, rec compareRecord) {
	t.Helper()
	accuracy := map[string]number{}
	for _, r := range rec.Trials {
		accuracy[r.Optimizer+" "+strconv.FormatFloat(float64(r.LearningRate), 'g', -1, 64)] = r.TestAccuracy.Mean
	}
	_, table, _ := strings.Cut(out, "\nOptimizer")
	var got []number
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) > 2 {
			if a, ok := accuracy[f[0]+" "+f[1]]; ok {
				got = append(got, a)
			}
		}
	}
	slices.Reverse(got)
	if len(got) != len(rec.Trials) || !slices.IsSorted(got) {
		t.Errorf("%d rows of %d, accuracies from below %v:\n%s", len(got), len(rec.Trials), got, out)
	}
}

// TestCompareAll trains with every optimizer, as Keras makes it, and without
// validation. It is one layer, for Ftrl forgets the weights that a network begins
// with, and all hidden units become the same.
func TestCompareAll(t *testing.T) {
	to := filepath.Join(t.TempDir(), "out.json")
	status, out, errs := exec(t.Context(), compareTiny(t, "--optimizers", "all", "--hidden", "none", "--validation-split", "0", "--json", to)...)
	if status != 0 || errs != "" {
		t.Fatalf("status %d, stderr %q", status, errs)
	}
	if strings.Contains(out, "Val accuracy") || strings.Contains(out, "val_accuracy") || strings.Contains(out, "*") || strings.Contains(out, "±") {
		t.Errorf("output of one learning rate and seed, without validation:\n%s", out)
	}
	rec := readComparison(t, to)
	if len(rec.Trials) != len(rules) || len(rules) < 15 {
		t.Fatalf("%d trials, %d optimizers", len(rec.Trials), len(rules))
	}
	for i, r := range rec.Trials {
		e := r.Runs[0].Epochs
		if r.Optimizer != rules[i].name || float64(r.LearningRate) != rules[i].rate || !r.Best || len(e) != 3 || !(e[2].Loss < e[0].Loss) {
			t.Errorf("%d, %s: %+v", i, rules[i].name, r)
		}
	}
}

// TestCompareIsTraining checks that a comparison has the numbers of glia train.
func TestCompareIsTraining(t *testing.T) {
	dir, to := tiny(t), filepath.Join(t.TempDir(), "out.json")
	flags := []string{"--data", dir, "--hidden", "12", "--epochs", "2", "--batch-size", "50", "--dropout", "0.2", "--l2", "1e-4",
		"--activation", "tanh", "--seed", "3", "--validation-split", "0.2", "--quiet", "--json", to}
	if status, out, errs := exec(t.Context(), append([]string{"compare", "mnist", "--optimizers", "momentum", "--learning-rates", "0.05"}, flags...)...); status != 0 || out != "" || errs != "" {
		t.Fatalf("status %d, output %q, stderr %q", status, out, errs)
	}
	run := readComparison(t, to).Trials[0].Runs[0]
	if status, _, errs := exec(t.Context(), append([]string{"train", "mnist", "--optimizer", "momentum", "--learning-rate", "0.05"}, flags...)...); status != 0 {
		t.Fatal(errs)
	}
	rec := read(t, to)
	if run.Test.Loss != rec.Test.Loss || run.Epochs[1].Loss != rec.Epochs[1].Loss || *run.Epochs[1].ValLoss != *rec.Epochs[1].ValLoss {
		t.Errorf("compare: %+v\ntrain: %+v", run, rec)
	}
}

// TestCompareDiverged checks that a training that diverges is reported as such and
// never is the best.
func TestCompareDiverged(t *testing.T) {
	dir := t.TempDir()
	to := filepath.Join(dir, "out.json")
	status, out, errs := exec(t.Context(), compareTiny(t, "--optimizers", "sgd", "--activation", "linear", "--learning-rates", "1e30,0.01",
		"--json", to)...)
	if status != 0 || !regexp.MustCompile(`^(glia: warning: .*: the loss is (NaN|[+-]Inf), .* is finite\n)+$`).MatchString(errs) {
		t.Fatalf("status %d, stderr %q", status, errs)
	}
	for _, want := range []string{`learning rate 1e\+30, seed 1 - diverged in epoch 1\n`, `\nsgd +0.01 \* `, `\nsgd +1e\+30 +– +– .* 1, 1 diverged\n`} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("output lacks %s:\n%s", want, out)
		}
	}
	rec := readComparison(t, to)
	if r := rec.Trials[0]; !r.Runs[0].Diverged || len(r.Runs[0].Epochs) != 0 || r.Best {
		t.Errorf("JSON: %+v", r)
	}
	if b, err := os.ReadFile(to); err != nil || !bytes.Contains(b, []byte(`"mean": null`)) {
		t.Errorf("JSON: %s, error %v", b, err)
	}
}

// TestCompareStop checks what is left of a comparison that is stopped in its fourth
// training.
func TestCompareStop(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	dir := t.TempDir()
	to := filepath.Join(dir, "out.json")
	out, errs := &stopper{word: "4/8 ", stop: stop}, &bytes.Buffer{}
	status := run(ctx, compareTiny(t, "--optimizers", "sgd,adam", "--seeds", "4", "--json", to), out, errs)
	if status != 1 || !strings.Contains(errs.String(), "adam, learning rate 0.001, seed 2: Fit: stopped in epoch 1 before batch 1: context canceled") {
		t.Errorf("status %d, stderr %q", status, errs)
	}
	for _, want := range []string{`Stopped: 3 of 8 trainings are done\n`, `\nadam +0\.001 .* 1\n`, `\nsgd +0\.01 .* 2\n`} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("output lacks %s:\n%s", want, out)
		}
	}
	if rec := readComparison(t, to); !rec.Stopped || len(rec.Trials) != 2 || len(rec.Trials[0].Runs) != 2 || len(rec.Trials[1].Runs) != 1 {
		t.Errorf("JSON: %+v", rec)
	}
}

func TestCompareStopAtOnce(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	out, errs := &stopper{word: "1/7 ", stop: stop}, &bytes.Buffer{}
	status := run(ctx, compareTiny(t), out, errs)
	if s := out.String(); status != 1 || !strings.HasSuffix(s, "\nStopped: 0 of 7 trainings are done\n") {
		t.Errorf("status %d, output %s, stderr %s", status, s, errs)
	}
}

func TestCompareFailures(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name    string
		args    []string
		pattern string
	}{
		{"no directory", []string{"--data", filepath.Join(dir, "no")}, `^glia: mnist: .*no such file`},
		{"no directory for JSON", []string{"--json", filepath.Join(dir, "no", "x.json")}, `^glia: --json: .*x.json: cannot be written: no such file`},
		{"split of too few", []string{"--validation-split", "0.9999"}, `^glia: sgd, learning rate 0.01, seed 1: Fit: ValidationSplit: `},
	} {
		status, out, errs := exec(t.Context(), compareTiny(t, c.args...)...)
		if status != 1 || !regexp.MustCompile(c.pattern).MatchString(errs) || strings.Contains(out, "Trainings") {
			t.Errorf("%s: status %d, stdout %q, stderr %q, want status 1 and %s", c.name, status, out, errs, c.pattern)
		}
	}
}
