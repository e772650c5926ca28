package npy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glia-ml/glia/tensor"
)

// kinds maps the letter and size of NumPy's types to tensor's.
var kinds = map[string]tensor.DType{
	"b1": tensor.Bool,
	"i1": tensor.Int8, "i2": tensor.Int16, "i4": tensor.Int32, "i8": tensor.Int64,
	"u1": tensor.Uint8, "u2": tensor.Uint16, "u4": tensor.Uint32, "u8": tensor.Uint64,
	"f2": tensor.Float16, "f4": tensor.Float32, "f8": tensor.Float64,
}

// voidBF16 is the type string that NumPy writes for bfloat16.
const voidBF16 = "V2"

// refused names the unsupported types by their letters.
var refused = map[byte]string{
	'O': "pickled Python objects, which could run any code",
	'S': "bytes",
	'a': "bytes",
	'U': "text",
	'M': "dates",
	'm': "time spans",
	'c': "complex numbers",
	'V': "raw memory",
	'[': "a structured type",
	'(': "a subarray type",
}

// parseDescr returns the dtype of a descr and whether it is big-endian.
func parseDescr(descr string, opts []ReadOption) (dt tensor.DType, big bool, err error) {
	order, kind := byte('|'), descr
	if descr != "" && strings.IndexByte("<>|=", descr[0]) >= 0 {
		order, kind = descr[0], descr[1:]
	}
	dt, ok := kinds[kind]
	if kind == voidBF16 && slices.Contains(opts, BFloat16) {
		if order == '|' {
			order = '<'
		}
		dt, ok = tensor.BFloat16, true
	}
	switch {
	case !ok:
		return 0, false, refuse(descr, kind)
	case dt.Size() > 1 && order != '<' && order != '>':
		return 0, false, fmt.Errorf("descr: got %.32q, want '<' or '>' before %s for its byte order", descr, kind)
	}
	return dt, order == '>', nil
}

// refuse says why elements of a type cannot be read.
func refuse(descr, kind string) error {
	const want = "want bool, an integer or a float of 16, 32 or 64 bits"
	what := ""
	if kind != "" {
		what = refused[kind[0]]
	}
	switch {
	case what == "":
		return fmt.Errorf("descr: got %.32q, %s", descr, want)
	case kind == voidBF16:
		return fmt.Errorf("descr: got %q, %s of two bytes; the option BFloat16 reads it as bfloat16", descr, what)
	}
	return fmt.Errorf("descr: got %.64q, %s: %s", descr, what, want)
}

// descrOf returns the descr that NumPy writes for a dtype.
func descrOf(dt tensor.DType) string {
	order := "<"
	if dt.Size() == 1 {
		order = "|"
	}
	for kind, d := range kinds {
		if d == dt {
			return order + kind
		}
	}
	return order + voidBF16
}
