package digits_test

import (
	"fmt"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/digits"
)

func ExampleLoad() {
	train, test, err := digits.Load(600, 100, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	train, test = train.Scale(1.0/255).OneHot(digits.Classes), test.Scale(1.0/255).OneHot(digits.Classes)
	fmt.Println(train.Len(), test.Len())

	var batch data.Batch
	if err := train.Read([]int{0, 1, 2}, &batch); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(batch.X[0].Spec(), batch.Y[0].Spec())
	// Output:
	// 600 100
	// float32[3 28 28] float32[3 10]
}

func ExampleGenerate() {
	images, labels, err := digits.Generate(1000, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(images.Spec(), labels.Spec())
	fmt.Println(labels.Bytes()[:10])
	// Output:
	// uint8[1000 28 28] uint8[1000]
	// [7 1 8 9 3 2 4 5 6 0]
}

func ExampleDraw() {
	var img digits.Image
	label := digits.Draw(&img, 1, 5)
	fmt.Println("a", label)
	for y := 3; y < digits.Side-3; y += 2 {
		for x := 3; x < digits.Side-3; x++ {
			upper, lower := img[y*digits.Side+x], img[(y+1)*digits.Side+x]
			fmt.Printf("%c", ".:+#"[(int(upper)+int(lower))/128])
		}
		fmt.Println()
	}
	// Output:
	// a 2
	// ............:++::.....
	// ..........+##+###+....
	// ........:##+...:##:...
	// .........:.....:##:...
	// ..............+##:....
	// ...........:+##+......
	// .........:+##:........
	// .....:+#+##+..........
	// ....+######+++:.......
	// ....+##+:::::::.......
	// ......................
}

func ExampleNew() {
	set, err := digits.New(50, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	x, y := set.Specs()
	fmt.Println(set.Len(), x[0], y[0])
	// Output: 50 uint8[28 28] uint8[]
}
