// Embed predicts with a network that Keras trained (make.py) and that is part of
// the program: one file to copy, no Python, no other file.
package main

import (
	_ "embed"
	"fmt"
	"log"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/tensor"
)

//go:embed xor.keras
var file []byte

func main() {
	m, err := glia.LoadBytes(file)
	if err != nil {
		log.Fatal(err)
	}
	x, err := tensor.FromSlice([]float32{0, 0, 0, 1, 1, 0, 1, 1}, 4, 2)
	if err != nil {
		log.Fatal(err)
	}
	y, err := m.Predict(x)
	if err != nil {
		log.Fatal(err)
	}
	for i, p := range tensor.Data[float32](y) {
		fmt.Printf("%d xor %d = %.0f\n", i/2, i%2, p)
	}
}
