package tensor_test

import (
	"fmt"

	"github.com/glia-ml/glia/tensor"
)

func Example() {
	x, err := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6.5}, 2, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(x.Spec())
	fmt.Println(x)
	column, err := x.Index(1, -1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(column)
	// Output:
	// float32[2 3]
	// [[1.  2.  3. ]
	//  [4.  5.  6.5]]
	// [3.  6.5]
}

func ExampleTensor_Reshape() {
	x := tensor.Of[int64](0, 1, 2, 3, 4, 5)
	y, err := x.Reshape(2, -1)
	fmt.Println(y, err)
	_, err = x.Reshape(4, -1)
	fmt.Println(err)
	// Output:
	// [[0 1 2]
	//  [3 4 5]] <nil>
	// tensor: Reshape int64[6] to [4 -1]: want a shape of 6 elements, with at most one -1
}

func ExampleTensor_Slice() {
	x := tensor.Of(0.0, 0.5, 1, 1.5, 2)
	y, err := x.Slice(0, 1, 5, 2)
	fmt.Println(y, err)
	// Output: [0.5 1.5] <nil>
}

func ExampleTensor_Transpose() {
	x, _ := tensor.FromSlice([]uint8{1, 2, 3, 4}, 2, 2)
	y, err := x.Transpose()
	fmt.Println(y, err)
	// Output:
	// [[1 3]
	//  [2 4]] <nil>
}

func ExampleTensor_AsType() {
	x := tensor.Of(-1.75, 0.25, 300)
	fmt.Println(x.AsType(tensor.Int32), x.AsType(tensor.Uint8), x.AsType(tensor.Bool))
	// Output: [ -1   0 300] [  0   0 255] [ True  True  True]
}

func ExampleAllClose() {
	got := tensor.Of[float32](1, 2.001, 3)
	want := tensor.Of[float32](1, 2, 3)
	fmt.Println(tensor.AllClose(got, want, 1e-3, 0))
	fmt.Println(tensor.AllClose(got, want, 1e-6, 0))
	// Output:
	// <nil>
	// tensor: AllClose: 1 of 3 values differ; worst at [1]: got 2.000999927520752, want 2: |difference| 0.001 > 0 + 1e-06·|want|
}
