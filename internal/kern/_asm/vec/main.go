// Command vec generates the elementwise float32 kernels.
package main

import (
	"github.com/glia-ml/glia/internal/kern/_asm/isa"
	"github.com/glia-ml/glia/internal/kern/_asm/vec/kernels"
)

//go:generate go run . -out ../../vec_amd64.s -stubs ../../vec_stub_amd64.go -pkg kern

func main() {
	kernels.Write()
	isa.Write()
}
