package glia_test

import (
	"bytes"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// A model that is saved goes on where it was: weights and optimizer are in the
// file, which Keras opens, too.
func ExampleModel_Save() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "line.keras")

	m := straight()
	if _, err := m.Fit(line(), glia.Epochs(20)); err != nil {
		log.Fatal(err)
	}
	if err := m.Save(path); err != nil {
		log.Fatal(err)
	}
	loaded, err := glia.Load(path)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := loaded.Fit(line(), glia.Epochs(100), glia.InitialEpoch(20)); err != nil {
		log.Fatal(err)
	}
	y, err := loaded.Predict(tensor.New(tensor.Float32, 1, 1))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("at 0 the line is at %.2f\n", y.Item())
	// Output: at 0 the line is at 1.00
}

// The names of classes travel in the model's file, which says what its numbers mean.
func ExampleModel_SetClassNames() {
	m := glia.Sequential(nn.Input(4), nn.Dense(3, nn.Softmax))
	err := m.Compile(optim.Adam(0.001), loss.SparseCategoricalCrossentropy())
	if err == nil {
		err = m.SetClassNames("cat", "dog", "bird")
	}
	var file bytes.Buffer
	if err == nil {
		err = m.SaveTo(&file, keras.Archive)
	}
	if err != nil {
		log.Fatal(err)
	}
	loaded, err := glia.LoadBytes(file.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(loaded.ClassNames()[1])
	fmt.Println(loaded.SetClassNames("cat", "dog"))
	// Output:
	// dog
	// glia: SetClassNames: 2 class names of a model that gives (None, 3): want 3
}

// Unsupported parts of a model are one error that lists all of them.
func ExampleLoad() {
	_, err := glia.Load("no/such.keras")
	fmt.Println(errors.Is(err, os.ErrNotExist))

	var missing *keras.MissingError
	_, err = glia.LoadBytes([]byte("not a model"))
	fmt.Println(errors.As(err, &missing), err != nil)
	// Output:
	// true
	// false true
}

// LoadFS reads from an embed.FS as well.
func ExampleLoadFS() {
	m, err := glia.LoadFS(os.DirFS("examples/embed"), "xor.keras")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(m.Summary())
	// Output:
	// Model: "sequential"
	// ┏━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━┓
	// ┃ Layer (type)    ┃ Output Shape ┃ Param # ┃
	// ┡━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━┩
	// │ dense (Dense)   │ (None, 8)    │      24 │
	// │ dense_1 (Dense) │ (None, 1)    │       9 │
	// └─────────────────┴──────────────┴─────────┘
	//  Total params: 101 (412 B)
	//  Trainable params: 33 (132 B)
	//  Non-trainable params: 0 (0 B)
	//  Optimizer params: 68 (280 B)
}

func ExampleLoadBytes() {
	file, err := os.ReadFile("examples/embed/xor.keras")
	if err != nil {
		log.Fatal(err)
	}
	m, err := glia.LoadBytes(file, glia.WithoutCompile)
	if err != nil {
		log.Fatal(err)
	}
	y, err := m.Predict(tensor.New(tensor.Float32, 1, 2))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("0 xor 0 = %.0f\n", y.Item())
	// Output: 0 xor 0 = 0
}

func ExampleLoadFrom() {
	var file bytes.Buffer
	if err := straight().SaveTo(&file, keras.HDF5); err != nil {
		log.Fatal(err)
	}
	m, err := glia.LoadFrom(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Params())
	// Output: 2 0
}

// Double is a layer without parameters that multiplies by Factor.
type Double struct {
	nn.Base
	Factor float64 `json:"factor"`
}

func (*Double) Build(*nn.Builder, tensor.Spec) {}

func (d *Double) Call(_ *nn.Ctx, x *graph.Node) *graph.Node { return ops.Scale(x, d.Factor) }

func init() { nn.Register("Double", func() nn.Layer { return &Double{} }) }

// A layer of your own has its fields as config. Once it is registered, models with it are
// saved and loaded, here and by Keras.
func Example_layerOfYourOwn() {
	m := glia.Sequential(nn.Input(1), &Double{Factor: 2})
	if err := m.Compile(optim.SGD(0.1), loss.MeanSquaredError()); err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if err := m.SaveTo(&file, keras.Archive); err != nil {
		log.Fatal(err)
	}
	m, err := glia.LoadBytes(file.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	x, err := tensor.FromSlice([]float32{21}, 1, 1)
	if err != nil {
		log.Fatal(err)
	}
	y, err := m.Predict(x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.Item())
	// Output: 42
}

func ExampleModel_LoadWeights() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "line.safetensors")

	trained, other := straight(), straight()
	if _, err := trained.Fit(line(), glia.Epochs(100)); err != nil {
		log.Fatal(err)
	}
	if err := trained.SaveWeights(path); err != nil {
		log.Fatal(err)
	}
	if err := other.LoadWeights(path); err != nil {
		log.Fatal(err)
	}
	for _, v := range other.Network().Vars() {
		fmt.Printf("%s %.2f\n", v.Path, v.Tensor().Item())
	}
	// Output:
	// dense/kernel 2.00
	// dense/bias 1.00
}

func ExampleSkipMismatch() {
	small := glia.Sequential(nn.Input(4), nn.Dense(3, nn.Name("body")), nn.Dense(2, nn.Name("head")))
	large := glia.Sequential(nn.Input(4), nn.Dense(3, nn.Name("body")), nn.Dense(5, nn.Name("head")))
	for _, m := range []*glia.Model{small, large} {
		if err := m.Compile(optim.SGD(0.1), loss.MeanSquaredError()); err != nil {
			log.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := small.SaveTo(&file, keras.WeightsHDF5); err != nil {
		log.Fatal(err)
	}
	err := large.LoadWeightsBytes(file.Bytes(), glia.SkipMismatch(func(why error) { fmt.Println(why) }))
	if err != nil {
		log.Fatal(err)
	}
	// Output: layer head: layers/dense_1/vars/0 in the file is float32[3 2]: want float32[3 5], as head/kernel
}
