package keras_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// unzip returns the members of an archive.
func unzip(t testing.TB, path string) map[string][]byte {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// arrays reads an .npz.
func arrays(t testing.TB, b []byte) map[string]*tensor.Tensor {
	t.Helper()
	a, err := npy.OpenArchive(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*tensor.Tensor{}
	for _, name := range a.Names() {
		if all[name], err = a.Tensor(name); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// near compares numbers with Keras's, as far as those of a dtype can agree.
func near(got, want *tensor.Tensor, dt tensor.DType) error {
	rtol := map[tensor.DType]float64{tensor.Float32: 1e-5, tensor.Float64: 1e-7, tensor.Float16: 4e-3, tensor.BFloat16: 3e-2}[dt]
	return tensor.AllClose(got.AsType(tensor.Float64), want.AsType(tensor.Float64), rtol, rtol/10)
}

// nearStep compares what a step made of weights that have more bits than their gradients:
// about eight roundings lie on the way to a gradient, and the sum over a batch is less
// than what is rounded of it.
func nearStep(got, want, before *tensor.Tensor, dt tensor.DType) error {
	roundings := map[tensor.DType]float64{tensor.Float16: 16 * 0x1p-11, tensor.BFloat16: 16 * 0x1p-8}[dt]
	step, was := 0.0, before.Float64s()
	for i, v := range want.AsType(tensor.Float64).Float64s() {
		step = max(step, math.Abs(v-was[i]))
	}
	return tensor.AllClose(got.AsType(tensor.Float64), want.AsType(tensor.Float64), 1e-6, roundings*step)
}

// precisionOf returns the dtype of the fewest bits that a network computes in, where
// around is the dtype policy.
func precisionOf(n *nn.Network, around nn.DTypePolicy) tensor.DType {
	around = n.PolicyIn(around)
	used := map[tensor.DType]bool{}
	for _, l := range n.Layers() {
		switch l := l.(type) {
		case *nn.Network:
			used[precisionOf(l, around)] = true
		case *nn.InputLayer:
			used[l.DType] = true
		default:
			used[nn.BaseOf(l).PolicyIn(around).ComputeDType()] = true
		}
	}
	for _, dt := range []tensor.DType{tensor.BFloat16, tensor.Float16, tensor.Float32} {
		if used[dt] {
			return dt
		}
	}
	return tensor.Float64
}

// checkPredictions compares what a model predicts with what Keras did.
func checkPredictions(m *glia.Model, io map[string]*tensor.Tensor) error {
	got, err := m.PredictAll(listed(io, "x")...)
	if err != nil {
		return err
	}
	for i, want := range listed(io, "out") {
		if err := near(got[i], want, precisionOf(m.Network(), "")); err != nil {
			return fmt.Errorf("output %d: %w", i, err)
		}
	}
	return nil
}

// listed returns the tensor of a name, or those with a number behind it.
func listed(io map[string]*tensor.Tensor, name string) (all []*tensor.Tensor) {
	if t := io[name]; t != nil {
		return []*tensor.Tensor{t}
	}
	for i := 0; ; i++ {
		t := io[fmt.Sprintf("%s_%d", name, i)]
		if t == nil {
			return all
		}
		all = append(all, t)
	}
}

// setOf returns the samples of inputs and answers.
func setOf(x, y []*tensor.Tensor) (*data.Memory, error) {
	var all []*data.Memory
	for _, t := range x {
		m, err := data.New(t, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	for _, t := range y {
		m, err := data.New(nil, t)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return data.Zip(all...)
}

// checkTraining compares loss and metrics and the weights after one more step.
func checkTraining(m *glia.Model, io map[string]*tensor.Tensor) error {
	ds, err := setOf(listed(io, "x"), listed(io, "y"))
	if err != nil {
		return err
	}
	res, err := m.Evaluate(ds)
	if err != nil {
		return err
	}
	got := []float64{res.Loss}
	for _, x := range res.Metrics {
		got = append(got, x.Value)
	}
	vars, before := m.Network().Vars(), map[*graph.Var]*tensor.Tensor{}
	for _, v := range vars {
		before[v] = v.Tensor().Clone()
	}
	dt := precisionOf(m.Network(), "")
	if err := near(tensor.Of(got...), io["eval"], dt); err != nil {
		return fmt.Errorf("loss and metrics: %w", err)
	}
	if io["next_0"] == nil { // the step is random
		return nil
	}
	if _, err := m.Fit(ds, glia.Epochs(1), glia.BatchSize(glia.FullBatch), glia.InOrder); err != nil {
		return err
	}
	for i, v := range vars {
		want := io[fmt.Sprintf("next_%d", i)]
		if want == nil {
			return fmt.Errorf("Keras has %d weights, no %s", i, v.Path)
		}
		err := near(v.Tensor(), want, dt)
		if dt.Size() < v.Spec().DType.Size() && dt != tensor.Float32 {
			err = nearStep(v.Tensor(), want, before[v], dt)
		}
		if err != nil {
			return fmt.Errorf("next step: %s: %w", v.Path, err)
		}
	}
	return nil
}

// TestKeras2 loads models that Keras 2 saved, and goes on training as it did. The
// older optimizers' state does not stand in .keras files: there training starts with
// that of a new one.
func TestKeras2(t *testing.T) {
	files := unzip(t, "testdata/keras2.zip")
	for _, path := range slices.Sorted(maps.Keys(files)) {
		name, file, _ := strings.Cut(path, "/")
		if file != "model.h5" && file != "model.keras" {
			continue
		}
		t.Run(path, func(t *testing.T) {
			io := arrays(t, files[name+"/io.npz"])
			m, err := glia.LoadBytes(files[path])
			if err != nil {
				t.Fatal(err)
			}
			if err := checkPredictions(m, io); err != nil {
				t.Error(err)
			}
			if m.Optimizer() == nil {
				if io["eval"] != nil {
					t.Error("not compiled")
				}
				return
			}
			if strings.HasPrefix(name, "old") && file == "model.keras" {
				if n := m.Optimizer().Vars()[0].Tensor(); n.Item() != 0 {
					t.Errorf("%v steps, want 0", n)
				}
				return
			}
			if err := checkTraining(m, io); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestKeras2Weights loads weights alone that Keras 2 saved, in both of its forms.
func TestKeras2Weights(t *testing.T) {
	files := unzip(t, "testdata/keras2.zip")
	n := 0
	for path, b := range files {
		name, file, _ := strings.Cut(path, "/")
		if !strings.HasSuffix(file, "weights.h5") {
			continue
		}
		n++
		for what, opts := range map[string][]glia.LoadOption{"": nil, "by name": {glia.ByName}} {
			if what != "" && file == "model.weights.h5" {
				continue // which has no names
			}
			t.Run(path+what, func(t *testing.T) {
				m, err := glia.LoadBytes(files[name+"/model.keras"])
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range m.Network().Vars() {
					v.Clear()
				}
				if err := m.LoadWeightsBytes(b, opts...); err != nil {
					t.Fatal(err)
				}
				if err := checkPredictions(m, arrays(t, files[name+"/io.npz"])); err != nil {
					t.Error(err)
				}
			})
		}
	}
	if n != 4 {
		t.Errorf("%d files of weights, want 4", n)
	}
}
