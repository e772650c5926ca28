package npy_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/tensor"
)

func Example() {
	var file bytes.Buffer
	if err := npy.Write(&file, tensor.Of[int16](1, -2, 300)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q\n", file.Bytes()[:67])
	fmt.Println(npy.Read(&file))
	// Output:
	// "\x93NUMPY\x01\x00v\x00{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }"
	// [  1  -2 300] <nil>
}

// An array of Python objects is refused by its header.
func ExampleRead() {
	_, err := npy.Read(strings.NewReader("\x93NUMPY\x01\x00\x3e\x00{'descr': '|O', 'fortran_order': False, 'shape': (1000000,), }"))
	fmt.Println(err)
	// Output:
	// npy: descr: got "|O", pickled Python objects, which could run any code: want bool, an integer or a float of 16, 32 or 64 bits
}

func ExampleReadHeader() {
	h, err := npy.ReadHeader(strings.NewReader("\x93NUMPY\x01\x00\x3f\x00{'descr': '>c16', 'fortran_order': True, 'shape': (100, 200), }"))
	fmt.Println(h.Descr, h.Fortran, h.Shape, err)
	// Output: >c16 true [100 200] <nil>
}

// NumPy saves an array of ml_dtypes.bfloat16 as void of two bytes.
func ExampleReadOption() {
	var file bytes.Buffer
	if err := npy.Write(&file, tensor.Of[float32](1, 2.5).AsType(tensor.BFloat16)); err != nil {
		fmt.Println(err)
		return
	}
	_, err := npy.Read(bytes.NewReader(file.Bytes()))
	fmt.Println(err)
	fmt.Println(npy.Read(bytes.NewReader(file.Bytes()), npy.BFloat16))
	// Output:
	// npy: descr: got "<V2", raw memory of two bytes; the option BFloat16 reads it as bfloat16
	// [1.  2.5] <nil>
}

func ExampleArchive() {
	var file bytes.Buffer
	w := npy.NewArchiveWriter(&file, npy.Deflate)
	if err := w.Add("dense/bias", tensor.New(tensor.Float32, 3)); err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Add("step", tensor.Scalar[int64](7)); err != nil {
		fmt.Println(err)
		return
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	a, err := npy.OpenArchive(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range a.Names() {
		t, err := a.Tensor(name)
		fmt.Println(name, t, err)
	}
	// Output:
	// dense/bias [0. 0. 0.] <nil>
	// step 7 <nil>
}

// An array of an archive becomes one of another without being in memory as a whole.
func ExampleArchive_Source() {
	var one, other bytes.Buffer
	w := npy.NewArchiveWriter(&one)
	if err := errors.Join(w.Add("a", tensor.Of[int16](1, 2)), w.Close()); err != nil {
		fmt.Println(err)
		return
	}
	a, err := npy.OpenArchive(bytes.NewReader(one.Bytes()), int64(one.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	src, err := a.Source("a")
	if err != nil {
		fmt.Println(err)
		return
	}
	w = npy.NewArchiveWriter(&other)
	fmt.Println(src.Spec(), w.Add("b", src), w.Close())
	// Output: int16[2] <nil> <nil>
}

// An array is read over one that is there.
func ExampleArchive_ReadInto() {
	var file bytes.Buffer
	w := npy.NewArchiveWriter(&file)
	if err := errors.Join(w.Add("a", tensor.Of[int16](1, 2)), w.Close()); err != nil {
		fmt.Println(err)
		return
	}
	a, err := npy.OpenArchive(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		fmt.Println(err)
		return
	}
	x := tensor.New(tensor.Int16, 2)
	fmt.Println(a.ReadInto("a", x), x)
	fmt.Println(a.ReadInto("a", tensor.New(tensor.Int16, 3)))
	// Output:
	// <nil> [1 2]
	// npy: archive: array "a": int16[2]: ReadInto int16[3]: want int16[2]
}
