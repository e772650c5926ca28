package glia_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/digits"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// line returns samples of y = 2x + 1.
func line() *data.Memory {
	x, y := tensor.New(tensor.Float32, 32, 1), tensor.New(tensor.Float32, 32, 1)
	for i := range 32 {
		v := float32(i)/16 - 1
		tensor.Data[float32](x)[i], tensor.Data[float32](y)[i] = v, 2*v+1
	}
	ds, err := data.New(x, y)
	if err != nil {
		log.Fatal(err)
	}
	return ds
}

// straight returns a compiled model that can learn it.
func straight() *glia.Model {
	m := glia.Sequential(nn.Input(1), nn.Dense(1))
	if err := m.Compile(optim.SGD(0.1), loss.MeanSquaredError()); err != nil {
		log.Fatal(err)
	}
	return m
}

func Example() {
	train, test, err := digits.Load(2000, 500, 1)
	if err != nil {
		log.Fatal(err)
	}
	train, test = train.Scale(1.0/255).OneHot(10), test.Scale(1.0/255).OneHot(10)

	m := glia.Sequential(
		nn.Input(28, 28),
		nn.Flatten(),
		nn.Dense(64, nn.ReLU),
		nn.Dense(10, nn.Softmax),
	)
	if err := m.Compile(optim.Adam(1e-3), loss.CategoricalCrossentropy(), metric.Accuracy()); err != nil {
		log.Fatal(err)
	}
	if _, err := m.Fit(train, glia.Epochs(5)); err != nil {
		log.Fatal(err)
	}
	r, err := m.Evaluate(test)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("more than four out of five are right:", r.Get("accuracy") > 0.8)
	// Output: more than four out of five are right: true
}

func ExampleModel_Fit() {
	m := straight()
	h, err := m.Fit(line(), glia.Epochs(100), glia.BatchSize(8), glia.ValidationSplit(0.25))
	if err != nil {
		log.Fatal(err)
	}
	last := h.Epochs[len(h.Epochs)-1]
	fmt.Printf("epoch %d: loss %.2f, validation loss %.2f\n", last.Epoch, last.Loss, last.Validation.Loss)
	for _, v := range m.Network().Vars() {
		fmt.Printf("%s %.2f\n", v.Path, v.Tensor().Item())
	}
	// Output:
	// epoch 100: loss 0.00, validation loss 0.00
	// dense/kernel 2.00
	// dense/bias 1.00
}

func ExampleModel_Evaluate() {
	m := glia.Sequential(nn.Input(1), nn.Dense(1, nn.KernelInitializer(nn.Zeros)))
	if err := m.Compile(optim.SGD(0.1), loss.MeanAbsoluteError()); err != nil {
		log.Fatal(err)
	}
	x, y := tensor.New(tensor.Float32, 4, 1), tensor.Of[float32](1, 2, 3, -4)
	ds, err := data.New(x, y)
	if err != nil {
		log.Fatal(err)
	}
	r, err := m.Evaluate(ds)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Loss)
	// Output: 2.5
}

func ExampleModel_Predict() {
	m := straight()
	if _, err := m.Fit(line(), glia.Epochs(100), glia.BatchSize(8)); err != nil {
		log.Fatal(err)
	}
	x, err := tensor.FromSlice([]float32{0, 10}, 2, 1)
	if err != nil {
		log.Fatal(err)
	}
	y, err := m.Predict(x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.1f\n", y.Float64s())
	// Output: [1.0 21.0]
}

func ExampleModel_Summary() {
	m := glia.Sequential(
		nn.Input(28, 28),
		nn.Flatten(),
		nn.Dense(128, nn.ReLU),
		nn.Dense(10, nn.Softmax),
	)
	if err := m.Compile(optim.Adam(1e-3), loss.CategoricalCrossentropy()); err != nil {
		log.Fatal(err)
	}
	fmt.Print(m.Summary())
	// Output:
	// Model: "sequential"
	// ┏━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━┓
	// ┃ Layer (type)      ┃ Output Shape ┃ Param # ┃
	// ┡━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━┩
	// │ flatten (Flatten) │ (None, 784)  │       0 │
	// │ dense (Dense)     │ (None, 128)  │ 100,480 │
	// │ dense_1 (Dense)   │ (None, 10)   │   1,290 │
	// └───────────────────┴──────────────┴─────────┘
	//  Total params: 305,312 (1.16 MB)
	//  Trainable params: 101,770 (397.54 KB)
	//  Non-trainable params: 0 (0 B)
	//  Optimizer params: 203,542 (795.09 KB)
}

// A callback that ends the training when the loss is small enough.
func ExampleCallback() {
	enough := glia.Callback{OnEpochEnd: func(_ *glia.Model, e glia.Epoch) error {
		if e.Loss < 0.01 {
			return glia.ErrStop
		}
		return nil
	}}
	h, err := straight().Fit(line(), glia.Epochs(1000), glia.BatchSize(8), glia.Use(enough))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(h.Epochs) < 100)
	// Output: true
}

func ExampleContext() {
	ctx, cancel := context.WithCancel(context.Background())
	pressed := glia.Callback{OnEpochEnd: func(_ *glia.Model, e glia.Epoch) error {
		if e.Epoch == 3 {
			cancel()
		}
		return nil
	}}
	h, err := straight().Fit(line(), glia.Epochs(1000), glia.Context(ctx), glia.Use(pressed))
	fmt.Println(err)
	fmt.Println(len(h.Epochs), "epochs are done")
	// Output:
	// glia: Fit: stopped in epoch 4 before batch 1: context canceled
	// 3 epochs are done
}

func ExampleClassWeights() {
	x, y := tensor.New(tensor.Float32, 4, 1), tensor.Of[float32](1, 0, 0, 0)
	ds, err := data.New(x, y)
	if err != nil {
		log.Fatal(err)
	}
	m := straight()
	h, err := m.Fit(ds, glia.BatchSize(glia.FullBatch), glia.ClassWeights(map[int]float64{1: 3}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(h.Epochs[0].Loss) // 3·1² / 4
	// Output: 0.75
}

func ExampleFunc() {
	grad := glia.Func(func(in ...*graph.Node) []*graph.Node {
		y := ops.ReduceSum(ops.Square(in[0]))
		return append([]*graph.Node{y}, autodiff.Grad(y, in[0])...)
	})
	out, err := grad.Call(tensor.Of[float32](1, 2, 3))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(out[0], out[1])
	// Output: 14.0 [2. 4. 6.]
}

// Newton's method for the square root of 2: every call updates a variable.
func ExampleFunc_variables() {
	x := graph.NewVar("x", tensor.Scalar(1.0))
	newton := glia.Func(func(in ...*graph.Node) []*graph.Node {
		g := in[0].Graph()
		v := g.Value(x)
		f := ops.Sub(ops.Square(v), in[0])
		g.Update(x, ops.Sub(v, ops.Div(f, autodiff.Grad(f, v)[0])))
		return nil
	})
	for range 5 {
		if _, err := newton.Call(tensor.Scalar(2.0)); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Printf("%.10f\n", x.Tensor().Item())
	// Output: 1.4142135624
}

// CallInto writes into tensors of yours: once warm it allocates nothing.
func ExampleFunction_CallInto() {
	double := glia.Func(func(in ...*graph.Node) []*graph.Node {
		return []*graph.Node{ops.Scale(in[0], 2)}
	})
	out := []*tensor.Tensor{tensor.New(tensor.Float32, 3)}
	for i := range 2 {
		if err := double.CallInto(out, tensor.Of(float32(i), 2, 3)); err != nil {
			log.Fatal(err)
		}
		fmt.Println(out[0])
	}
	// Output:
	// [0. 4. 6.]
	// [2. 4. 6.]
}

// Plan shows the kernel calls of a step.
func ExampleModel_Plan() {
	text, err := straight().Plan(line(), 8)
	if err != nil {
		log.Fatal(err)
	}
	for _, op := range []string{"MatMul", "ApplySGD"} {
		fmt.Println(op, strings.Contains(text, op))
	}
	// Output:
	// MatMul true
	// ApplySGD true
}

func ExampleModel_Params() {
	m := glia.Sequential(nn.Input(784), nn.Dense(128, nn.ReLU, nn.Frozen), nn.Dense(10))
	if err := m.Compile(optim.SGD(0.1), loss.MeanSquaredError()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Params())
	// Output: 1290 100480
}

// A callback that halves the learning rate after every epoch.
func ExampleModel_Optimizer() {
	halve := glia.Callback{OnEpochEnd: func(m *glia.Model, _ glia.Epoch) error {
		m.Optimizer().SetLearningRate(m.Optimizer().LearningRate() / 2)
		return nil
	}}
	m := straight()
	if _, err := m.Fit(line(), glia.Epochs(3), glia.Use(halve)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Optimizer().LearningRate())
	// Output: 0.0125
}

// Every epoch ends with an evaluation on data that training does not see.
func ExampleValidate() {
	train, test, err := line().Split(0.25)
	if err != nil {
		log.Fatal(err)
	}
	m := straight()
	h, err := m.Fit(train, glia.Epochs(2), glia.Validate(test))
	if err != nil {
		log.Fatal(err)
	}
	r, err := m.Evaluate(test)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(h.Epochs), h.Epochs[1].Validation.Loss == r.Loss)
	// Output: 2 true
}

// Progress writes a line an epoch, unless it writes to a terminal.
func ExampleProgress() {
	var log strings.Builder
	if _, err := straight().Fit(line(), glia.Epochs(3), glia.Progress(&log)); err != nil {
		fmt.Println(err)
	}
	for line := range strings.Lines(log.String()) {
		fmt.Println(strings.Fields(line)[:2])
	}
	// Output:
	// [Epoch 1/3]
	// [Epoch 2/3]
	// [Epoch 3/3]
}

// Training goes on where it stopped; epochs keep their numbers.
func ExampleInitialEpoch() {
	m := straight()
	for _, upTo := range []int{2, 4} {
		h, err := m.Fit(line(), glia.InitialEpoch(upTo-2), glia.Epochs(upTo), glia.InOrder, glia.StopOnNaN)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(h.Epochs[0].Epoch, h.Epochs[1].Epoch)
	}
	// Output:
	// 1 2
	// 3 4
}

// A network can be made and looked at before there is a model.
func ExampleNew() {
	net := nn.Sequential(nn.Input(4), nn.Dense(2), nn.Softmax)
	m := glia.New(net)
	fmt.Println(m.Network() == net, len(net.Layers()))
	// Output: true 3
}

func ExampleResult_Get() {
	m := glia.Sequential(nn.Input(1), nn.Dense(1))
	err := m.Compile(optim.SGD(0.1), loss.MeanSquaredError(), metric.FromLoss(loss.MeanAbsoluteError()))
	if err != nil {
		log.Fatal(err)
	}
	h, err := m.Fit(line(), glia.Epochs(100), glia.BatchSize(8))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.2f\n", h.Epochs[99].Get("mean_absolute_error"))
	// Output: 0.00
}
