// Command half generates the elementwise kernels on bfloat16 and float16.
package main

import (
	"github.com/glia-ml/glia/internal/kern/_asm/isa"
	"github.com/glia-ml/glia/internal/kern/_asm/vec/kernels"
)

//go:generate go run . -out ../../half_amd64.s -stubs ../../half_stub_amd64.go -pkg kern

func main() {
	kernels.WriteHalf()
	isa.Write()
	kernels.WriteHalfTable()
}
