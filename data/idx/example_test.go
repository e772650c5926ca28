package idx_test

import (
	"bytes"
	"fmt"

	"github.com/glia-ml/glia/data/idx"
	"github.com/glia-ml/glia/tensor"
)

func Example() {
	var file bytes.Buffer
	if err := idx.Write(&file, tensor.Of[int16](1, -2, 300)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("% x\n", file.Bytes())
	labels, err := idx.Read(&file, 1<<20)
	fmt.Println(labels, err)
	// Output:
	// 00 00 0b 01 00 00 00 03 00 01 ff fe 01 2c
	// [  1  -2 300] <nil>
}
