package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/internal/emulator"
)

// commandLine is the variable that makes the test binary the command itself: its
// arguments, as JSON.
const commandLine = "GLIA_TEST_COMMAND_LINE"

func TestMain(m *testing.M) {
	if line := os.Getenv(commandLine); line != "" {
		var args []string
		if err := json.Unmarshal([]byte(line), &args); err != nil {
			panic(err)
		}
		os.Exit(process(args))
	}
	os.Exit(m.Run())
}

// must runs the command, which is to succeed without a message.
func must(t *testing.T, args ...string) string {
	t.Helper()
	status, out, errs := exec(t.Context(), args...)
	if status != 0 || errs != "" {
		t.Fatalf("glia %s: status %d, stderr %s", strings.Join(args, " "), status, errs)
	}
	return out
}

// trainTiny trains a small model, saves it and returns the path.
func trainTiny(t *testing.T, dir, name string, more ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, append([]string{"train", "mnist", "--quiet", "--data", dir, "--epochs", "3", "--batch-size", "32", "--hidden", "12", "--save", path}, more...)...)
	return path
}

// behind returns what follows a word.
func behind(s, word string) string {
	_, rest, _ := strings.Cut(s, word)
	return rest
}

// TestSaveAndEvaluate checks that a saved model is tested as it was in training.
func TestSaveAndEvaluate(t *testing.T) {
	dir := tiny(t)
	for _, name := range []string{"model.keras", "model.h5"} {
		path, to := filepath.Join(t.TempDir(), name), filepath.Join(t.TempDir(), "out.json")
		trained := must(t, "train", "mnist", "--data", dir, "--epochs", "3", "--dropout", "0.1", "--hidden", "20", "--save", path, "--json", to)
		if !strings.Contains(trained, "\nSaved: "+path+"\n") {
			t.Errorf("%s: training does not tell that it saved: %s", name, trained)
		}
		rec := read(t, to)
		tested := must(t, "evaluate", path, "mnist", "--data", dir, "--json", to)
		if got, want := behind(tested, "\nTest:\n"), behind(trained, "\nTest:\n"); got != want || got == "" {
			t.Errorf("%s: evaluate reports\n%swant what train does\n%s", name, got, want)
		}
		var e evaluateRecord
		readJSON(t, to, &e)
		if e.Loss != rec.Test.Loss || e.Metrics["accuracy"] != rec.Test.Metrics["accuracy"] || e.Samples != 50 || e.Dataset != "mnist" || e.Model != path {
			t.Errorf("%s: JSON of evaluate %+v, want the figures %+v", name, e, rec.Test)
		}
		if len(e.Classes) != 10 || len(e.Confusion) != 10 || e.Classes[3].Class != 3 || e.Classes[3].Samples != 5 {
			t.Errorf("%s: JSON of evaluate: classes %+v", name, e.Classes)
		}
	}
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// without leaves the times out of a record.
func without(r trainRecord) string {
	r.SecondsTotal = 0
	for i := range r.Epochs {
		r.Epochs[i].Seconds, r.Epochs[i].Waited = 0, 0
	}
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		panic(err)
	}
	return string(b)
}

// variables returns all bits of a saved model.
func variables(t *testing.T, path string) []byte {
	t.Helper()
	m, err := glia.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	add := func(vars []*graph.Var) {
		for _, v := range vars {
			all = append(fmt.Append(all, v.Path, v.Spec()), v.Tensor().Bytes()...)
		}
	}
	add(m.Network().Vars())
	add(m.Optimizer().Vars())
	return all
}

// TestKill kills trainings as they go, and compares what they come to after that.
func TestKill(t *testing.T) {
	if runtime.GOOS == "js" {
		t.Skip("no processes on " + runtime.GOOS)
	}
	dir, work := tiny(t), t.TempDir()
	epochs := "40" // the kill is to come before the last of them
	if emulator.Path() != "" {
		epochs = "10" // as long as 100 on a processor
	}
	args := func(name string, more ...string) []string {
		return append([]string{"train", "mnist", "--data", dir, "--epochs", epochs, "--batch-size", "2", "--hidden", "16", "--dropout", "0.2",
			"--validation-split", "0.1", "--json", filepath.Join(work, name+".json"), "--save", filepath.Join(work, name+".keras")}, more...)
	}
	must(t, args("alone")...)

	resumed := args("killed", "--checkpoint", filepath.Join(work, "run"), "--resume")
	for i, at := range []string{"Epoch 2/", "Epoch 5/"} {
		killAt(t, at, resumed)
		if _, err := os.Stat(filepath.Join(work, "run", "backup.safetensors")); err != nil {
			t.Fatalf("after kill %d: %v", i+1, err)
		}
	}
	for _, name := range []string{"killed.json", "killed.keras"} {
		if _, err := os.Stat(filepath.Join(work, name)); err == nil {
			t.Fatalf("%s is there before the end", name)
		}
	}
	status, _, errs := exec(t.Context(), resumed[:len(resumed)-1]...)
	if want := `^glia: --checkpoint: .*backup.safetensors is there, .*want --resume`; status != 1 || !regexp.MustCompile(want).MatchString(errs) {
		t.Errorf("without --resume: status %d, stderr %s", status, errs)
	}
	if out := must(t, resumed...); !strings.Contains(out, "Going on from ") || strings.Contains(out, "Epoch 1/") {
		t.Errorf("the training that goes on prints\n%s", out)
	}
	a, b := read(t, filepath.Join(work, "alone.json")), read(t, filepath.Join(work, "killed.json"))
	if without(a) != without(b) {
		t.Errorf("after two kills\n%s\nwant\n%s", without(b), without(a))
	}
	if !bytes.Equal(variables(t, filepath.Join(work, "alone.keras")), variables(t, filepath.Join(work, "killed.keras"))) {
		t.Error("after two kills the saved model has other weights or another optimizer's state")
	}
	if left, err := os.ReadDir(filepath.Join(work, "run")); err != nil || len(left) != 0 {
		t.Errorf("the end leaves %v, error %v", left, err)
	}
}

// killAt runs the command in a process of its own and kills it as it prints a word.
func killAt(t *testing.T, word string, args []string) {
	t.Helper()
	line, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	cmd := emulator.Command()
	cmd.Env = append(os.Environ(), commandLine+"="+string(line))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("no child processes: %v", err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), word) {
			cmd.Process.Kill()
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatalf("the process ended before it was killed at %q", word)
	}
}

// TestResumeAnew checks that --resume begins where there is nothing to resume.
func TestResumeAnew(t *testing.T) {
	dir, run := tiny(t), filepath.Join(t.TempDir(), "run")
	status, out, errs := exec(t.Context(), "train", "mnist", "--data", dir, "--epochs", "1", "--hidden", "none", "--checkpoint", run, "--resume")
	if want := "glia: --resume: no backup in " + run + ": the training begins anew\n"; status != 0 || errs != want || !strings.Contains(out, "Epoch 1/1") {
		t.Errorf("status %d, stderr %q, want %q; output\n%s", status, errs, want, out)
	}
}

// TestStopAndResume stops a training as Ctrl-C does: between two batches, and
// between its end and the test.
func TestStopAndResume(t *testing.T) {
	dir, work := tiny(t), t.TempDir()
	to, save := filepath.Join(work, "out.json"), filepath.Join(work, "m.keras")
	args := []string{"train", "mnist", "--data", dir, "--epochs", "4", "--batch-size", "8", "--hidden", "8", "--json", to, "--save", save}
	must(t, args...)
	want := read(t, to)
	args = append(args, "--checkpoint", filepath.Join(work, "run"), "--resume")
	for word, stopped := range map[string]string{
		"Epoch 2/": "Stopped: 2 of 4 epochs are done\nTo go on, run the same command with --resume\n",
		"Saved: ":  "Stopped: 4 of 4 epochs are done\nTo go on, run the same command with --resume\n",
	} {
		ctx, stop := context.WithCancel(t.Context())
		out, errs := &stopper{word: word, stop: stop}, &bytes.Buffer{}
		if status := run(ctx, args, out, errs); status != 1 || !strings.Contains(out.String(), stopped) {
			t.Fatalf("%s: status %d, output %s, stderr %s", word, status, out, errs)
		}
		if rec := read(t, to); !rec.Stopped || rec.Test != nil {
			t.Errorf("%s: JSON %+v, want one of a training that was stopped", word, rec)
		}
		must(t, args...)
		if got := read(t, to); without(got) != without(want) {
			t.Errorf("%s: after a stop\n%s\nwant\n%s", word, without(got), without(want))
		}
	}
}

// TestResumeOther refuses the backup of a training with other flags.
func TestResumeOther(t *testing.T) {
	dir, work := tiny(t), t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	out := &stopper{word: "Epoch 1/", stop: stop}
	run(ctx, []string{"train", "mnist", "--data", dir, "--epochs", "3", "--hidden", "8", "--checkpoint", work}, out, &bytes.Buffer{})
	status, _, errs := exec(t.Context(), "train", "mnist", "--data", dir, "--epochs", "3", "--hidden", "8", "--seed", "2", "--checkpoint", work, "--resume")
	if want := `backup of another training: seed: 2 now, 1 then`; status != 1 || !strings.Contains(errs, want) {
		t.Errorf("status %d, stderr %s, want %s", status, errs, want)
	}
	if err := os.WriteFile(filepath.Join(work, "backup.safetensors"), []byte("no backup"), 0o666); err != nil {
		t.Fatal(err)
	}
	status, _, errs = exec(t.Context(), "train", "mnist", "--data", dir, "--epochs", "3", "--hidden", "8", "--checkpoint", work, "--resume")
	if status != 1 || !strings.Contains(errs, "backup is damaged") {
		t.Errorf("status %d, stderr %s, want that the backup is damaged", status, errs)
	}
}
