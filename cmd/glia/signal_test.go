package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/glia-ml/glia/internal/emulator"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// started is the command in a process of its own.
type started struct {
	*osexec.Cmd
	out  io.ReadCloser // which nobody reads unless the test does
	errs bytes.Buffer
}

// start starts the command.
func start(t *testing.T, args ...string) *started {
	t.Helper()
	line, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	p := &started{Cmd: emulator.Command()}
	p.Env = append(os.Environ(), commandLine+"="+string(line), "GLIA_DATA="+t.TempDir())
	p.Stderr = &p.errs
	if p.out, err = p.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	return p
}

// end waits for the end of the process, for half a minute or what an emulator takes for
// that, and returns its status.
func (p *started) end() int {
	defer time.AfterFunc(emulator.Limit(30*time.Second), func() { p.Process.Kill() }).Stop()
	err := p.Wait()
	if e := (*osexec.ExitError)(nil); errors.As(err, &e) {
		return e.ExitCode()
	}
	return 0
}

// TestSignals sends a signal to every command in the middle of its work, also while nobody
// reads its output, and wants it to end within 0.2 s.
func TestSignals(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "plan9" || runtime.GOOS == "js" {
		t.Skip("no signals are sent here")
	}
	dir := t.TempDir()
	tests := []signalTest{
		{"train, drawing", time.Second / 2, []string{"train", "mnist", "--offline"}},
	}
	if !testing.Short() {
		tests = append(tests, signalTests(t, dir)...)
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			var took time.Duration
			most := emulator.Limit(200 * time.Millisecond)
			const hangup = syscall.Signal(1) // SIGHUP, which js does not name
			signals := []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}
			if !signal.Ignored(hangup) { // as nohup has it, and its children with it
				signals = append(signals, hangup)
			}
			for i := range 12 { // other tests take time beside this one
				p := start(t, c.args...)
				time.Sleep(c.after)
				s := signals[i%len(signals)]
				if err := p.Process.Signal(s); err != nil {
					t.Skipf("the command ended before the signal: %v", err)
				}
				at := time.Now()
				status := p.end()
				took = time.Since(at)
				said := strings.Contains(p.errs.String(), "glia: "+s.String()) || strings.Contains(p.errs.String(), "context canceled")
				finished := status == 0 && c.args[0] == "convert" // which takes little longer than to start
				if stopped := 128 + int(s); !finished && (status != stopped && status != -1 || status == stopped && !said) {
					t.Errorf("%v: status %d, stderr %s", s, status, &p.errs)
				}
				if (i >= 2 || testing.Short()) && took < most {
					return
				}
			}
			t.Errorf("ended %v after the signal, want %v or less", took, most)
		})
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		for _, e := range left {
			if strings.HasSuffix(e.Name(), ".tmp") {
				t.Errorf("%s is left", e.Name())
			}
		}
	}
}

// signalTest is a command that gets a signal some time after its start.
type signalTest struct {
	name  string
	after time.Duration
	args  []string
}

// signalTests returns the commands that take longer to prepare, or to get to work, than a
// short test has. What they write goes to dir.
func signalTests(t *testing.T, dir string) []signalTest {
	var many []nn.Layer
	many = append(many, nn.Input(4))
	for range 1500 {
		many = append(many, nn.Activation(nn.ReLU))
	}
	_, long := saved(t, "long.keras", nil, append(many, nn.Dense(3))...)
	_, wide := saved(t, "wide.keras", loss.CategoricalCrossentropy(), nn.Input(28, 28), nn.Flatten(), nn.Dense(3000, nn.ReLU), nn.Dense(3000, nn.ReLU), nn.Dense(10, nn.Softmax))
	weights := create(t, "many.safetensors", func(w io.Writer) error {
		var all []safetensors.Entry
		for i := range 3000 {
			all = append(all, safetensors.Entry{Name: fmt.Sprintf("a_weight_with_a_long_name_%d", i), Tensor: tensor.Scalar(float32(i))})
		}
		return safetensors.Write(w, all, nil)
	})
	pictures := create(t, "pictures.npy", func(w io.Writer) error { return npy.Write(w, tensor.New(tensor.Float32, 4000, 28, 28)) })
	return []signalTest{
		{"inspect, writing", time.Second, []string{"inspect", weights}},
		{"summary, writing", time.Second, []string{"summary", long}},
		{"predict, predicting", time.Second, []string{"predict", wide, pictures}},
		{"evaluate, drawing", time.Second / 2, []string{"evaluate", wide, "digits"}},
		{"compare, drawing", time.Second / 2, []string{"compare", "mnist", "--offline"}},
		{"bench, drawing", time.Second / 2, []string{"bench", "--offline"}},
		{"convert, starting", 30 * time.Millisecond, []string{"convert", wide, filepath.Join(dir, "to.safetensors")}},
	}
}

// TestSignalInTraining wants a training of long batches to say at once that it stops, to
// save and to tell what is done; and to end at once at the second signal.
func TestSignalInTraining(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "plan9" || runtime.GOOS == "js" {
		t.Skip("no signals are sent here")
	}
	dir, work := tiny(t), t.TempDir()
	args := []string{"train", "mnist", "--data", dir, "--epochs", "100000", "--checkpoint", filepath.Join(work, "run"), "--json", filepath.Join(work, "out.json")}
	for name, c := range map[string]struct {
		args   []string
		twice  bool
		status int
	}{
		"short batches": {args, false, 143},
		"long batches, twice": {[]string{"train", "mnist", "--data", dir, "--batch-size", "full", "--hidden", "5000,5000",
			"--optimizer", "sgd", "--epochs", "1000"}, true, -1},
	} {
		if c.twice && testing.Short() {
			continue // a network of 30 million parameters
		}
		p := start(t, c.args...)
		said := make([]byte, 1<<16)
		for read := 0; !strings.Contains(string(said[:read]), "Total params"); {
			n, err := p.out.Read(said[read:])
			if err != nil {
				t.Fatalf("%s: %v: %s", name, err, &p.errs)
			}
			read += n
		}
		time.Sleep(300 * time.Millisecond)
		if err := p.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if c.twice {
			time.Sleep(2 * grace)
			p.Process.Signal(syscall.SIGTERM)
		}
		at := time.Now()
		rest, _ := io.ReadAll(p.out)
		if status := p.end(); status != c.status {
			t.Errorf("%s: status %d, want %d: %s", name, status, c.status, &p.errs)
		}
		if took := time.Since(at); took > emulator.Limit(5*time.Second) {
			t.Errorf("%s: ended after %v", name, took)
		}
		if !c.twice && (!strings.Contains(string(rest), "Stopped: ") || !strings.Contains(string(rest), "--resume")) {
			t.Errorf("%s: it tells\n%s", name, rest)
		}
		if c.twice && !strings.Contains(p.errs.String(), "stopping at the end of the batch") {
			t.Errorf("%s: it does not say that it stops: %s", name, &p.errs)
		}
	}
	if _, err := os.Stat(filepath.Join(work, "out.json")); err != nil {
		t.Error(err)
	}
}

// TestOutputThatCannotBeWritten runs commands with every output on a full disk.
func TestOutputThatCannotBeWritten(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip("no " + full + " here")
	}
	dir := tiny(t)
	path := trainTiny(t, dir, "m.keras")
	train := []string{"train", "mnist", "--data", dir, "--epochs", "1", "--quiet"}
	for _, args := range [][]string{
		append(train, "--cpuprofile", full),
		append(train, "--json", full),
		{"evaluate", path, "mnist", "--data", dir, "--json", full},
	} {
		p := start(t, args...)
		io.Copy(io.Discard, p.out)
		flag := args[len(args)-2]
		if status := p.end(); status != 1 || !strings.Contains(p.errs.String(), "glia: "+flag+": ") || !strings.Contains(p.errs.String(), "no space left") {
			t.Errorf("glia %s: status %d, stderr %s", strings.Join(args, " "), status, &p.errs)
		}
	}
	for _, args := range [][]string{{"inspect", path}, {"summary", path}, {"version"}, {"help"}, {"help", "train"}, {"--help"}, {"evaluate", path, "mnist", "--data", dir}} {
		line, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		cmd := emulator.Command()
		cmd.Env = append(os.Environ(), commandLine+"="+string(line))
		if cmd.Stdout, err = os.OpenFile(full, os.O_WRONLY, 0); err != nil {
			t.Fatal(err)
		}
		var errs bytes.Buffer
		cmd.Stderr = &errs
		p := started{Cmd: cmd}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if status := p.end(); status != 1 || !strings.HasPrefix(errs.String(), "glia: ") || !strings.Contains(errs.String(), "no space left") {
			t.Errorf("glia %s > %s: status %d, stderr %s", strings.Join(args, " "), full, status, &errs)
		}
	}
}

// TestUnknownCommands asks for what there is not.
func TestUnknownCommands(t *testing.T) {
	for _, args := range [][]string{{"bogus"}, {"help", "bogus"}, {"help", "train", "bogus"}, {"completion", "bogus"}, {"train", "bogus"}, {"train", "--bogus"}, {"version", "bogus"}} {
		p := start(t, args...)
		out, _ := io.ReadAll(p.out)
		if status := p.end(); status != 2 || len(out) > 0 || !strings.Contains(p.errs.String(), "bogus") || !strings.Contains(p.errs.String(), "\nsee glia") {
			t.Errorf("glia %s: status %d, stdout %s, stderr %s", strings.Join(args, " "), status, out, &p.errs)
		}
	}
	for _, args := range [][]string{nil, {"help"}, {"help", "train"}, {"help", "help"}, {"completion"}} {
		p := start(t, args...)
		out, _ := io.ReadAll(p.out)
		if status := p.end(); status != 0 || !strings.Contains(string(out), "Usage:") || p.errs.Len() > 0 {
			t.Errorf("glia %s: status %d, stdout %.200s, stderr %s", strings.Join(args, " "), status, out, &p.errs)
		}
	}
}

// TestDivergedTrainingIsNotSaved trains to NaN, with a file that is there.
func TestDivergedTrainingIsNotSaved(t *testing.T) {
	dir := tiny(t)
	path := trainTiny(t, dir, "m.keras")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "out.json")
	p := start(t, "train", "mnist", "--quiet", "--data", dir, "--epochs", "5", "--optimizer", "sgd", "--learning-rate", "1e30", "--save", path, "--json", to)
	io.Copy(io.Discard, p.out)
	if status := p.end(); status != 1 || !strings.Contains(p.errs.String(), "glia: --save: ") || !strings.Contains(p.errs.String(), path+" is not written: want a smaller --learning-rate") {
		t.Errorf("status %d, stderr %s", status, &p.errs)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file that was there changed (%v)", err)
	}
	if rec := read(t, to); len(rec.Epochs) != 5 {
		t.Errorf("%d epochs in the JSON, want 5", len(rec.Epochs))
	}
}
