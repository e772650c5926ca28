// Command matmul generates the micro-kernels of the float32 matrix product.
package main

import . "github.com/mmcloughlin/avo/build"

//go:generate go run main.go -out ../../matmul_amd64.s -stubs ../../matmul_stub_amd64.go -pkg kern

func main() {
	ConstraintExpr("!purego")
	Generate()
}
