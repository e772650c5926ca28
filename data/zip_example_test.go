package data_test

import (
	"fmt"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/tensor"
)

// Samples with two targets: which digit it is, and whether it is odd.
func ExampleZip() {
	images, _ := tensor.FromSlice([]uint8{0, 255, 255, 255, 0, 0}, 3, 2)
	digits, _ := data.New(images, tensor.Of[uint8](1, 0, 2))
	odd, _ := data.New(nil, tensor.Of[float32](1, 0, 0))
	both, err := data.Zip(digits.Scale(1.0/255).OneHot(3), odd)
	if err != nil {
		fmt.Println(err)
		return
	}
	var batch data.Batch
	if err := both.Read([]int{0, 2}, &batch); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(batch.X), batch.Y[0].Float64s(), batch.Y[1].Float64s())

	_, err = data.Zip(digits, odd.Take(2))
	fmt.Println(err)
	// Output:
	// 1 [0 1 0 0 0 1] [1 0]
	// data: Zip: sets 0 and 1 have 3 and 2 samples: want as many
}

func ExampleNewBatch() {
	b := data.NewBatch(tensor.New(tensor.Float32, 32, 28, 28), tensor.New(tensor.Uint8, 32))
	fmt.Println(b.X[0].Spec(), b.Y[0].Spec(), len(b.Weight))
	// Output: float32[32 28 28] uint8[32] 0
}
