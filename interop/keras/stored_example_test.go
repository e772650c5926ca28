package keras_test

import (
	"bytes"
	"fmt"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// A .keras file becomes a .safetensors file; its weights are never all in memory.
func ExampleModel_StoredIn() {
	model := glia.Sequential(nn.Input(3), nn.Dense(2, nn.KernelInitializer(nn.Ones)))
	if _, err := model.Predict(tensor.New(tensor.Float32, 1, 3)); err != nil {
		fmt.Println(err)
		return
	}
	var file, converted bytes.Buffer
	if err := model.SaveTo(&file, keras.Archive); err != nil {
		fmt.Println(err)
		return
	}
	f, err := keras.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := keras.ReadModel(f.Object, keras.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := m.StoredIn(f, keras.ByPlace)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := state.Write(&converted, keras.Safetensors); err != nil {
		fmt.Println(err)
		return
	}
	f, err = keras.Open(bytes.NewReader(converted.Bytes()), int64(converted.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, w := range f.Weights {
		fmt.Println(w.Path, w.Spec)
	}
	// Output:
	// sequential/dense/bias float32[2]
	// sequential/dense/kernel float32[3 2]
}
