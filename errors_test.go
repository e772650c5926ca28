package glia_test

import (
	"bytes"
	"errors"
	"math"
	"regexp"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// wants fails unless err is an error that matches the pattern.
func wants(t *testing.T, what string, err error, pattern string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want %s", what, pattern)
	} else if !regexp.MustCompile(pattern).MatchString(err.Error()) {
		t.Errorf("%s: error\n\t%v\nwant\n\t%s", what, err, pattern)
	}
}

// broken is a dataset that fails.
type broken struct {
	*data.Memory
	read func(b *data.Batch) error
}

func (b broken) Read(idx []int, to *data.Batch) error {
	if err := b.Memory.Read(idx, to); err != nil {
		return err
	}
	return b.read(to)
}

// negative is a dataset of less than no samples.
type negative struct{ *data.Memory }

func (negative) Len() int { return -1 }

// deep is a dataset whose samples have as many axes as a tensor can.
type deep struct{ *data.Memory }

func (d deep) Specs() (x, y []tensor.Spec) {
	x, y = d.Memory.Specs()
	return []tensor.Spec{tensor.S(x[0].DType, 1, 1, 1, 1, 1, 1, 1, 1)}, y
}

func TestCompileErrors(t *testing.T) {
	mse, sgd := loss.MeanSquaredError(), optim.SGD(0.1)
	dense := func() *glia.Model { return glia.Sequential(nn.Input(3), nn.Dense(2)) }
	wants(t, "no optimizer", dense().Compile(nil, mse), `^glia: Compile: got nil: want an optimizer and a loss$`)
	wants(t, "no loss", dense().Compile(sgd, nil), `want an optimizer and a loss`)
	wants(t, "no layers", glia.Sequential().Compile(sgd, mse), `^glia: Compile: the model has no layers: want one or more$`)
	wants(t, "a metric twice", dense().Compile(sgd, mse, metric.Accuracy(), metric.Accuracy()), `two metrics are named "accuracy"`)
	wants(t, "the name of a validation", dense().Compile(sgd, mse, metric.AUC(metric.Name("val_loss"))), `a metric is named "val_loss", as loss of the validation will be`)
	wants(t, "no name", dense().Compile(sgd, mse, metric.AUC(metric.Name(""))), `a metric has an empty name`)
	wants(t, "no metric", dense().Compile(sgd, mse, nil), `metric 0 is nil`)

	for _, c := range []struct {
		name, pattern string
		layers        []nn.Layer
	}{
		{"units", `^glia: Compile: errors_test.go:\d+: layer "dense_1": nn.Dense: 0 units: want 1 or more$`,
			[]nn.Layer{nn.Input(3), nn.Dense(2), nn.Dense(0)}},
		{"reshape", `errors_test.go:\d+: layer "reshape": .*\[1 3\].*\[1 2 2\]`,
			[]nn.Layer{nn.Input(3), nn.Reshape(2, 2)}},
		{"names", `errors_test.go:\d+: .*both named "a"`,
			[]nn.Layer{nn.Input(3), nn.Dense(2, nn.Name("a")), nn.Dense(2, nn.Name("a"))}},
		{"input", `errors_test.go:\d+: nn.Input: shape \[-2\]`,
			[]nn.Layer{nn.Input(-2), nn.Dense(2)}},
		{"dropout", `errors_test.go:\d+: layer "dropout": .*1.5`,
			[]nn.Layer{nn.Input(3), nn.Dropout(1.5)}},
		{"within a layer", `errors_test.go:\d+: layer "lambda": ops.MatMul`,
			[]nn.Layer{nn.Input(3), nn.Lambda(func(x *graph.Node) *graph.Node { return ops.MatMul(x, x) })}},
	} {
		m := glia.Sequential(c.layers...)
		wants(t, c.name, m.Compile(sgd, mse), c.pattern)
		var e *graph.Error
		if !errors.As(m.Compile(sgd, mse), &e) {
			t.Errorf("%s: the error is no *graph.Error", c.name)
		}
		if _, err := m.Fit(blobs(t, 10, 3, 2)); err == nil {
			t.Errorf("%s: Fit after a failed Compile: no error", c.name)
		}
	}
}

func TestFitErrors(t *testing.T) {
	ds := blobs(t, 20, 3, 2)
	labels := func(y *tensor.Tensor) *data.Memory { return memory(t, ds.X(), y) }
	none, err := ds.Subset(nil)
	if err != nil {
		t.Fatal(err)
	}
	sparse := func() *glia.Model {
		m := glia.Sequential(nn.Input(3), nn.Dense(2, nn.Softmax))
		compile(t, m, optim.SGD(0.1), loss.SparseCategoricalCrossentropy(), metric.Accuracy())
		return m
	}
	lost := errors.New("disk lost")
	for _, c := range []struct {
		name    string
		ds      data.Dataset
		pattern string
		opts    []glia.Option
	}{
		{"no data", nil, `^glia: Fit: the dataset is nil$`, nil},
		{"empty", none, `^glia: Fit: the dataset is empty`, nil},
		{"no targets", memory(t, ds.X(), nil), `no targets`, nil},
		{"other features", blobs(t, 20, 4, 2), `^glia: Fit: samples are \[4\]: the model takes \[3\]$`, nil},
		{"bytes", memory(t, tensor.New(tensor.Uint8, 20, 3), ds.Y()), `^glia: Fit: .*uint8`, nil},
		{"too many labels", labels(tensor.New(tensor.Int32, 20, 5)), `^glia: Fit: metric accuracy: .*labels int32\[1 5\], predictions float32\[1 2\]`, nil},
		{"label out of range", ds.OneHot(1), `label 1: want 0 or more and less than 1`, nil},
		{"epochs", ds, `0 epochs: want 1 or more`, []glia.Option{glia.Epochs(0)}},
		{"initial epoch after the last", ds, `^glia: Fit: InitialEpoch\(5\) of Epochs\(3\): want 3 or less; Epochs is the number of the last epoch`, []glia.Option{glia.InitialEpoch(5), glia.Epochs(3)}},
		{"initial epoch", ds, `initial epoch -1`, []glia.Option{glia.InitialEpoch(-1)}},
		{"batch size", ds, `batch size 0: want 1 or more, or FullBatch`, []glia.Option{glia.BatchSize(0)}},
		//lint:ignore SA1012 the mistake that is looked for
		{"context", ds, `Context: got nil`, []glia.Option{glia.Context(nil)}},
		{"split of too few", ds.Take(1), `ValidationSplit: .*1 samples`, []glia.Option{glia.ValidationSplit(0.2)}},
		{"split of all", ds, `fraction 1: want more than 0 and less than 1`, []glia.Option{glia.ValidationSplit(1)}},
		{"split below 0", ds, `fraction -0.1`, []glia.Option{glia.ValidationSplit(-0.1)}},
		{"split of a type around a Memory", struct{ *data.Memory }{ds}, `ValidationSplit of a struct .*: want a \*data.Memory; split the data first`, []glia.Option{glia.ValidationSplit(0.2)}},
		{"two validations", ds, `want one of them`, []glia.Option{glia.ValidationSplit(0.2), glia.Validate(ds)}},
		{"validation", ds, `^glia: Fit: validation: samples are \[4\]: the model takes \[3\]`, []glia.Option{glia.Validate(blobs(t, 20, 4, 2))}},
		{"empty validation", ds, `validation: the dataset is empty`, []glia.Option{glia.Validate(none)}},
		{"class weight", ds, `class 1 has weight -2`, []glia.Option{glia.ClassWeights(map[int]float64{1: -2})}},
		{"weight of no class", ds, `^glia: Fit: ClassWeights: class 2 has weight 3, the labels are of 2 classes: want a class number, 0 or more and less than 2$`, []glia.Option{glia.ClassWeights(map[int]float64{7: 2, 0: 1, 2: 3})}},
		{"empty option", ds, `option 0 is empty`, []glia.Option{{}}},
		{"read", broken{ds, func(*data.Batch) error { return lost }}, `^glia: Fit: epoch 1, batch 1: disk lost$`, nil},
		{"batch without labels", broken{ds, func(b *data.Batch) error { b.Y = nil; return nil }}, `without x or y`, nil},
		{"batch of one too many", broken{ds, func(b *data.Batch) error { b.X[0] = tensor.New(tensor.Float32, 21, 3); return nil }}, `gave x float32\[21 3\] with y .* for 20 samples`, []glia.Option{glia.BatchSize(20)}},
		{"batch of one", broken{ds, func(b *data.Batch) error {
			b.X[0], b.Y[0] = tensor.New(tensor.Float32, 1, 3), tensor.New(tensor.Int32, 1)
			return nil
		}}, `for 20 samples`, nil},
		{"batch of scalars", broken{ds, func(b *data.Batch) error {
			b.X[0], b.Y[0] = tensor.Scalar[float32](1), tensor.Scalar[int32](1)
			return nil
		}}, `for 20 samples`, nil},
		{"view with gaps", broken{ds, func(b *data.Batch) error { b.X[0], _ = b.X[0].Slice(1, 0, 3, 2); return nil }}, `view with gaps`, nil},
		{"weights of too many", broken{ds, func(b *data.Batch) error { b.Weight = []*tensor.Tensor{tensor.New(tensor.Float32, 21)}; return nil }}, `weights float32\[21\] for 20 samples`, []glia.Option{glia.ClassWeights(map[int]float64{1: 2})}},
		{"weights of float64", broken{ds, func(b *data.Batch) error { b.Weight = []*tensor.Tensor{tensor.New(tensor.Float64, 20)}; return nil }}, `weights float64\[20\] for 20 samples`, []glia.Option{glia.ClassWeights(map[int]float64{1: 2})}},
		{"scalar labels with class weights", broken{ds, func(b *data.Batch) error { b.Y[0] = tensor.Scalar[int32](1); return nil }}, `for 20 samples`, []glia.Option{glia.ClassWeights(map[int]float64{1: 2})}},
		{"less than no samples", negative{ds}, `has -1 samples`, nil},
		{"no axis for the batch", deep{ds}, `want less than 8 axes`, nil},
	} {
		h, err := sparse().Fit(c.ds, c.opts...)
		wants(t, c.name, err, c.pattern)
		if h == nil || len(h.Epochs) != 0 {
			t.Errorf("%s: history %v, want an empty one", c.name, h)
		}
	}
	if _, err := sparse().Fit(broken{ds, func(*data.Batch) error { return lost }}); !errors.Is(err, lost) {
		t.Errorf("error %v does not wrap that of the dataset", err)
	}

	m := glia.Sequential(nn.Input(3), nn.Dense(2))
	_, err = m.Fit(ds)
	wants(t, "not compiled", err, `^glia: Fit: the model is not compiled: want Compile first$`)
	_, err = m.Evaluate(ds)
	wants(t, "not compiled", err, `^glia: Evaluate: the model is not compiled: want Compile first$`)

	m = glia.Sequential(nn.Input(3), nn.Dense(2))
	compile(t, m, optim.SGD(0.1), loss.CategoricalCrossentropy())
	_, err = m.Fit(ds)
	wants(t, "class numbers for one-hot", err, `labels int32\[20\], predictions float32\[20 2\].*SparseCategoricalCrossentropy`)

	m = glia.Sequential(nn.Input(3), nn.Dense(2))
	compile(t, m, optim.SGD(0.1), loss.MeanSquaredError(loss.NoReduction))
	_, err = m.Fit(ds.OneHot(2))
	wants(t, "no reduction", err, `loss mean_squared_error is float32\[20\]: want one float`)

	m = glia.Sequential(nn.Dense(2), nn.Dense(-1))
	compile(t, m, optim.SGD(0.1), loss.MeanSquaredError())
	_, err = m.Fit(ds.OneHot(2))
	wants(t, "a layer's mistake at the first data", err, `^glia: Fit: errors_test.go:\d+: layer "dense_1": nn.Dense: -1 units`)
}

// labelsOnly is a loss that does not look at the predictions.
type labelsOnly struct{}

func (labelsOnly) Name() string { return "labels_only" }

func (labelsOnly) Each(yTrue, _ *graph.Node) *graph.Node { return ops.ReduceMean(yTrue, -1) }

func TestLossWithoutPredictions(t *testing.T) {
	m := glia.Sequential(nn.Input(3), nn.Dense(2))
	if err := m.Compile(optim.SGD(0.1), labelsOnly{}); err != nil {
		t.Fatal(err)
	}
	ds, err := data.New(tensor.New(tensor.Float32, 4, 3), tensor.New(tensor.Float32, 4, 2))
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Fit(ds)
	wants(t, "a loss of the labels alone", err, `loss labels_only depends on no weight: want one computed from the predictions`)
}

func TestEvaluateErrors(t *testing.T) {
	ds := blobs(t, 20, 3, 2).OneHot(2)
	m := classifier(t, 3, 2)
	for _, c := range []struct {
		name    string
		ds      data.Dataset
		pattern string
		opts    []glia.Option
	}{
		{"no data", nil, `^glia: Evaluate: the dataset is nil$`, nil},
		{"other features", blobs(t, 20, 4, 2), `^glia: Evaluate: samples are \[4\]: the model takes \[3\]$`, nil},
		{"no targets", memory(t, ds.X(), nil), `no targets`, nil},
		{"option of Fit", ds, `^glia: Evaluate: option Epochs: want BatchSize, Context, Progress, Use or Warn$`, []glia.Option{glia.Epochs(2)}},
		{"batch size", ds, `^glia: Evaluate: batch size -3`, []glia.Option{glia.BatchSize(-3)}},
	} {
		_, err := m.Evaluate(c.ds, c.opts...)
		wants(t, c.name, err, c.pattern)
	}
}

func TestPredictErrors(t *testing.T) {
	m := glia.Sequential(nn.Input(3), nn.Dense(2))
	for _, c := range []struct {
		name    string
		x       *tensor.Tensor
		pattern string
	}{
		{"nil", nil, `^glia: Predict: x is nil$`},
		{"scalar", tensor.Scalar[float32](1), `want samples along the first axis`},
		{"no samples", tensor.New(tensor.Float32, 0, 3), `want one sample or more`},
		{"other features", tensor.New(tensor.Float32, 2, 4), `^glia: Predict: .*\[4\].*\[3\]$`},
		{"one sample without batch", tensor.New(tensor.Float32, 3), `^glia: Predict: .*; .*Reshape\(1, 3\)`},
		{"bytes", tensor.New(tensor.Uint8, 2, 3), `^glia: Predict: .*uint8`},
	} {
		_, err := m.Predict(c.x)
		wants(t, c.name, err, c.pattern)
	}
	if _, err := m.Predict(tensor.New(tensor.Float32, 2, 3)); err != nil {
		t.Errorf("after mistakes: %v", err)
	}
}

// TestPredictWithoutBatch gives a model whose output has lost the axis of samples.
func TestPredictWithoutBatch(t *testing.T) {
	for _, f := range []func(x *graph.Node) *graph.Node{
		func(x *graph.Node) *graph.Node { return ops.ReduceSum(x) },
		func(x *graph.Node) *graph.Node { return ops.Transpose(x) },
	} {
		m := glia.Sequential(nn.Lambda(f))
		_, err := m.Predict(tensor.New(tensor.Float32, 300, 3))
		wants(t, "no batch", err, `^glia: Predict: errors_test.go:\d+: output is .* for 256 samples`)
	}
}

// TestBadLabels checks that class numbers outside the classes are found, with
// the number of the sample, and that weights stay as they are.
func TestBadLabels(t *testing.T) {
	for _, c := range []struct {
		name   string
		y      *tensor.Tensor
		opts   []loss.SparseOption
		sample string // empty: all are good
	}{
		{"int32", of(t, []int32{0, 1, 2, 0}, 4), nil, "sample 2: label 2: want a class number, 0 or more and less than 2"},
		{"negative", of(t, []int64{0, 1, 1, -1}, 4), nil, "sample 3: label -1"},
		{"bytes", of(t, []uint8{0, 200, 1, 1}, 4, 1), nil, "sample 1: label 200"},
		{"int16", of(t, []int16{0, 1, 1, 9}, 4), nil, "sample 3: label 9"},
		{"not whole", of(t, []float32{0, 0.5, 1, 1}, 4), nil, "sample 1: label 0.5"},
		{"NaN", of(t, []float64{0, 1, math.NaN(), 1}, 4), nil, "sample 2: label NaN"},
		{"ignored", of(t, []int32{0, -1, 1, 1}, 4), []loss.SparseOption{loss.IgnoreClass(-1)}, ""},
		{"floats", of(t, []float32{0, 1, 1, 1}, 4), nil, ""},
	} {
		m := glia.Sequential(nn.Input(1), nn.Dense(2))
		compile(t, m, optim.SGD(0.1), loss.SparseCategoricalCrossentropy(append(c.opts, loss.FromLogits)...), metric.Accuracy())
		before := weights(m)
		ds := memory(t, tensor.New(tensor.Float32, 4, 1), c.y)
		_, err := m.Fit(ds)
		_, evalErr := m.Evaluate(ds)
		if c.sample == "" {
			if err != nil || evalErr != nil {
				t.Errorf("%s: errors %v and %v, want none", c.name, err, evalErr)
			}
			continue
		}
		wants(t, c.name, err, "^glia: Fit: epoch 1, batch 1: "+c.sample)
		wants(t, c.name, evalErr, "^glia: Evaluate: batch 1: "+c.sample)
		if !bytes.Equal(before, weights(m)) {
			t.Errorf("%s: the weights changed", c.name)
		}
	}
}

// TestBadLabelsOfMetrics checks the labels that only a metric takes for class numbers: of
// its classes, whatever the loss has.
func TestBadLabelsOfMetrics(t *testing.T) {
	ids := func(x *graph.Node) *graph.Node { return ops.ReduceSum(x, -1) } // predictions that are class numbers
	own := loss.Func("own", func(yTrue, yPred *graph.Node) *graph.Node { return ops.ReduceMean(yPred, -1) })
	for _, c := range []struct {
		metric metric.Metric
		bad    string
	}{
		{metric.MeanIoU(3), "sample 2: label 3: want a class number, 0 or more and less than 3"},
		{metric.IoU(2, []int{0}), "sample 1: label 2: want a class number, 0 or more and less than 2"},
		{metric.MeanIoU(3, metric.IgnoreClass(3)), ""},
	} {
		m := glia.Sequential(nn.Input(4), nn.Dense(2), nn.Lambda(ids))
		compile(t, m, optim.SGD(0.1), own, c.metric)
		before := weights(m)
		ds := memory(t, tensor.New(tensor.Float32, 4, 4), of(t, []int32{0, 2, 3, 1}, 4))
		_, err := m.Fit(ds, glia.Validate(ds))
		_, evalErr := m.Evaluate(ds)
		_, batchErr := m.TestOnBatch(data.NewBatch(ds.X(), ds.Y()))
		for what, err := range map[string]error{"Fit: epoch 1, batch 1": err, "Evaluate: batch 1": evalErr, "TestOnBatch": batchErr} {
			if c.bad != "" {
				wants(t, what, err, "^glia: "+what+": "+c.bad)
			} else if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		if c.bad != "" && !bytes.Equal(before, weights(m)) {
			t.Error("the weights changed")
		}
	}
}

// TestRegularizersCount checks that penalties are part of the loss.
func TestRegularizersCount(t *testing.T) {
	ds := memory(t, of(t, []float32{1}, 1, 1), of(t, []float32{0}, 1, 1))
	m := glia.Sequential(nn.Input(1), nn.Dense(1, nn.KernelInitializer(nn.Ones), nn.KernelRegularizer(nn.L1L2(0.25, 0.5))))
	compile(t, m, optim.SGD(0.1), loss.MeanSquaredError())
	near(t, "loss", evaluate(t, m, ds).Loss, 1+0.25+0.5, 1e-6)
	near(t, "loss of training", fit(t, m, ds).Epochs[0].Loss, 1.75, 1e-6)
	// 1 - 0.1·(2 + 0.25 + 2·0.5)
	near(t, "kernel", m.Network().Vars()[0].Tensor().Item(), 0.675, 1e-6)
}

// noPlan is a device that breaks its contract.
type noPlan struct{}

func (noPlan) Name() string { return "none" }
func (noPlan) Compile(*graph.Graph, []*graph.Node) (backend.Executable, error) {
	return nil, nil
}

// TestNil gives nil for what must be there: an error says so.
func TestNil(t *testing.T) {
	ds := blobs(t, 20, 3, 2)
	x := tensor.New(tensor.Float32, 2, 3)
	for _, m := range []*glia.Model{glia.New(nil), {}} {
		wants(t, "Compile", m.Compile(optim.SGD(0.1), loss.MeanSquaredError()), `^glia: Compile: the model has no network`)
		_, err := m.Predict(x)
		wants(t, "Predict", err, `^glia: Predict: the model has no network`)
		if m.Summary() == "" {
			t.Error("no summary")
		}
	}
	m := classifier(t, 3, 2)
	_, err := m.Fit((*data.Sequences)(nil))
	wants(t, "Sequences", err, `^glia: Fit: the dataset is a nil \*data.Sequences`)
	_, err = m.Fit((*data.Memory)(nil).Scale(2).OneHot(3))
	wants(t, "Memory", err, `^glia: Fit: the dataset is a nil \*data.Memory`)
	_, err = m.Fit(ds, glia.Validate(nil))
	wants(t, "Validate", err, `^glia: Fit: Validate: got nil: want a dataset`)
	if x, y := (*data.Memory)(nil).Specs(); x != nil || y != nil {
		t.Error("specs of nil")
	}
	_, err = glia.LoadFS(nil, "m.keras")
	wants(t, "LoadFS", err, `^glia: LoadFS: m.keras: the file system is nil`)
	_, err = glia.LoadFrom(nil, 9)
	wants(t, "LoadFrom", err, `^glia: LoadFrom: the reader is nil`)
	_, err = classifier(t, 3, 2).On(noPlan{}).Predict(x)
	wants(t, "a device", err, `device none: Compile returns nil: want an executable or an error`)
}

// TestReferenceDevice predicts on it what the processor does.
func TestReferenceDevice(t *testing.T) {
	m := classifier(t, 3, 2)
	x := tensor.New(tensor.Float32, 2, 3)
	for i := range tensor.Data[float32](x) {
		tensor.Data[float32](x)[i] = float32(i)
	}
	want, err := m.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.On(glia.ReferenceDevice()).Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	if err := tensor.AllClose(got, want, 1e-5, 1e-6); err != nil {
		t.Error(err)
	}
}
