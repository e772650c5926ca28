package safetensors

import (
	"slices"

	"github.com/glia-ml/glia/tensor"
)

// dtype is an element type of the format.
type dtype struct {
	name  string
	bits  int          // of one element
	as    tensor.DType // what Tensor returns; Invalid for complex numbers
	small *small       // how to widen elements that package tensor lacks, or nil
}

// dtypes lists the format's element types in the order of its library, which
// writes tensors of later types first: those of wider elements, so that all of
// them are aligned.
var dtypes = []*dtype{
	{"BOOL", 8, tensor.Bool, nil},
	{"F4", 4, tensor.Float32, &small{exp: 2, frac: 1, bias: 1}},
	{"F6_E2M3", 6, tensor.Float32, &small{exp: 2, frac: 3, bias: 1}},
	{"F6_E3M2", 6, tensor.Float32, &small{exp: 3, frac: 2, bias: 3}},
	{"U8", 8, tensor.Uint8, nil},
	{"I8", 8, tensor.Int8, nil},
	{"F8_E5M2", 8, tensor.Float32, &small{exp: 5, frac: 2, bias: 15, special: ieee}},
	{"F8_E4M3", 8, tensor.Float32, &small{exp: 4, frac: 3, bias: 7, special: lastNaN}},
	{"F8_E8M0", 8, tensor.Float32, &small{exp: 8, bias: 127, special: powers}},
	{"F8_E4M3FNUZ", 8, tensor.Float32, &small{exp: 4, frac: 3, bias: 8, special: fnuz}},
	{"F8_E5M2FNUZ", 8, tensor.Float32, &small{exp: 5, frac: 2, bias: 16, special: fnuz}},
	{"I16", 16, tensor.Int16, nil},
	{"U16", 16, tensor.Uint16, nil},
	{"F16", 16, tensor.Float16, nil},
	{"BF16", 16, tensor.BFloat16, nil},
	{"I32", 32, tensor.Int32, nil},
	{"U32", 32, tensor.Uint32, nil},
	{"F32", 32, tensor.Float32, nil},
	{"C64", 64, tensor.Invalid, nil},
	{"F64", 64, tensor.Float64, nil},
	{"I64", 64, tensor.Int64, nil},
	{"U64", 64, tensor.Uint64, nil},
}

// dtypeNamed returns the type with the format's name, or nil.
func dtypeNamed(name string) *dtype {
	i := slices.IndexFunc(dtypes, func(d *dtype) bool { return d.name == name })
	if i < 0 {
		return nil
	}
	return dtypes[i]
}

// rankOf returns the place in dtypes of the type that holds dt unchanged, or -1.
func rankOf(dt tensor.DType) int {
	return slices.IndexFunc(dtypes, func(d *dtype) bool {
		return d.as == dt && d.small == nil && dt != tensor.Invalid
	})
}
