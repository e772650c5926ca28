package glia_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// method is a method of a model. One that trains is an error while another trains.
type method struct {
	name   string
	trains bool
	do     func(m *glia.Model) error
}

// calls returns the methods of a model made by newCallee.
func calls(t testing.TB) []method {
	ds := blobs(t, 8, 3, 2)
	x := ds.X()
	var b data.Batch
	if err := ds.Read([]int{0, 1, 2}, &b); err != nil {
		t.Fatal(err)
	}
	one := func() *data.Batch { return data.NewBatch(b.X[0].Clone(), b.Y[0].Clone()) }
	var file bytes.Buffer
	if err := newCallee(t).SaveTo(&file, keras.WeightsHDF5); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return []method{
		{"Compile", true, func(m *glia.Model) error {
			return m.Compile(optim.Adam(0.01), loss.SparseCategoricalCrossentropy(), metric.Accuracy())
		}},
		{"Fit", true, func(m *glia.Model) error { _, err := m.Fit(ds, glia.BatchSize(4), glia.Validate(ds)); return err }},
		{"TrainOnBatch", true, func(m *glia.Model) error { _, err := m.TrainOnBatch(one()); return err }},
		{"TestOnBatch", false, func(m *glia.Model) error { _, err := m.TestOnBatch(one()); return err }},
		{"Evaluate", false, func(m *glia.Model) error { _, err := m.Evaluate(ds); return err }},
		{"Predict", false, func(m *glia.Model) error { _, err := m.Predict(x); return err }},
		{"PredictOnBatch", false, func(m *glia.Model) error { _, err := m.PredictOnBatch(x); return err }},
		{"Save", false, func(m *glia.Model) error { return m.Save(filepath.Join(dir, "m.keras")) }},
		{"SaveWeights", false, func(m *glia.Model) error { return m.SaveWeights(filepath.Join(dir, "m.safetensors")) }},
		{"SaveTo", false, func(m *glia.Model) error { return m.SaveTo(io.Discard, keras.WeightsHDF5) }},
		{"CanSave", false, func(m *glia.Model) error { return m.CanSave() }},
		{"LoadWeights", false, func(m *glia.Model) error { return m.LoadWeightsBytes(file.Bytes()) }},
		{"Plan", false, func(m *glia.Model) error { _, err := m.Plan(ds, 4); return err }},
		{"Summary", false, func(m *glia.Model) error { return graph.Catch(func() { _ = m.Summary() }) }},
		{"Params", false, func(m *glia.Model) error { return graph.Catch(func() { m.Params() }) }},
		{"Trained", false, func(m *glia.Model) error { return graph.Catch(func() { m.Trained() }) }},
		{"Measured", false, func(m *glia.Model) error { return graph.Catch(func() { m.Measured() }) }},
		{"On", false, func(m *glia.Model) error { return graph.Catch(func() { m.On(nil) }) }},
		{"BetweenSteps", false, func(m *glia.Model) error { return graph.Catch(func() { m.BetweenSteps(func() {}) }) }},
	}
}

// free are the methods that may be called even while the model is held.
func free(t testing.TB) []method {
	return []method{
		{"Optimizer", false, func(m *glia.Model) error {
			if o := m.Optimizer(); o != nil {
				o.SetLearningRate(o.LearningRate())
			}
			return nil
		}},
		{"Set", false, func(m *glia.Model) error {
			for _, v := range m.Network().Vars() {
				if err := v.Set(v.Value()); err != nil {
					return err
				}
			}
			return nil
		}},
		{"Write", false, func(m *glia.Model) error {
			m.Network().Params()[0].Write(func(t *tensor.Tensor) { tensor.Data[float32](t)[0] += 1e-6 })
			return nil
		}},
	}
}

// newCallee returns a model of three numbers and two classes.
func newCallee(t testing.TB) *glia.Model {
	t.Helper()
	m := glia.Sequential(nn.Input(3), nn.Dense(4, nn.ReLU), nn.Dropout(0.1), nn.Dense(2, nn.Softmax))
	compile(t, m, optim.Adam(0.01), loss.SparseCategoricalCrossentropy(), metric.Accuracy())
	return m
}

// within fails the test unless f returns soon: nothing may wait for itself.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		buf := make([]byte, 1<<20)
		t.Fatalf("%s: still waiting after a minute\n%s", what, buf[:runtime.Stack(buf, true)])
	}
}

// TestAllPairs calls every method beside every other, for the race detector. Two that train
// may meet: then one of them is an error that says so.
func TestAllPairs(t *testing.T) {
	all := append(calls(t), free(t)...)
	rounds := 20
	if testing.Short() {
		rounds = 4
	}
	for i, a := range all {
		for _, b := range all[i:] {
			m := newCallee(t)
			within(t, a.name+" beside "+b.name, func() {
				var wg sync.WaitGroup
				for _, c := range []method{a, b} {
					wg.Go(func() {
						for range rounds {
							err := c.do(m)
							if err != nil && !(a.trains && b.trains && strings.Contains(err.Error(), ": called during ")) {
								t.Errorf("%s beside %s: %s: %v", a.name, b.name, c.name, err)
								return
							}
						}
					})
				}
				wg.Wait()
			})
		}
	}
}

// TestCallsFromCallbacks calls every method from every hook and from a dataset, also
// through another goroutine that the hook waits for.
func TestCallsFromCallbacks(t *testing.T) {
	type hooks func(call func(m *glia.Model) error) glia.Callback
	places := map[string]hooks{
		"Join": func(f func(*glia.Model) error) glia.Callback {
			return glia.Callback{Join: func(tr *glia.Training) error { return f(tr.Model()) }}
		},
		"Leave":        func(f func(*glia.Model) error) glia.Callback { return glia.Callback{Leave: f} },
		"OnTrainBegin": func(f func(*glia.Model) error) glia.Callback { return glia.Callback{OnTrainBegin: f} },
		"OnTrainEnd": func(f func(*glia.Model) error) glia.Callback {
			return glia.Callback{OnTrainEnd: func(m *glia.Model, _ *glia.History) error { return f(m) }}
		},
		"OnEpochBegin": func(f func(*glia.Model) error) glia.Callback {
			return glia.Callback{OnEpochBegin: func(m *glia.Model, _ int) error { return f(m) }}
		},
		"OnEpochEnd": func(f func(*glia.Model) error) glia.Callback {
			return glia.Callback{OnEpochEnd: func(m *glia.Model, _ glia.Epoch) error { return f(m) }}
		},
		"OnBatchBegin": func(f func(*glia.Model) error) glia.Callback {
			return glia.Callback{OnBatchBegin: func(m *glia.Model, _, _ int) error { return f(m) }}
		},
		"OnBatchEnd": func(f func(*glia.Model) error) glia.Callback {
			return glia.Callback{OnBatchEnd: func(m *glia.Model, _, _ int, _ float64) error { return f(m) }}
		},
		"OnTestBegin": func(f func(*glia.Model) error) glia.Callback { return glia.Callback{OnTestBegin: f} },
		"OnTestEnd": func(f func(*glia.Model) error) glia.Callback {
			return glia.Callback{OnTestEnd: func(m *glia.Model, _ glia.Result) error { return f(m) }}
		},
		"OnTestBatchBegin": func(f func(*glia.Model) error) glia.Callback {
			return glia.Callback{OnTestBatchBegin: func(m *glia.Model, _ int) error { return f(m) }}
		},
		"OnTestBatchEnd": func(f func(*glia.Model) error) glia.Callback {
			return glia.Callback{OnTestBatchEnd: func(m *glia.Model, _ int, _ float64) error { return f(m) }}
		},
	}
	ds := blobs(t, 8, 3, 2)
	for place, hook := range places {
		for _, c := range append(calls(t), free(t)...) {
			if c.name == "Fit" && strings.HasPrefix(place, "OnTest") {
				continue // below: a Fit in a test of Evaluate's is no error
			}
			for how, do := range map[string]func(m *glia.Model) error{
				"": c.do,
				", in a goroutine": func(m *glia.Model) (err error) {
					var wg sync.WaitGroup
					wg.Go(func() { err = c.do(m) })
					wg.Wait()
					return err
				},
			} {
				if testing.Short() && how != "" && place != "OnBatchEnd" {
					continue // places differ where the model is held, which goroutines do not tell
				}
				what := c.name + " in " + place + how
				m, called := newCallee(t), false
				within(t, what, func() {
					_, err := m.Fit(ds, glia.Validate(ds), glia.Use(hook(func(m *glia.Model) error {
						if called {
							return nil
						}
						called = true
						return do(m)
					})))
					switch {
					case !called:
						t.Errorf("%s: not called", what)
					case c.trains && (err == nil || !strings.Contains(err.Error(), "glia: "+c.name+": called during Fit: want "+c.name+" before or after it")):
						t.Errorf("%s: error %v, want that it is called during Fit", what, err)
					case !c.trains && err != nil:
						t.Errorf("%s: %v", what, err)
					}
				})
			}
		}
	}
	for _, c := range append(calls(t), free(t)...) {
		m, called := newCallee(t), false
		within(t, c.name+" in a test", func() {
			_, err := m.Evaluate(ds, glia.Use(glia.Callback{OnTestBatchEnd: func(m *glia.Model, _ int, _ float64) error {
				if called {
					return nil
				}
				called = true
				return c.do(m)
			}}))
			if err != nil || !called {
				t.Errorf("%s in a test of Evaluate: called %v, error %v", c.name, called, err)
			}
		})
	}
}

// reading is a dataset that calls a function when it is read.
type reading struct {
	*data.Memory
	call func() error
}

func (r reading) Read(idx []int, b *data.Batch) error {
	return errors.Join(r.call(), r.Memory.Read(idx, b))
}

// TestCallsFromDatasets calls methods while a batch is read.
func TestCallsFromDatasets(t *testing.T) {
	ds := blobs(t, 8, 3, 2)
	for _, c := range calls(t) {
		if c.trains {
			continue
		}
		m := newCallee(t)
		within(t, c.name+" in Read", func() {
			r := reading{ds, func() error { return c.do(m) }}
			if _, err := m.Fit(r, glia.Validate(r)); err != nil {
				t.Errorf("%s in Read: %v", c.name, err)
			}
		})
	}
}

// heldLoss calls a function while a step is traced.
type heldLoss struct{ call func() }

func (heldLoss) Name() string { return "held" }
func (l heldLoss) Each(yTrue, yPred *graph.Node) *graph.Node {
	l.call()
	return ops.ReduceMean(ops.Square(ops.Sub(ops.Cast(yTrue, yPred.DType()), yPred)), -1)
}

// heldOptimizer calls a function while it is built.
type heldOptimizer struct {
	*optim.SGDOptimizer
	call func()
}

func (o heldOptimizer) Build(params []*graph.Var) {
	o.call()
	o.SGDOptimizer.Build(params)
}

// TestCallsWhileHeld calls every method from code that runs while the model is held: an
// error, of the running call too, and no wait.
func TestCallsWhileHeld(t *testing.T) {
	ds := memory(t, tensor.New(tensor.Float32, 8, 3), tensor.New(tensor.Float32, 8, 2))
	model := func(call func(), o optim.Optimizer, l loss.Loss) (*glia.Model, error) {
		layer := nn.Lambda(func(x *graph.Node) *graph.Node { call(); return x })
		m := glia.Sequential(nn.Input(3), nn.Dense(2), layer)
		return m, m.Compile(o, l)
	}
	places := map[string]func(call func(m *glia.Model)) error{
		"a layer": func(call func(m *glia.Model)) error {
			var m *glia.Model
			m, err := model(func() {
				if m != nil {
					call(m)
				}
			}, optim.SGD(0.1), loss.MeanSquaredError())
			if err == nil {
				_, err = m.Predict(ds.X())
			}
			return err
		},
		"a loss": func(call func(m *glia.Model)) error {
			var m *glia.Model
			m, err := model(func() {}, optim.SGD(0.1), heldLoss{func() { call(m) }})
			if err == nil {
				_, err = m.Evaluate(ds)
			}
			return err
		},
		"TrainStep": func(call func(m *glia.Model)) error {
			m, err := model(func() {}, optim.SGD(0.1), loss.MeanSquaredError())
			m.TrainStep = func(s *glia.Step) (*graph.Node, []*graph.Node) {
				call(m)
				return s.Default()
			}
			if err == nil {
				_, err = m.Fit(ds)
			}
			return err
		},
		"an optimizer": func(call func(m *glia.Model)) error {
			m := glia.Sequential(nn.Input(3), nn.Dense(2))
			return m.Compile(heldOptimizer{optim.SGD(0.1), func() { call(m) }}, loss.MeanSquaredError())
		},
		"BetweenSteps": func(call func(m *glia.Model)) error {
			m, err := model(func() {}, optim.SGD(0.1), loss.MeanSquaredError())
			if err == nil {
				_, err = m.Fit(ds, glia.Use(glia.Callback{OnBatchEnd: func(m *glia.Model, _, _ int, _ float64) error {
					m.BetweenSteps(func() { call(m) })
					return nil
				}}))
			}
			return err
		},
	}
	for place, run := range places {
		for _, c := range calls(t) {
			if place != "BetweenSteps" && (c.name == "Measured" || c.name == "BetweenSteps") {
				continue // they need nothing that a trace holds
			}
			within(t, c.name+" in "+place, func() {
				called := false
				err := run(func(m *glia.Model) {
					called = true
					if err := c.do(m); err != nil {
						panic(graph.Errorf("%v", err))
					}
				})
				says := func(what string) bool { return err != nil && strings.Contains(err.Error(), what) }
				if !called || !says("want it elsewhere") && !says(": called during ") && !says("is not compiled") {
					t.Errorf("%s in %s: called %v, error %v, want one that says where", c.name, place, called, err)
				}
			})
		}
		for _, c := range free(t)[:1] {
			within(t, c.name+" in "+place, func() {
				if err := run(func(m *glia.Model) { _ = c.do(m) }); err != nil {
					t.Errorf("%s in %s: %v", c.name, place, err)
				}
			})
		}
	}
}

// TestFunctionOfItself calls a Function while it is traced.
func TestFunctionOfItself(t *testing.T) {
	x := tensor.New(tensor.Float32, 3)
	var f *glia.Function
	f = glia.Func(func(in ...*graph.Node) []*graph.Node {
		if _, err := f.Call(x); err != nil {
			panic(graph.Errorf("%v", err))
		}
		return in
	})
	within(t, "Call in its function", func() {
		if _, err := f.Call(x); err == nil || !strings.Contains(err.Error(), "want it elsewhere") {
			t.Errorf("error %v, want one that says where", err)
		}
	})
	within(t, "On in its function", func() {
		f = glia.Func(func(in ...*graph.Node) []*graph.Node { f.On(nil); return in })
		if _, err := f.Call(x); err == nil || !strings.Contains(err.Error(), "want it elsewhere") {
			t.Errorf("error %v, want one that says where", err)
		}
	})
}

// TestPanicsLeaveTheModelUsable panics, ends the goroutine and cancels the context in every
// hook, in layers and losses, and wants the model to train to the same weights afterwards.
func TestPanicsLeaveTheModelUsable(t *testing.T) {
	ds := blobs(t, 8, 3, 2)
	var now func(place string) // what a place does
	at := func(place string) error {
		if now != nil {
			now(place)
		}
		return nil
	}
	all := glia.Callback{
		Join:             func(*glia.Training) error { return at("Join") },
		Leave:            func(*glia.Model) error { return at("Leave") },
		OnTrainBegin:     func(*glia.Model) error { return at("OnTrainBegin") },
		OnTrainEnd:       func(*glia.Model, *glia.History) error { return at("OnTrainEnd") },
		OnEpochBegin:     func(*glia.Model, int) error { return at("OnEpochBegin") },
		OnEpochEnd:       func(*glia.Model, glia.Epoch) error { return at("OnEpochEnd") },
		OnBatchBegin:     func(*glia.Model, int, int) error { return at("OnBatchBegin") },
		OnBatchEnd:       func(*glia.Model, int, int, float64) error { return at("OnBatchEnd") },
		OnTestBegin:      func(*glia.Model) error { return at("OnTestBegin") },
		OnTestEnd:        func(*glia.Model, glia.Result) error { return at("OnTestEnd") },
		OnTestBatchBegin: func(*glia.Model, int) error { return at("OnTestBatchBegin") },
		OnTestBatchEnd:   func(*glia.Model, int, float64) error { return at("OnTestBatchEnd") },
	}
	r := reading{ds, func() error { return at("Read") }}
	build := func() (*glia.Model, error) {
		layer := nn.Lambda(func(x *graph.Node) *graph.Node { at("a layer"); return x })
		m := glia.Sequential(nn.Input(3), nn.Dense(4, nn.ReLU), layer, nn.Dense(2, nn.Softmax))
		return m, m.Compile(optim.Adam(0.01), loss.SparseCategoricalCrossentropy(), metric.Accuracy())
	}
	run := func(m *glia.Model, opts ...glia.Option) error {
		_, err := m.Fit(r, append(opts, glia.Validate(r), glia.BatchSize(4), glia.Use(all))...)
		return err
	}
	places := []string{"Join", "Leave", "OnTrainBegin", "OnTrainEnd", "OnEpochBegin", "OnEpochEnd", "OnBatchBegin", "OnBatchEnd",
		"OnTestBegin", "OnTestEnd", "OnTestBatchBegin", "OnTestBatchEnd", "Read", "a layer"}
	for _, place := range places {
		for how, harm := range map[string]func(){
			"panics":               func() { panic("harm") },
			"panics as graphs do":  func() { panic(graph.Errorf("harm")) },
			"ends its goroutine":   runtime.Goexit,
			"cancels the context":  nil,
			"sets a schedule's lr": func() { optim.SGD(optim.CosineDecay(0.1, 10)).SetLearningRate(1) },
		} {
			now = nil
			m, err := build()
			if err != nil {
				t.Fatal(err)
			}
			before := weights(m)
			ctx, cancel := context.WithCancel(context.Background())
			done := false
			now = func(p string) {
				if p == place && !done {
					done = true
					if harm == nil {
						cancel()
						return
					}
					harm()
				}
			}
			what := fmt.Sprintf("%s %s", place, how)
			var ended error
			panicked, returned := any(nil), false
			within(t, what, func() {
				defer func() { panicked = recover() }()
				ended = run(m, glia.Context(ctx))
				returned = true
			})
			cancel()
			switch {
			case !done:
				t.Errorf("%s: not called", what)
			case how == "panics" && panicked != "harm":
				t.Errorf("%s: panic %v, want harm", what, panicked)
			case how == "ends its goroutine" && (returned || panicked != nil):
				t.Errorf("%s: returned %v, panic %v", what, returned, panicked)
			case strings.HasPrefix(how, "panics as") && (ended == nil || !strings.HasPrefix(ended.Error(), "glia: Fit: ") || !strings.HasSuffix(ended.Error(), "harm")):
				t.Errorf("%s: error %v, want Fit's with harm", what, ended)
			case strings.HasPrefix(how, "sets") && (ended == nil || !strings.HasPrefix(ended.Error(), "glia: Fit: ") || !strings.Contains(ended.Error(), "follows a schedule")):
				t.Errorf("%s: error %v, want Fit's with that of the optimizer", what, ended)
			}
			now = nil
			if place == "Join" && !bytes.Equal(before, weights(m)) {
				t.Errorf("%s: the weights changed", what)
			}
			within(t, what+", and then", func() {
				fresh := newCallee(t)
				if err := errors.Join(run(m), m.Compile(fresh.Optimizer(), loss.MeanSquaredError())); err == nil {
					t.Errorf("%s: another model's optimizer was taken", what)
				}
				for _, c := range calls(t) {
					if err := c.do(m); err != nil && c.name != "LoadWeights" && c.name != "Save" && c.name != "CanSave" { // of a Lambda
						t.Errorf("%s, and then %s: %v", what, c.name, err)
					}
				}
			})
		}
	}
}
