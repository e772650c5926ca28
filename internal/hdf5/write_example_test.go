package hdf5_test

import (
	"bytes"
	"fmt"

	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/tensor"
)

func ExampleWriter() {
	w := hdf5.NewWriter()
	vars := w.Root().Group("layers/dense/vars")
	vars.SetAttr("name", "dense_30")
	vars.Dataset("0", tensor.New(tensor.Float32, 784, 10), hdf5.Gzip(6), hdf5.Shuffle)
	vars.Dataset("1", tensor.Of[float32](1, 2, 3))
	vars.Strings("classes", []string{"cat", "dog"})

	var file bytes.Buffer
	if _, err := w.WriteTo(&file); err != nil {
		fmt.Println(err)
		return
	}
	root, err := hdf5.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	bias, err := root.Dataset("layers/dense/vars/1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bias.Tensor())

	vars.Dataset("1", tensor.Of[float32](4))
	_, err = w.Size()
	fmt.Println(err)
	// Output:
	// [1. 2. 3.] <nil>
	// hdf5: dataset "1" in group "/layers/dense/vars": the name is that of a dataset already
}
