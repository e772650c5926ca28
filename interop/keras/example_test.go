package keras_test

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

const config = `{"module": "keras", "class_name": "Sequential", "registered_name": null, "config": {"name": "digits", "layers": [
	{"module": "keras.layers", "class_name": "InputLayer", "config": {"name": "pixels", "batch_shape": [null, 28, 28], "dtype": "float32"}},
	{"module": "keras.layers", "class_name": "Flatten", "config": {"name": "flatten"}, "build_config": {"input_shape": [null, 28, 28]}},
	{"module": "keras.layers", "class_name": "Dense", "config": {"name": "dense", "units": 10, "activation": "softmax"}, "build_config": {"input_shape": [null, 784]}}]},
	"compile_config": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}}`

func ExampleReadModel() {
	o, err := keras.ParseObject([]byte(config))
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := keras.ReadModel(o, keras.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Network.Names(), m.Network.DType, m.Inputs[0])
	fmt.Println(m.Optimizer.Name(), m.Loss.Name(), m.Metrics[0].Name())
	// Output:
	// [pixels flatten dense] float32 float32[1 28 28]
	// adam sparse_categorical_crossentropy accuracy
}

// Unsupported parts of a model are listed all at once.
func ExampleMissingError() {
	o, err := keras.ParseObject([]byte(`{"class_name": "Sequential", "config": {"name": "net", "layers": [
		{"class_name": "Siren", "config": {"name": "p", "alpha_initializer": "sobol"}},
		{"class_name": "Siren", "config": {"name": "q"}}]}, "compile_config": {"loss": "pinball"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = keras.ReadModel(o, keras.Options{})
	fmt.Println(err)
	// Output:
	// keras: unsupported parts of the model:
	//   layer Siren (2 times): layers[0] p, layers[1] q
	//   initializer sobol: layers[0] p alpha_initializer
	//   loss pinball: compile_config loss
}

func ExampleWriteModel() {
	o, err := keras.WriteModel(&keras.Model{
		Network: nn.Sequential(nn.Input(4), nn.Dense(2, nn.Name("out"))), Inputs: []tensor.Spec{tensor.S(tensor.Float32, 1, 4)},
		Optimizer: optim.SGD(0.5), Loss: loss.MeanSquaredError(), Metrics: []metric.Metric{metric.Accuracy()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := json.Marshal(o)
	back, _ := keras.ParseObject(text)
	fmt.Println(back.Module, back.Class)
	fmt.Println(string(back.BuildConfig))
	fmt.Println(string(back.CompileConfig))
	// Output:
	// keras Sequential
	// {"input_shape":[null,4]}
	// {"loss":{"module":"keras.losses","class_name":"MeanSquaredError","config":{"name":"mean_squared_error","reduction":"sum_over_batch_size"},"registered_name":null},"loss_weights":null,"metrics":["accuracy"],"optimizer":{"module":"keras.optimizers","class_name":"SGD","config":{"name":"sgd","learning_rate":0.5,"weight_decay":null,"clipnorm":null,"global_clipnorm":null,"clipvalue":null,"use_ema":false,"ema_momentum":0.99,"ema_overwrite_frequency":null,"loss_scale_factor":null,"gradient_accumulation_steps":null,"momentum":0.0,"nesterov":false},"registered_name":null},"run_eagerly":false,"steps_per_execution":1,"weighted_metrics":null}
}

func ExampleOutline() {
	o, err := keras.ParseObject([]byte(config))
	if err != nil {
		fmt.Println(err)
		return
	}
	layers, err := keras.Outline(o)
	for _, l := range layers {
		fmt.Println(l.Name, l.Class, l.In, l.Out)
	}
	fmt.Println(err)
	// Output:
	// pixels InputLayer [[-1 28 28]] [-1 28 28]
	// flatten Flatten [[-1 28 28]] [-1 784]
	// dense Dense [[-1 784]] []
	// <nil>
}
