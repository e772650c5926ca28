package glia_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// TestErrStopRemovesBackup ends early without an error.
func TestErrStopRemovesBackup(t *testing.T) {
	tr := trainings()[0]
	dir := t.TempDir()
	stop := glia.Use(glia.Callback{OnBatchEnd: func(_ *glia.Model, e, _ int, _ float64) error {
		if e == 2 {
			return glia.ErrStop
		}
		return nil
	}})
	if _, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)}, stop); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left %v, want nothing", left)
	}

	// A training that ends before it began must not take a backup away.
	interrupted(t, tr, dir)
	early := glia.Use(glia.Callback{OnTrainBegin: func(*glia.Model) error { return glia.ErrStop }})
	if _, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)}, early); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "backup.safetensors")); err != nil {
		t.Error(err)
	}
}

// interrupted leaves a backup of a training in dir and returns the file's name.
func interrupted(t testing.TB, tr training, dir string) string {
	t.Helper()
	_, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)}, cuts()["error after an epoch"](1)...)
	if !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	return filepath.Join(dir, "backup.safetensors")
}

func TestBackupOfAnotherTraining(t *testing.T) {
	tr := trainings()[0]
	dir := t.TempDir()
	path := interrupted(t, tr, dir)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	layers := func(l ...nn.Layer) *glia.Model {
		m := glia.Sequential(append([]nn.Layer{nn.Input(5)}, l...)...)
		m.Seed = 11
		return m
	}
	compiled := func(m *glia.Model, o optim.Optimizer, l loss.Loss, more ...metric.Metric) func(testing.TB) *glia.Model {
		return func(t testing.TB) *glia.Model {
			compile(t, m, o, l, append([]metric.Metric{metric.Accuracy(), metric.F1Score(), metric.Precision()}, more...)...)
			return m
		}
	}
	same := func() *glia.Model {
		return layers(nn.Dense(9, nn.ReLU), nn.Dropout(0.3), nn.Dense(3, nn.Softmax))
	}
	adam := func() optim.Optimizer { return optim.Adam(0.01) }
	ce := loss.CategoricalCrossentropy()
	seeded := same()
	seeded.Seed = 12
	mixed := same()
	mixed.Network().DType = nn.MixedBFloat16
	use := func(cb glia.Callback) glia.Option { return glia.Use(cb) }
	for _, c := range []struct {
		name    string
		model   func(testing.TB) *glia.Model
		data    data.Dataset
		opts    []glia.Option
		pattern string
	}{
		{"units", compiled(layers(nn.Dense(8, nn.ReLU), nn.Dropout(0.3), nn.Dense(3, nn.Softmax)), adam(), ce), nil, nil,
			`layer dense: units: 8 now, 9 then; variable model/dense/bias: float32\[8\] now, float32\[9\] then; .*more differences: want the program that made it, or another directory$`},
		{"dropout", compiled(layers(nn.Dense(9, nn.ReLU), nn.Dropout(0.4), nn.Dense(3, nn.Softmax)), adam(), ce), nil, nil,
			`another training: layer dropout: rate: 0.4 now, 0.3 then: want`},
		{"activation", compiled(layers(nn.Dense(9, nn.Tanh), nn.Dropout(0.3), nn.Dense(3, nn.Softmax)), adam(), ce), nil, nil,
			`another training: layer dense: activation: "tanh" now, "relu" then: want`},
		{"one layer more", compiled(layers(nn.Dense(9, nn.ReLU), nn.Dropout(0.3), nn.Dense(3, nn.Softmax), preprocess.Rescaling(1, 0)), adam(), ce), nil, nil,
			`layer rescaling: Rescaling now, nothing then`},
		{"dtype policy", compiled(mixed, adam(), ce), nil, nil, `another training: layer dense: dtype policy: mixed_bfloat16 now, nothing then; layer dense_1: .*; layer dropout: .*: want`},
		{"optimizer", compiled(same(), optim.RMSprop(0.01), ce), nil, nil, `optimizer adam: nothing now, Adam then`},
		{"beta", compiled(same(), optim.Adam(0.01, optim.Beta1(0.8)), ce), nil, nil, `another training: optimizer adam: beta_1: 0.8 now, 0.9 then: want`},
		{"schedule", compiled(same(), optim.Adam(optim.CosineDecay(0.01, 5)), ce), nil, nil, `optimizer adam: learning_rate: {.*} now, nothing then`},
		{"loss", compiled(same(), adam(), loss.MeanSquaredError()), nil, nil, `loss categorical_crossentropy: nothing now, CategoricalCrossentropy then`},
		{"smoothing", compiled(same(), adam(), loss.CategoricalCrossentropy(loss.LabelSmoothing(0.1))), nil, nil, `label_smoothing: 0.1 now, 0 then`},
		{"metric", compiled(same(), adam(), ce, metric.Recall()), nil, nil, `metric recall: .* now, nothing then`},
		{"seed", compiled(seeded, adam(), ce), nil, nil, `another training: seed: 12 now, 11 then: want`},
		{"samples", nil, blobs(t, 58, 5, 3).OneHot(3), nil, `samples: \d+ now, 45 then`},
		{"labels", nil, blobs(t, 57, 5, 3), nil, `a sample: float32\[5\] with labels int32\[\] now, float32\[5\] with labels float32\[3\] then`},
		{"batch size", nil, nil, []glia.Option{glia.BatchSize(13)}, `another training: batch size: 13 now, 12 then: want`},
		{"order", nil, nil, []glia.Option{glia.InOrder}, `another training: InOrder: true now, false then: want`},
		{"class weights", nil, nil, []glia.Option{glia.ClassWeights(map[int]float64{0: 3})}, `another training: class weights: map\[0:3\] now, map\[0:2 2:0.5\] then`},
		{"a callback more", nil, nil, []glia.Option{use(every3())}, `another training: callback every3: a state now, nothing then: want`},
	} {
		tr := tr
		if c.model != nil {
			tr.model = c.model
		} else if c.name == "labels" {
			tr.model = func(t testing.TB) *glia.Model {
				m := same()
				compile(t, m, adam(), loss.SparseCategoricalCrossentropy(), metric.Accuracy())
				return m
			}
		}
		if c.data != nil {
			tr.data = func(testing.TB) data.Dataset { return c.data }
		}
		m, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)}, c.opts...)
		wants(t, c.name, err, `^glia: Fit: BackupAndRestore: .*backup.safetensors: `)
		wants(t, c.name, err, c.pattern)
		if len(h.Epochs) != 0 || m.Optimizer().Vars()[0].Tensor().Item() != 0 {
			t.Errorf("%s: trained, or the history or the optimizer was changed", c.name)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: the backup is no longer what it was (%v)", c.name, err)
		}
	}
	m, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)})
	if err != nil {
		t.Fatal(err)
	}
	tr.endOf(t, m, h).same(t, "after all refusals", tr.whole(t))
}

// TestDamagedBackup cuts the file short and flips every bit of it, one a byte.
func TestDamagedBackup(t *testing.T) {
	tr := trainings()[2]
	dir := t.TempDir()
	path := interrupted(t, tr, dir)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, b []byte) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
		_, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)})
		if err == nil {
			t.Errorf("%s: no error", what)
			return
		}
		wants(t, what, err, `^glia: Fit: BackupAndRestore: .*backup.safetensors: (the backup is damaged: .*: want it whole, or remove it to begin again|got a file without glia.backup: want one that BackupAndRestore wrote)$`)
		if len(h.Epochs) != 0 {
			t.Errorf("%s: %d epochs", what, len(h.Epochs))
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(b, after) {
			t.Errorf("%s: the file was changed (%v)", what, err)
		}
	}
	step := 1 + len(good)/150
	for n := 0; n < len(good); n += step {
		try(fmt.Sprintf("%d bytes of %d", n, len(good)), good[:n])
	}
	for i := 0; i < len(good); i += step {
		b := slices.Clone(good)
		b[i] ^= 1 << (i % 8)
		try(fmt.Sprintf("bit %d of byte %d", i%8, i), b)
	}
	try("other file", []byte("not a backup at all"))

	var other bytes.Buffer
	if err := safetensors.Write(&other, []safetensors.Entry{{Name: "a", Tensor: tensor.Scalar[float32](1)}}, nil); err != nil {
		t.Fatal(err)
	}
	try("safetensors of another kind", other.Bytes())
	if err := os.WriteFile(path, good, 0o666); err != nil {
		t.Fatal(err)
	}
	m, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)})
	if err != nil {
		t.Fatal(err)
	}
	tr.endOf(t, m, h).same(t, "the good one again", tr.whole(t))
}

// TestBackupCannotBeWritten reports obstacles before training, and during it.
func TestBackupCannotBeWritten(t *testing.T) {
	tr := trainings()[0]
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	_, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(filepath.Join(file, "sub"))})
	wants(t, "a file in the place of the directory", err, `^glia: Fit: BackupAndRestore: .*file`)

	full := filepath.Join(dir, "full")
	if err := os.MkdirAll(filepath.Join(full, "backup.safetensors"), 0o777); err != nil {
		t.Fatal(err)
	}
	_, _, err = tr.run(t, []glia.Callback{glia.BackupAndRestore(full)})
	wants(t, "a directory in the place of the file", err, `^glia: Fit: BackupAndRestore: .*got a directory, want a file`)

	// The disk goes away after the first epoch.
	gone := filepath.Join(dir, "gone")
	_, h, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(gone)}, glia.Use(glia.Callback{
		OnEpochEnd: func(_ *glia.Model, e glia.Epoch) error {
			if e.Epoch == 2 {
				return os.RemoveAll(gone)
			}
			return nil
		},
	}))
	wants(t, "a directory that is gone", err, `^glia: Fit: BackupAndRestore: .*gone.backup.safetensors: `)
	if len(h.Epochs) != 2 {
		t.Errorf("%d epochs in the history, want 2", len(h.Epochs))
	}
}

// TestBackupErrors tries options and callbacks that cannot be backed up.
func TestBackupErrors(t *testing.T) {
	tr := trainings()[0]
	state := func() (json.RawMessage, error) { return json.RawMessage("1"), nil }
	restore := func(json.RawMessage) error { return nil }
	lost := errors.New("lost")
	use := func(cb ...glia.Callback) []glia.Option { return []glia.Option{glia.Use(cb...)} }
	for _, c := range []struct {
		name    string
		backup  glia.Callback
		opts    []glia.Option
		pattern string
	}{
		{"no directory", glia.BackupAndRestore(""), nil, `^glia: Fit: BackupAndRestore: no directory`},
		{"two", glia.BackupAndRestore(t.TempDir()), use(glia.BackupAndRestore(t.TempDir())), `want one backup of a training`},
		{"batches", glia.BackupAndRestore(t.TempDir(), glia.EveryBatches(0)), nil, `EveryBatches\(0\): want 1 or more`},
		{"epochs", glia.BackupAndRestore(t.TempDir(), glia.EveryEpochs(-1)), nil, `EveryEpochs\(-1\): want 1 or more`},
		{"no name", glia.BackupAndRestore(t.TempDir()), use(glia.Callback{State: state, Restore: restore}), `callback 1 has State or Vars, and its Name is "": want one`},
		{"one name", glia.BackupAndRestore(t.TempDir()), use(glia.Callback{Name: "a", State: state, Restore: restore}, glia.Callback{Name: "a", State: state, Restore: restore}), `callback 2 has State or Vars, and its Name is "a"`},
		{"one of two", glia.BackupAndRestore(t.TempDir()), use(glia.Callback{Name: "a", State: state}), `callback 1, "a", has one of State and Restore`},
		{"state", glia.BackupAndRestore(t.TempDir()), use(glia.Callback{Name: "a", State: func() (json.RawMessage, error) { return nil, lost }, Restore: restore}), `callback a: State: lost$`},
		{"no JSON", glia.BackupAndRestore(t.TempDir()), use(glia.Callback{Name: "a", State: func() (json.RawMessage, error) { return json.RawMessage("{"), nil }, Restore: restore}), `callback a: State: .*JSON`},
	} {
		_, _, err := tr.run(t, []glia.Callback{c.backup}, c.opts...)
		wants(t, c.name, err, c.pattern)
	}

	dir := t.TempDir()
	a := func(f func(json.RawMessage) error) glia.Callback {
		return glia.Callback{Name: "a", State: state, Restore: f}
	}
	if _, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir, glia.KeepBackup), a(restore)}); err != nil {
		t.Fatal(err)
	}
	_, _, err := tr.run(t, []glia.Callback{glia.BackupAndRestore(dir), a(func(json.RawMessage) error { return lost })})
	wants(t, "restore", err, `callback a: Restore: lost$`)
	_, _, err = tr.run(t, []glia.Callback{glia.BackupAndRestore(dir)})
	wants(t, "no such callback", err, `callback a: nothing now, a state then`)
}

// TestForeignVariable refuses a network with state that no backup could hold.
func TestForeignVariable(t *testing.T) {
	count := graph.NewVar("mine", tensor.Scalar[float32](0))
	m := glia.Sequential(nn.Input(3), nn.Lambda(func(x *graph.Node) *graph.Node {
		g := x.Graph()
		g.Update(count, ops.Offset(g.Value(count), 1))
		return x
	}), nn.Dense(2, nn.Softmax))
	compile(t, m, optim.SGD(0.1), loss.CategoricalCrossentropy())
	_, err := m.Fit(blobs(t, 10, 3, 2).OneHot(2), glia.Use(glia.BackupAndRestore(t.TempDir())))
	wants(t, "foreign variable", err, `^glia: Fit: BackupAndRestore: variable "mine" changes in training and is no layer's: want one made with nn.Builder's State$`)
}
