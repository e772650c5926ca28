package data_test

import (
	"fmt"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/tensor"
)

func ExampleMemory() {
	images, _ := tensor.FromSlice([]uint8{0, 255, 255, 255, 0, 0}, 3, 2) // three images of two pixels
	labels := tensor.Of[uint8](1, 0, 1)
	set, err := data.New(images, labels)
	if err != nil {
		fmt.Println(err)
		return
	}
	set = set.Scale(1.0 / 255).OneHot(2)

	var batch data.Batch
	if err := set.Read([]int{2, 0}, &batch); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(batch.X)
	fmt.Println(batch.Y)
	// Output:
	// [[0. 0.]
	//  [0. 1.]]
	// [[0. 1.]
	//  [0. 1.]]
}

func ExampleMemory_Split() {
	set, _ := data.New(tensor.New(tensor.Float32, 1000, 3), nil)
	train, validation, err := set.Split(0.2)
	fmt.Println(train.Len(), validation.Len(), err)
	// Output: 800 200 <nil>
}

func ExamplePermutation() {
	for epoch := range uint64(3) {
		fmt.Println(data.Permutation(8, 1, epoch, nil))
	}
	// Output:
	// [6 4 0 2 5 7 1 3]
	// [6 1 7 4 2 5 0 3]
	// [7 0 5 2 3 6 1 4]
}
