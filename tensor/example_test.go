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

func ExampleNew() {
	x := tensor.New(tensor.Float32, 2, 2)
	copy(tensor.Data[float32](x), []float32{1, 2, 3, 4})
	fmt.Println(x.Spec(), x.Len(), x.Spec().Bytes(), x.Float64s())
	// Output: float32[2 2] 4 16 [1 2 3 4]
}

func ExampleFromSlice() {
	x, err := tensor.FromSlice([]int32{1, 2, 3, 4}, 2, 2)
	fmt.Println(x, err)
	_, err = tensor.FromSlice([]int32{1, 2, 3}, 2, 2)
	fmt.Println(err)
	// Output:
	// [[1 2]
	//  [3 4]] <nil>
	// tensor: FromSlice: 3 values for shape [2 2]: want 4
}

// A view shares memory; a clone does not, and has no gaps.
func ExampleTensor_Clone() {
	x := tensor.Of[int64](0, 1, 2, 3)
	odd, _ := x.Slice(0, 1, 4, 2)
	c := odd.Clone()
	tensor.Data[int64](x)[3] = 30
	fmt.Println(odd, odd.Contiguous(), c, c.Contiguous())
	// Output: [ 1 30] false [1 3] true
}

func ExampleTensor_Squeeze() {
	x := tensor.New(tensor.Uint8, 1, 3, 1)
	s, _ := x.Squeeze()
	e, _ := s.Expand(-1)
	fmt.Println(s.Spec(), e.Spec())
	// Output: uint8[3] uint8[3 1]
}

func ExampleTensor_Item() {
	x := tensor.Scalar(0.5)
	fmt.Println(x.Item(), x.SetFloat64s([]float64{0.25}), x.Item(), tensor.Equal(x, tensor.Scalar(0.25)))
	// Output: 0.5 <nil> 0.25 true
}

func ExampleDims() {
	d := tensor.D(32, 28, 28)
	fmt.Println(d, d.Rank(), d.Size(), d.At(-1), d.From(1), d.To(1))
	fmt.Println(d.With(0, 1), d.Without(0), d.Append(3), d.Strides(), d == tensor.D(32, 28, 28))
	// Output:
	// [32 28 28] 3 25088 28 [28 28] [32]
	// [1 28 28] [28 28] [32 28 28 3] [784 28 1] true
}

func ExampleDType() {
	for _, d := range []tensor.DType{tensor.Bool, tensor.Uint8, tensor.Int64, tensor.BFloat16, tensor.Float32} {
		fmt.Println(d, d.Size(), d.IsInt(), d.IsFloat())
	}
	fmt.Println(tensor.ParseDType("float64") == tensor.DTypeOf[float64]())
	// Output:
	// bool 1 false false
	// uint8 1 true false
	// int64 8 true false
	// bfloat16 2 false true
	// float32 4 false true
	// true
}

// The half-precision types round to the nearest, to even in a tie.
func ExampleF16FromFloat32() {
	const x = 3.14159274
	fmt.Println(tensor.F16FromFloat32(x).Float32(), tensor.BF16FromFloat32(x).Float32())
	// Output: 3.140625 3.140625
}
