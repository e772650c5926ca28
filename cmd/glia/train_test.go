package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/digits"
	"github.com/glia-ml/glia/data/idx"
	"github.com/glia-ml/glia/tensor"
)

// exec runs the command and returns its exit status and output.
func exec(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(ctx, args, &out, &errs)
	return status, out.String(), errs.String()
}

// tiny returns a directory of MNIST's form with few digits.
func tiny(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	train, test, err := digits.Load(300, 50, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, ds := range map[string]*data.Memory{"train": train, "t10k": test} {
		write(t, filepath.Join(dir, name+"-images-idx3-ubyte"), ds.X())
		write(t, filepath.Join(dir, name+"-labels-idx1-ubyte"), ds.Y())
	}
	return dir
}

func write(t *testing.T, path string, x *tensor.Tensor) {
	t.Helper()
	var b bytes.Buffer
	if err := idx.Write(&b, x); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) (rec trainRecord) {
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

func TestTrain(t *testing.T) {
	to := filepath.Join(t.TempDir(), "out.json")
	if err := os.WriteFile(to, []byte("what was there"), 0o644); err != nil {
		t.Fatal(err)
	}
	status, out, errs := exec(t.Context(), "train", "mnist", "--data", tiny(t), "--epochs", "4", "--batch-size", "32",
		"--hidden", "24,16", "--activation", "tanh", "--dropout", "0.1", "--l2", "1e-5", "--validation-split", "0.1",
		"--learning-rate", "0.01", "--seed", "5", "--threads", "1", "--json", to)
	if status != 0 || errs != "" {
		t.Fatalf("status %d, stderr %q", status, errs)
	}
	for _, want := range []string{
		`Data: mnist, 300 images for training, 50 for testing`,
		`│ dense \(Dense\) +│ \(None, 24\) +│ +18,840 │`,
		`Trainable params: 19,410 `,
		`Epoch 4/4 - .* - accuracy: 0\.\d{4} - loss: \d\.\d{4} - val_accuracy: [01]\.\d{4} - val_loss: \d\.\d{4}\n`,
		`Test:\nloss      \d\.\d{4}\naccuracy  0\.\d{4}\n`,
		`Confusion matrix`,
		`Class  Precision  Recall      F1  Samples\n0 `,
		`mean .* 50\n$`,
	} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("output lacks %s:\n%s", want, out)
		}
	}
	rec := read(t, to)
	if rec.Dataset != "mnist" || rec.Parameters != 19410 || rec.BatchSize != 32 || rec.Seed != 5 || rec.Threads != 1 ||
		rec.ISA == "" || rec.GOMAXPROCS < 1 || rec.LearningRate != 0.01 || rec.Stopped || rec.SecondsTotal <= 0 {
		t.Errorf("JSON: %+v", rec)
	}
	var classes []string
	for _, l := range rec.Model {
		classes = append(classes, l.Class)
	}
	if want := []string{"Flatten", "Dense", "Dropout", "Dense", "Dropout", "Dense"}; !slices.Equal(classes, want) {
		t.Errorf("JSON: layers %v, want %v", classes, want)
	}
	if len(rec.Epochs) != 4 || rec.Test == nil {
		t.Fatalf("JSON: epochs %+v, test %+v", rec.Epochs, rec.Test)
	}
	first, last := rec.Epochs[0], rec.Epochs[3]
	if first.Epoch != 1 || last.Epoch != 4 || !(last.Loss < first.Loss) || last.Seconds <= 0 ||
		last.Metrics["accuracy"] <= first.Metrics["accuracy"] || last.ValLoss == nil || last.ValMetrics["accuracy"] <= 0 {
		t.Errorf("JSON: first epoch %+v, last %+v", first, last)
	}
	if a := rec.Test.Metrics["accuracy"]; a < 0.3 || a > 1 || !(rec.Test.Loss > 0) {
		t.Errorf("JSON: test %+v", rec.Test)
	}
	left, err := filepath.Glob(to + "*")
	if err != nil || len(left) != 1 {
		t.Errorf("files %v are left, error %v", left, err)
	}
}

// TestTrainIsRepeatable trains twice with every optimizer.
// TestSchedule checks the learning rate of the last epoch, which the model's file has.
func TestSchedule(t *testing.T) {
	dir, data := t.TempDir(), tiny(t)
	last := (1 - math.Sqrt2/2) / 2
	for _, c := range []struct {
		args        []string
		kind        schedule
		first, last float64
	}{
		{nil, constant, 0.001, 0.001},
		{[]string{"--schedule", "cosine", "--learning-rate", "0.01"}, cosine, 0.01, 0.01 * last},
		{[]string{"--model", "cnn"}, cosine, 0.003, 0.003 * last},
		{[]string{"--model", "cnn", "--learning-rate", "0.01"}, constant, 0.01, 0.01},
		{[]string{"--model", "cnn", "--schedule", "cosine"}, cosine, 0.001, 0.001 * last},
	} {
		path, to := filepath.Join(dir, "m.keras"), filepath.Join(dir, "out.json")
		must(t, append([]string{"train", "mnist", "--data", data, "--epochs", "4", "--save", path, "--json", to}, c.args...)...)
		m, err := glia.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Optimizer().LearningRate(); math.Abs(got-c.last) > 1e-8 {
			t.Errorf("%v: the last learning rate is %v, want %v", c.args, got, c.last)
		}
		if rec := read(t, to); rec.Schedule != c.kind || math.Abs(float64(rec.LearningRate)-c.first) > 1e-8 {
			t.Errorf("%v: JSON: schedule %v from %v, want %v from %v", c.args, rec.Schedule, rec.LearningRate, c.kind, c.first)
		}
	}
}

// TestTrainConvolutions trains the convolutional network, and reads its file.
func TestTrainConvolutions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cnn.keras")
	out := must(t, "train", "mnist", "--model", "cnn", "--data", tiny(t), "--epochs", "2", "--batch-size", "32", "--save", path)
	for _, want := range []string{"conv2d_1 (Conv2D)", "(None, 26, 26, 32)", "max_pooling2d", "34,826", "Epoch 2/2"} {
		if !strings.Contains(out, want) {
			t.Errorf("got\n%s\nwant %q in it", out, want)
		}
	}
	m, err := glia.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if trainable, _ := m.Params(); trainable != 34826 {
		t.Errorf("%d parameters, want those of Keras's example, 34826", trainable)
	}
}

func TestTrainIsRepeatable(t *testing.T) {
	dir, to := tiny(t), filepath.Join(t.TempDir(), "out.json")
	all := [][]string{
		{"--optimizer", "sgd", "--batch-size", "1"},
		{"--optimizer", "sgd", "--batch-size", "full"},
		{"--optimizer", "rmsprop", "--dropout", "0.5"},
	}
	for _, name := range ruleNames() {
		all = append(all, []string{"--optimizer", name, "--hidden", "none"})
	}
	for _, args := range all {
		args = append([]string{"train", "mnist", "--quiet", "--epochs", "2", "--data", dir, "--json", to}, args...)
		var recs [2]trainRecord
		for i := range recs {
			if status, out, errs := exec(t.Context(), args...); status != 0 || out != "" || errs != "" {
				t.Fatalf("%v: status %d, output %q, stderr %q", args, status, out, errs)
			}
			recs[i] = read(t, to)
		}
		if a, b := recs[0], recs[1]; a.Test.Loss != b.Test.Loss || a.Epochs[1].Loss != b.Epochs[1].Loss {
			t.Errorf("%v: losses %v and %v, on test data %v and %v", args, a.Epochs[1].Loss, b.Epochs[1].Loss, a.Test.Loss, b.Test.Loss)
		}
		if a := recs[0]; !(a.Epochs[1].Loss < a.Epochs[0].Loss) {
			t.Errorf("%v: loss %v, then %v", args, a.Epochs[0].Loss, a.Epochs[1].Loss)
		}
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args    string
		pattern string
	}{
		{"learn", `^glia: got command "learn", want bench, compare, convert, evaluate, inspect, predict, show, summary, train or version\n`},
		{"train", `^glia: got no data set, want mnist or FOLDER\n`},
		{"train cifar", `got data set "cifar", want mnist`},
		{"train mnist twice", `got argument "twice"`},
		{"version 3", `got argument "3", want none`},
		{"train mnist --epoch 3", `unknown flag: --epoch`},
		{"train mnist --epochs many", `invalid argument "many"`},
		{"train mnist --epochs 0", `--epochs: got 0, want 1 or more`},
		{"train mnist --batch-size -2", `"-2" for "--batch-size" flag: want 1 or more, or "full"`},
		{"train mnist --batch-size most", `"most" for "--batch-size" flag`},
		{"train mnist --optimizer newton", `"newton" for "--optimizer" flag: got "newton", want sgd, momentum, rmsprop, .* or `},
		{"train mnist --optimizer=", `"" for "--optimizer" flag: got "", want sgd, `},
		{"compare", `^glia: got no data set, want mnist\n`},
		{"compare mnist --optimizers sgd,newton", `"sgd,newton" for "--optimizers" flag: got "newton", want sgd, momentum, `},
		{"compare mnist --optimizers adam,sgd,adam", `for "--optimizers" flag: got adam twice`},
		{"compare mnist --optimizers=", `for "--optimizers" flag: got "", want sgd, `},
		{"compare mnist --learning-rates 0.1,0", `"0.1,0" for "--learning-rates" flag: want numbers above 0 with commas between, or "sweep"`},
		{"compare mnist --learning-rates 1,NaN", `for "--learning-rates" flag: want numbers above 0`},
		{"compare mnist --learning-rates 1e309", `for "--learning-rates" flag: want numbers above 0`},
		{"compare mnist --learning-rates 0.1,1e-1", `for "--learning-rates" flag: got 0.1 twice`},
		{"compare mnist --seeds 0", `--seeds: got 0, want 1 to 1000`},
		{"compare mnist --epochs 0", `--epochs: got 0, want 1 or more`},
		{"compare mnist --json=", `--json: got an empty name`},
		{"compare mnist --data=", `--data: got an empty name`},
		{"train mnist --learning-rate 0", `--learning-rate: got 0, want`},
		{"train mnist --schedule linear", `"linear" for "--schedule" flag: got "linear", want constant or cosine`},
		{"train mnist --learning-rate NaN", `--learning-rate: got NaN, want`},
		{"train mnist --learning-rate Inf", `--learning-rate: got \+Inf, want`},
		{"train mnist --model resnet", `--model: got "resnet", want mlp or cnn`},
		{"train mnist --model cnn --hidden 10", "--model cnn has its own layers: want no --hidden and no --activation with it"},
		{"train mnist --hidden 10,0", `"10,0" for "--hidden" flag: want numbers of 1 or more`},
		{"train mnist --hidden 100000000", `"100000000" for "--hidden" flag: want numbers of 1 or more, up to 65536`},
		{"train mnist --activation step", `"step" for "--activation" flag: want one of Keras's`},
		{"train mnist --activation=", `"" for "--activation" flag: want one of Keras's`},
		{"train mnist --dtype half", `"half" for "--dtype" flag: want float32, mixed_bfloat16, mixed_float16, float64, bfloat16 or float16`},
		{"train mnist --data=", `--data: got an empty name`},
		{"train mnist --json=", `--json: got an empty name`},
		{"train mnist --save=", `--save: got an empty name`},
		{"train mnist --save m.safetensors", `--save: file name "m.safetensors": want one that ends in .keras or .h5`},
		{"train mnist --save m.weights.h5", `--save: file name "m.weights.h5": want one that ends in .keras or .h5`},
		{"train mnist --resume", `--resume: want --checkpoint DIR with it`},
		{"train mnist --checkpoint=", `--checkpoint: got an empty name`},
		{"bench --data=", `--data: got an empty name`},
		{"evaluate", `^glia: got no MODEL, want MODEL\n`},
		{"evaluate m.keras", `got no data set, want mnist, digits or FOLDER`},
		{"evaluate m.keras cifar", `got data set "cifar", want mnist or digits`},
		{"evaluate m.keras digits --data x", `--data and --offline are for mnist: got data set "digits"`},
		{"evaluate m.keras digits --from-logits", `--from-logits: want --loss NAME with it`},
		{"evaluate m.keras digits --loss worst", `--loss: .*worst`},
		{"evaluate m.keras digits --scale 0", `"0" for "--scale" flag: want a number other than 0`},
		{"evaluate m.keras digits --scale 1/0", `"1/0" for "--scale" flag: want a number other than 0`},
		{"predict m.keras", `got no INPUT, want INPUT`},
		{"predict m.keras x.png --top 0", `--top: got 0, want 1 or more`},
		{"predict m.keras x.png --limit -1", `--limit: got -1, want 1 or more`},
		{"predict m.keras x.png --invert=maybe", `"maybe" for "--invert" flag: want yes, no or auto`},
		{"predict m.keras x.png --classes=", `--classes: got an empty name`},
		{"summary", `got no MODEL`},
		{"summary a b", `got argument "b", want no more than MODEL`},
		{"inspect", `got no FILE`},
		{"convert a.keras", `got no TO`},
		{"convert a.keras b.txt", `file name "b.txt": want one that ends in one of`},
		{"convert a.keras b.h5 c.h5", `got argument "c.h5", want no more than FROM TO`},
		{"train mnist --dropout 1", `--dropout: got 1, want 0 or more and less than 1`},
		{"train mnist --l2 -1", `--l2: got -1, want`},
		{"train mnist --validation-split 1.5", `--validation-split: got 1.5, want`},
		{"train mnist --threads -1", `--threads: got -1, want`},
		{"train mnist --seed -1", `invalid argument "-1" for "--seed"`},
	} {
		status, out, errs := exec(t.Context(), strings.Fields(c.args)...)
		if status != 2 || out != "" || !regexp.MustCompile(c.pattern).MatchString(errs) || !strings.HasPrefix(errs, "glia: ") {
			t.Errorf("glia %s: status %d, stdout %q, stderr\n\t%swant status 2 and\n\t%s", c.args, status, out, errs, c.pattern)
		}
	}
}

func TestFailures(t *testing.T) {
	dir := tiny(t)
	cut := tiny(t)
	if err := os.Truncate(filepath.Join(cut, "train-images-idx3-ubyte"), 1000); err != nil {
		t.Fatal(err)
	}
	labels := tiny(t)
	write(t, filepath.Join(labels, "train-labels-idx1-ubyte"), tensor.New(tensor.Uint8, 7))
	for _, c := range []struct {
		name    string
		args    []string
		pattern string
	}{
		{"no directory", []string{"--data", filepath.Join(dir, "no")}, `^glia: mnist: .*no such file`},
		{"empty directory", []string{"--data", t.TempDir()}, `^glia: mnist: .*train-images-idx3-ubyte`},
		{"broken file", []string{"--data", cut}, `^glia: mnist: .*train-images-idx3-ubyte`},
		{"too few labels", []string{"--data", labels}, `^glia: mnist: .*got 7 labels, want 300`},
		{"no directory for JSON", []string{"--data", dir, "--json", filepath.Join(dir, "no", "x.json")}, `^glia: --json: .*x.json: cannot be written: no such file`},
		{"directory for JSON", []string{"--data", dir, "--json", dir}, `^glia: --json: .*got a directory, want a file`},
		{"directory for the model", []string{"--data", dir, "--save", filepath.Join(dir, "no", "x.keras")}, `^glia: --save: .*x.keras: cannot be written: no such file`},
		{"profile", []string{"--data", dir, "--cpuprofile", filepath.Join(dir, "no", "x")}, `^glia: --cpuprofile: `},
		{"split of too few", []string{"--data", dir, "--validation-split", "0.9999"}, `^glia: Fit: ValidationSplit: `},
	} {
		status, out, errs := exec(t.Context(), append([]string{"train", "mnist"}, c.args...)...)
		if status != 1 || !regexp.MustCompile(c.pattern).MatchString(errs) {
			t.Errorf("%s: status %d, stderr %q, want status 1 and %s", c.name, status, errs, c.pattern)
		}
		if strings.Contains(out, "Epoch") {
			t.Errorf("%s: found out after training:\n%s", c.name, out)
		}
	}
}

// TestFailureLeavesJSON checks that a failure leaves the file that was there.
func TestFailureLeavesJSON(t *testing.T) {
	to := filepath.Join(t.TempDir(), "out.json")
	if err := os.WriteFile(to, []byte("what was there"), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := exec(t.Context(), "train", "mnist", "--data", t.TempDir(), "--json", to); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	if b, err := os.ReadFile(to); err != nil || string(b) != "what was there" {
		t.Errorf("the file holds %q, error %v", b, err)
	}
}

func TestReadOnlyDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Create(filepath.Join(dir, "probe")); err == nil {
		f.Close()
		t.Skip("this user may write where nobody may")
	}
	status, out, errs := exec(t.Context(), "train", "mnist", "--data", tiny(t), "--json", filepath.Join(dir, "out.json"))
	if status != 1 || !strings.Contains(errs, "cannot be written: permission denied") || out != "" {
		t.Errorf("status %d, stdout %q, stderr %q", status, out, errs)
	}
}

// stopper cancels a context when it is written to with a word.
type stopper struct {
	bytes.Buffer
	word string
	stop func()
}

func (s *stopper) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(s.word)) {
		s.stop()
	}
	return s.Buffer.Write(b)
}

func TestStop(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	to := filepath.Join(t.TempDir(), "out.json")
	out, errs := &stopper{word: "Epoch 2/", stop: stop}, &bytes.Buffer{}
	status := run(ctx, []string{"train", "mnist", "--data", tiny(t), "--epochs", "1000", "--json", to}, out, errs)
	if status != 1 || !strings.Contains(errs.String(), "epoch 3 before batch 1: context canceled") {
		t.Errorf("status %d, stderr %q", status, errs)
	}
	if s := out.String(); !strings.Contains(s, "Epoch 2/1000 - ") || !strings.Contains(s, "Stopped: 2 of 1000 epochs are done") {
		t.Errorf("output %s", s)
	}
	if rec := read(t, to); len(rec.Epochs) != 2 || !rec.Stopped || rec.Test != nil {
		t.Errorf("JSON: %+v", rec)
	}
}

// TestWithoutMNIST checks that generated digits take its place, under their name.
func TestWithoutMNIST(t *testing.T) {
	if testing.Short() {
		t.Skip("draws 70,000 digits")
	}
	t.Setenv("GLIA_DATA", "")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	to := filepath.Join(t.TempDir(), "out.json")
	status, out, errs := exec(t.Context(), "train", "mnist", "--offline", "--hidden", "none", "--epochs", "1", "--json", to)
	if want := "glia: MNIST is neither on disk nor to be downloaded: these are generated digits instead\n"; status != 0 || errs != want {
		t.Fatalf("status %d, stderr %q", status, errs)
	}
	if want := "Data: digits, 60000 images for training, 10000 for testing\n"; !strings.HasPrefix(out, want) {
		t.Errorf("output %s", out)
	}
	if rec := read(t, to); rec.Dataset != "digits" || rec.Samples != 60000 || rec.Test.Metrics["accuracy"] < 0.8 {
		t.Errorf("JSON: %+v", rec)
	}
}

// TestJSONThroughLink checks that a link stays a link.
func TestJSONThroughLink(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file.json"), filepath.Join(dir, "link.json")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	if status, _, errs := exec(t.Context(), "train", "mnist", "--quiet", "--data", tiny(t), "--epochs", "1", "--json", link); status != 0 {
		t.Fatal(errs)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link became %v, error %v", info.Mode(), err)
	}
	if rec := read(t, file); len(rec.Epochs) != 1 {
		t.Errorf("JSON: %+v", rec)
	}
}

func TestNumbersThatAreNone(t *testing.T) {
	to := filepath.Join(t.TempDir(), "out.json")
	status, _, errs := exec(t.Context(), "train", "mnist", "--quiet", "--data", tiny(t), "--optimizer", "sgd",
		"--learning-rate", "1e30", "--activation", "linear", "--epochs", "2", "--json", to)
	if status != 0 {
		t.Fatal(errs)
	}
	b, err := os.ReadFile(to)
	if err != nil || !bytes.Contains(b, []byte(`"loss": null`)) {
		t.Errorf("JSON of a training that diverged: %s, error %v", b, err)
	}
}

func TestVersion(t *testing.T) {
	status, out, _ := exec(t.Context(), "version")
	if status != 0 || !regexp.MustCompile(`^glia \S+ go\S+ \w+/\w+ \w+\n$`).MatchString(out) {
		t.Errorf("status %d, output %q", status, out)
	}
}

func TestBenchFailures(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args    []string
		status  int
		pattern string
	}{
		{[]string{"mnist"}, 2, `^glia: got argument "mnist", want none`},
		{[]string{"--data", dir}, 1, `^glia: mnist: `},
		{[]string{"--json", filepath.Join(dir, "no", "x.json")}, 1, `^glia: --json: .*cannot be written: no such file`},
	} {
		status, out, errs := exec(t.Context(), append([]string{"bench"}, c.args...)...)
		if status != c.status || out != "" || !regexp.MustCompile(c.pattern).MatchString(errs) {
			t.Errorf("bench %v: status %d, stdout %q, stderr %q, want status %d and %s", c.args, status, out, errs, c.status, c.pattern)
		}
	}
}
