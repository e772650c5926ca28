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
	fmt.Println(batch.X[0])
	fmt.Println(batch.Y[0])
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

func ExampleNew() {
	_, err := data.New(tensor.New(tensor.Float32, 3, 2), tensor.Of[uint8](1, 0))
	fmt.Println(err)
	// Output: data: New: x float32[3 2] with y uint8[2]: want first axes of the same length
}

// Labels that do not fit the classes are found when they are read.
func ExampleMemory_OneHot() {
	set, _ := data.New(tensor.New(tensor.Float32, 3, 2), tensor.Of[int32](1, 0, 4))
	set = set.OneHot(3)
	_, y := set.Specs()
	fmt.Println(y)
	var batch data.Batch
	fmt.Println(set.Read([]int{0, 1}, &batch), batch.Y[0].Float64s())
	fmt.Println(set.Read([]int{2}, &batch))
	// Output:
	// [float32[3]]
	// <nil> [0 1 0 1 0 0]
	// data: sample 2: label 4: want 0 or more and less than 3, the classes
}

func ExampleMemory_Take() {
	set, _ := data.New(tensor.New(tensor.Float32, 1000, 3), nil)
	fmt.Println(set.Take(10).Len(), set.Take(5000).Len())
	// Output: 10 1000
}

func ExampleMemory_Subset() {
	set, _ := data.New(tensor.Of[float32](10, 11, 12, 13), nil)
	part, err := set.Subset([]int{3, 3, 0})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(part.X())
	// Output: [13. 13. 10.]
}

func ExampleMemory_WithWeights() {
	set, _ := data.New(tensor.Of[float32](10, 11, 12), tensor.Of[uint8](1, 0, 1))
	set, err := set.WithWeights(tensor.Of(1, 0.5, 2))
	if err != nil {
		fmt.Println(err)
		return
	}
	var batch data.Batch
	if err := set.Read([]int{1, 2}, &batch); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(batch.X[0], batch.Y[0], batch.Weight[0])
	// Output: [11. 12.] [0 1] [0.5 2. ]
}

// Squares makes its samples when they are asked for.
type Squares int

func (s Squares) Len() int { return int(s) }

func (s Squares) Specs() (x, y []tensor.Spec) {
	one := []tensor.Spec{tensor.S(tensor.Float32, 1)}
	return one, one
}

func (s Squares) Read(idx []int, b *data.Batch) error {
	if len(b.X) == 0 || b.X[0].Len() != len(idx) {
		*b = *data.NewBatch(tensor.New(tensor.Float32, len(idx), 1), tensor.New(tensor.Float32, len(idx), 1))
	}
	x, y := tensor.Data[float32](b.X[0]), tensor.Data[float32](b.Y[0])
	for i, n := range idx {
		x[i], y[i] = float32(n), float32(n*n)
	}
	return nil
}

// A dataset of your own is any type with Len, Specs and Read.
func ExampleDataset() {
	var set data.Dataset = Squares(100)
	var batch data.Batch
	if err := set.Read([]int{2, 9}, &batch); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(batch.X[0].Float64s(), batch.Y[0].Float64s())
	// Output: [2 9] [4 81]
}

// Each class gives the validation its share of the samples.
func ExampleStratified() {
	labels, _ := tensor.FromSlice([]int32{0, 0, 0, 0, 0, 0, 1, 1, 1}, 9)
	samples, _ := data.New(tensor.New(tensor.Float32, 9, 2), labels)
	train, validation, _ := samples.Split(1.0/3, data.Stratified(1))
	for _, part := range []*data.Memory{train, validation} {
		var count [2]int
		for _, c := range part.Y().Float64s() {
			count[int(c)]++
		}
		fmt.Println(part.Len(), count)
	}
	// Output:
	// 6 [4 2]
	// 3 [2 1]
}
