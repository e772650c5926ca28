package data_test

import (
	"fmt"
	"slices"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/tensor"
)

// Rows are mirrored at random: others in each epoch, the same in each training with the
// same seed.
func ExampleMap() {
	x, _ := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6, 7, 8, 9}, 3, 3)
	set, err := data.New(x, tensor.Of[int32](0, 1, 2))
	if err != nil {
		fmt.Println(err)
		return
	}
	mirrored, err := data.Map(set, func(s *data.Sample) error {
		if s.Rand.IntN(2) == 0 {
			slices.Reverse(tensor.Data[float32](s.X[0]))
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var batch data.Batch
	for epoch := range uint64(3) { // as Fit(mirrored) reads it, with the model's Seed
		if err := mirrored.ReadEpoch(1, epoch, []int{0, 1, 2}, &batch); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(tensor.Data[float32](batch.X[0]))
	}
	// Output:
	// [3 2 1 6 5 4 7 8 9]
	// [1 2 3 6 5 4 9 8 7]
	// [3 2 1 6 5 4 9 8 7]
}

func ExamplePermutationAt() {
	const samples = 1 << 50 // whose order no memory holds
	for i := range 3 {
		fmt.Println(data.PermutationAt(i, samples, 1, 0))
	}
	// Output:
	// 1065923928461149
	// 927630622587110
	// 773404398452544
}
