package tensorboard_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/internal/pytest"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
	"github.com/glia-ml/glia/tensorboard"
)

// TestWriter compares with what is known of the format.
func TestWriter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	w, err := tensorboard.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(filepath.Base(w.Name()), ".tfevents.") {
		t.Errorf("the file is %s: TensorBoard wants tfevents in its name", w.Name())
	}
	two := image.NewGray(image.Rect(0, 0, 3, 2))
	for _, err := range []error{
		w.Scalar("loss", 3, 0.5), w.Text("note", 0, "**hi**"), w.Image("pictures", 1, two, two),
		w.Histogram("h", 2, tensor.Of(0.0, 1, 3, math.NaN(), math.Inf(1))),
		w.Histogram("same", 0, tensor.Of[float32](2, 2)), w.Histogram("nothing", 0, tensor.New(tensor.Float32, 0)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	name := w.Name()
	for range 2 {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	events := readEvents(t, name)
	if events[0].version != "brain.Event:2" || events[0].time < 1e9 || len(events) != 7 {
		t.Fatalf("events %+v", events)
	}
	for i, want := range []string{
		`loss scalars class 1 step 3: type 1 shape [] floats [0.5]`,
		`note text class 2 step 0: type 7 shape [] strings ["**hi**"]`,
		`pictures images class 3 step 1: type 7 shape [4] strings ["3" "2" PNG PNG]`,
		``,
		`same histograms class 2 step 0: type 2 shape [1 3] doubles [1.5 2.5 2]`,
		`nothing histograms class 2 step 0: type 2 shape [0 3] doubles []`,
	} {
		if got := events[i+1].String(); want != "" && got != want {
			t.Errorf("event %d is %s\nwant %s", i+1, got, want)
		}
	}
	h := events[4]
	if !slices.Equal(h.tensor.shape, []int{30, 3}) || h.tensor.doubles[2] != 1 || h.tensor.doubles[3*10+2] != 1 || h.tensor.doubles[3*29+1] != 3 || h.tensor.doubles[3*29+2] != 1 {
		t.Errorf("histogram %v", h.tensor)
	}
	if err := w.Scalar("loss", 4, 1); err == nil {
		t.Error("a scalar after Close: no error")
	}
}

func TestWriterErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", file, filepath.Join(file, "sub")} {
		if _, err := tensorboard.Open(dir); err == nil || !strings.HasPrefix(err.Error(), "tensorboard: Open: ") {
			t.Errorf("Open(%q): error %v", dir, err)
		}
	}
	w, err := tensorboard.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for want, err := range map[string]error{
		"no tag": w.Scalar("", 0, 1), "no images": w.Image("i", 0), "the tensor is nil": w.Histogram("h", 0, nil),
		"want one size":                     w.Image("i", 0, image.NewGray(image.Rect(0, 0, 1, 2)), image.NewGray(image.Rect(0, 0, 2, 1))),
		"the network is nil or not built":   w.Graph(nil),
		"Graph: the network is nil or not ": w.Graph(nn.Sequential(nn.Dense(2))),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

// samples are of two classes, with one-hot labels.
func samples(t testing.TB) *data.Memory {
	x, y := tensor.New(tensor.Float32, 20, 3), tensor.New(tensor.Float32, 20, 2)
	for i := range 20 {
		tensor.Data[float32](x)[3*i+i%3] = float32(i) / 20
		tensor.Data[float32](y)[2*i+i%2] = 1
	}
	ds, err := data.New(x, y)
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

func model(t testing.TB) *glia.Model {
	m := glia.Sequential(nn.Input(3), nn.Sequential(nn.Dense(4, nn.ReLU), nn.Dropout(0.1)), nn.Dense(2, nn.Softmax))
	if err := m.Compile(optim.Adam(0.01), loss.CategoricalCrossentropy(), metric.Accuracy(), metric.F1Score()); err != nil {
		t.Fatal(err)
	}
	return m
}

// fitted trains with a callback and returns the history.
func fitted(t testing.TB, cb glia.Callback, more ...glia.Option) *glia.History {
	h, err := model(t).Fit(samples(t), append([]glia.Option{glia.Epochs(4), glia.BatchSize(8), glia.Validate(samples(t)), glia.Use(cb)}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// tagsOf returns the tags of a run and their steps.
func tagsOf(events []event) map[string][]int64 {
	tags := map[string][]int64{}
	for _, e := range events {
		if e.tag != "" {
			tags[e.tag] = append(tags[e.tag], e.step)
		}
	}
	return tags
}

// TestCallback reads back all that a training wrote.
func TestCallback(t *testing.T) {
	dir := t.TempDir()
	h := fitted(t, tensorboard.Callback(dir, tensorboard.HistogramFreq(2), tensorboard.WriteImages, tensorboard.UpdateFreq(3), tensorboard.WriteStepsPerSecond))
	train, validation := readRun(t, filepath.Join(dir, "train")), readRun(t, filepath.Join(dir, "validation"))
	epochs, some, batches, steps := []int64{0, 1, 2, 3}, []int64{0, 2}, []int64{3, 6, 9, 12}, []int64{3, 6, 9, 12}
	want := map[string][]int64{
		"epoch_loss": epochs, "epoch_accuracy": epochs, "epoch_f1_score": epochs, "epoch_learning_rate": epochs, "epoch_steps_per_second": epochs,
		"batch_loss": batches, "batch_accuracy": batches, "batch_f1_score": batches, "batch_steps_per_second": batches,
	}
	for _, v := range model(t).Network().Vars() {
		want[v.Path+"/histogram"], want[v.Path+"/image"] = some, some
	}
	if got := tagsOf(train); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("train has %v\nwant %v", got, want)
	}
	want = map[string][]int64{
		"epoch_loss": epochs, "epoch_accuracy": epochs, "epoch_f1_score": epochs,
		"evaluation_loss_vs_iterations": steps, "evaluation_accuracy_vs_iterations": steps, "evaluation_f1_score_vs_iterations": steps,
	}
	if got := tagsOf(validation); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("validation has %v\nwant %v", got, want)
	}
	for run, events := range map[string][]event{"train": train, "validation": validation} {
		for _, e := range events {
			r := h.Epochs[min(int(e.step), 3)].Result
			if run == "validation" {
				r = *h.Epochs[min(int(e.step), 3)].Validation
			}
			if name, ok := strings.CutPrefix(e.tag, "epoch_"); ok && e.plugin == "scalars" && (name == "loss" || name == "accuracy") && e.tensor.floats[0] != float32(r.Get(name)) {
				t.Errorf("%s: %s is %v at %d, want %v", run, e.tag, e.tensor.floats, e.step, r.Get(name))
			}
		}
	}
	var last float32
	for _, e := range train {
		if e.tag == "batch_loss" {
			last = e.tensor.floats[0]
		}
	}
	if last != float32(h.Epochs[3].Loss) {
		t.Errorf("the last batch_loss is %v, want that of the epoch, %v", last, h.Epochs[3].Loss)
	}
	graph := slices.IndexFunc(train, func(e event) bool { return e.graph != nil })
	if graph != 1 {
		t.Fatalf("the graph is event %d, want 1", graph)
	}
	wantNodes := `input Placeholder [] [1 3]
sequential/dense/kernel VarHandleOp [] [3 4]
sequential/dense/bias VarHandleOp [] [4]
sequential/dense/Dense Dense [input sequential/dense/kernel sequential/dense/bias] [1 4]
sequential/dropout/Dropout Dropout [sequential/dense/Dense] [1 4]
dense/kernel VarHandleOp [] [4 2]
dense/bias VarHandleOp [] [2]
dense/Dense Dense [sequential/dropout/Dropout dense/kernel dense/bias] [1 2]
`
	if got := strings.Join(train[graph].graph, ""); got != wantNodes {
		t.Errorf("the graph is\n%swant\n%s", got, wantNodes)
	}
}

// TestCallbackPlain writes what Keras writes by default, minus the graph.
func TestCallbackPlain(t *testing.T) {
	dir := t.TempDir()
	fitted(t, tensorboard.Callback(dir, tensorboard.NoGraph), glia.ValidationFreq(3))
	train, validation := readRun(t, filepath.Join(dir, "train")), readRun(t, filepath.Join(dir, "validation"))
	for tag := range tagsOf(train) {
		if !strings.HasPrefix(tag, "epoch_") {
			t.Errorf("train has %s", tag)
		}
	}
	if slices.ContainsFunc(train, func(e event) bool { return e.graph != nil }) {
		t.Error("train has a graph")
	}
	if got := tagsOf(validation); !slices.Equal(got["epoch_loss"], []int64{2}) || !slices.Equal(got["evaluation_loss_vs_iterations"], []int64{9}) {
		t.Errorf("validation has %v", got)
	}
	if _, err := model(t).Fit(samples(t), glia.Use(tensorboard.Callback(dir, tensorboard.NoGraph))); err != nil {
		t.Errorf("without validation: %v", err)
	}
}

func TestCallbackErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for want, cb := range map[string]glia.Callback{
		"HistogramFreq(0): want 1 or more": tensorboard.Callback(t.TempDir(), tensorboard.HistogramFreq(0)),
		"UpdateFreq(-1): want 1 or more":   tensorboard.Callback(t.TempDir(), tensorboard.UpdateFreq(-1)),
		"tensorboard: Open: ":              tensorboard.Callback(file),
	} {
		h, err := model(t).Fit(samples(t), glia.Use(cb))
		if err == nil || !strings.Contains(err.Error(), want) || len(h.Epochs) != 0 {
			t.Errorf("error %v after %d epochs, want %q in it", err, len(h.Epochs), want)
		}
	}
}

// TestResume counts batches on.
func TestResume(t *testing.T) {
	dir := t.TempDir()
	cut := glia.Callback{OnEpochEnd: func(_ *glia.Model, e glia.Epoch) error {
		if e.Epoch == 3 {
			return fmt.Errorf("cut")
		}
		return nil
	}}
	for i, more := range [][]glia.Callback{{cut}, nil} {
		cb := tensorboard.Callback(dir, tensorboard.UpdateFreq(1))
		_, err := model(t).Fit(samples(t), glia.Epochs(4), glia.BatchSize(10), glia.Use(cb, glia.BackupAndRestore(filepath.Join(dir, "backup"))), glia.Use(more...))
		if (err != nil) != (i == 0) {
			t.Fatal(err)
		}
	}
	tags := tagsOf(readRun(t, filepath.Join(dir, "train"))) // of two files
	if !slices.Equal(tags["batch_loss"], []int64{1, 2, 3, 4, 5, 6, 5, 6, 7, 8}) || !slices.Equal(tags["epoch_loss"], []int64{0, 1, 2, 2, 3}) {
		t.Errorf("cut after the second epoch and resumed: %v", tags)
	}
}

// TestRealTensorBoard lets TensorBoard load what was written.
func TestRealTensorBoard(t *testing.T) {
	python := pytest.Python(t, "tensorboard.backend.event_processing.event_accumulator")
	dir := t.TempDir()
	h := fitted(t, tensorboard.Callback(dir, tensorboard.HistogramFreq(1), tensorboard.WriteImages, tensorboard.UpdateFreq(1)))
	text, err := tensorboard.Open(filepath.Join(dir, "train"))
	if err != nil {
		t.Fatal(err)
	}
	if err := text.Text("note", 7, "hello"); err != nil {
		t.Fatal(err)
	}
	if err := text.Close(); err != nil {
		t.Fatal(err)
	}
	for run, of := range map[string]func(e glia.Epoch) glia.Result{
		"train":      func(e glia.Epoch) glia.Result { return e.Result },
		"validation": func(e glia.Epoch) glia.Result { return *e.Validation },
	} {
		cmd := exec.Command(python, "testdata/events.py", filepath.Join(dir, run))
		var problems bytes.Buffer
		cmd.Stderr = &problems
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, &problems)
		}
		var got struct {
			Tags map[string]struct {
				Plugin string
				Class  int
				Events [][2]any
			}
			Graph [][]any
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		own := readRun(t, filepath.Join(dir, run))
		for tag, steps := range tagsOf(own) {
			if len(got.Tags[tag].Events) != len(steps) {
				t.Errorf("%s: TensorBoard has %d events of %s, want %d", run, len(got.Tags[tag].Events), tag, len(steps))
			}
		}
		for _, name := range []string{"loss", "accuracy"} {
			tag := got.Tags["epoch_"+name]
			for i, e := range tag.Events {
				if tag.Plugin != "scalars" || e[0] != float64(i) || float32(e[1].(float64)) != float32(of(h.Epochs[i]).Get(name)) {
					t.Errorf("%s: TensorBoard has %s %v of %s at epoch %d", run, tag.Plugin, e, name, i)
				}
			}
		}
		if run == "validation" {
			continue
		}
		if len(got.Graph) != 8 || len(got.Tags["dense/kernel/image"].Events) != 4 || got.Tags["dense/kernel/image"].Plugin != "images" || got.Tags["dense/kernel/histogram"].Plugin != "histograms" || fmt.Sprint(got.Tags["note"].Events) != "[[7 [hello]]]" {
			t.Errorf("TensorBoard has the graph %v, image %v, text %v", got.Graph, got.Tags["dense/kernel/image"], got.Tags["note"])
		}
	}
}

func ExampleCallback() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	m := glia.Sequential(nn.Input(1), nn.Dense(1))
	if err := m.Compile(optim.SGD(0.1), loss.MeanSquaredError()); err != nil {
		panic(err)
	}
	ds, err := data.New(tensor.New(tensor.Float32, 4, 1), tensor.Of[float32](2, 4, 6, 8))
	if err != nil {
		panic(err)
	}
	if _, err := m.Fit(ds, glia.Epochs(3), glia.Validate(ds), glia.Use(tensorboard.Callback(dir))); err != nil {
		panic(err)
	}
	runs, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, r := range runs {
		fmt.Println(filepath.Base(r))
	}
	// Output:
	// train
	// validation
}

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	w, err := tensorboard.Open(dir)
	if err != nil {
		panic(err)
	}
	defer w.Close()
	for step := range int64(100) {
		if err := w.Scalar("sine", step, math.Sin(float64(step)/10)); err != nil {
			panic(err)
		}
	}
	info, err := os.Stat(w.Name())
	if err != nil {
		panic(err)
	}
	fmt.Println(info.Size(), "bytes")
	// Output: 6438 bytes
}
