package hdf5_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/tensor"
)

func ExampleOpen() {
	w := hdf5.NewWriter()
	vars := w.Root().Group("layers/dense/vars")
	vars.SetAttr("name", "dense")
	vars.Dataset("0", tensor.Of[float32](1, 2, 3))
	var file bytes.Buffer
	if _, err := w.WriteTo(&file); err != nil {
		log.Fatal(err)
	}

	root, err := hdf5.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		log.Fatal(err)
	}
	kernel, err := root.Dataset("layers/dense/vars/0")
	if err != nil {
		log.Fatal(err)
	}
	t, err := kernel.Tensor()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(kernel.Path(), kernel.Layout(), t.Spec(), tensor.Data[float32](t))
	// Output: /layers/dense/vars/0 contiguous float32[3] [1 2 3]
}

func ExampleWalk() {
	w := hdf5.NewWriter()
	w.Root().Group("a").SetAttr("epoch", 3)
	w.Root().Dataset("b", tensor.Of[int8](1, 2))
	w.Root().SoftLink("c", "/b")
	var file bytes.Buffer
	if _, err := w.WriteTo(&file); err != nil {
		log.Fatal(err)
	}

	root, err := hdf5.Open(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		log.Fatal(err)
	}
	err = hdf5.Walk(root, func(o hdf5.Object) error {
		names, err := o.AttrNames()
		if d, ok := o.(*hdf5.Dataset); ok {
			fmt.Println(d.Path(), d.Type(), d.Dims())
		} else {
			fmt.Println(o.Path(), names)
		}
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// / []
	// /a [epoch]
	// /b int8 [2]
}
