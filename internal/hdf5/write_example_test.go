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

// A dataset of one file becomes one of another without being in memory as a whole.
func ExampleDataset_Source() {
	w := hdf5.NewWriter()
	w.Root().Dataset("kernel", tensor.New(tensor.Float32, 784, 10))
	var one, other bytes.Buffer
	if _, err := w.WriteTo(&one); err != nil {
		fmt.Println(err)
		return
	}
	root, err := hdf5.Open(bytes.NewReader(one.Bytes()), int64(one.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	kernel, err := root.Dataset("kernel")
	if err != nil {
		fmt.Println(err)
		return
	}
	src, err := kernel.Source()
	if err != nil {
		fmt.Println(err)
		return
	}
	w = hdf5.NewWriter()
	w.Root().Group("layers").Dataset("w", src, hdf5.Gzip(1))
	_, err = w.WriteTo(&other)
	fmt.Println(src.Spec(), other.Len() < one.Len(), err)
	// Output: float32[784 10] true <nil>
}
