package glia_test

import (
	"context"
	"fmt"
	"log"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/autodiff"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/digits"
	"github.com/glia-ml/glia/graph"
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
	if err := m.Compile(optim.SGD(0.1), nn.MeanSquaredError()); err != nil {
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
	if err := m.Compile(optim.Adam(1e-3), nn.CategoricalCrossentropy(), metric.Accuracy()); err != nil {
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
	if err := m.Compile(optim.SGD(0.1), nn.MeanAbsoluteError()); err != nil {
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
	if err := m.Compile(optim.Adam(1e-3), nn.CategoricalCrossentropy()); err != nil {
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
