package vocab

import (
	"fmt"
	"slices"
)

// Nested returns the numbers of an array, row-major, as lists in lists of these lengths: as
// Keras writes arrays in configs. Without lengths it is the number.
func Nested(v []float64, lengths []int) any {
	if len(lengths) == 0 {
		return v[0]
	}
	list, n := make([]any, lengths[0]), len(v)/max(lengths[0], 1)
	for i := range list {
		list[i] = Nested(v[i*n:][:n], lengths[1:])
	}
	return list
}

// Unnested returns the numbers of lists in lists, or of a number alone, and the lengths of the
// lists. It fails for anything else in them, and for lists of different lengths side by side.
func Unnested(x any) (v []float64, lengths []int, err error) {
	switch x := x.(type) {
	case float64:
		return []float64{x}, nil, nil
	case bool:
		if x {
			return []float64{1}, nil, nil
		}
		return []float64{0}, nil, nil
	case []any:
		for i, e := range x {
			part, inner, err := Unnested(e)
			if err != nil {
				return nil, nil, err
			}
			if i > 0 && !slices.Equal(inner, lengths) {
				return nil, nil, fmt.Errorf("lists %v and %v side by side: want one shape", lengths, inner)
			}
			v, lengths = append(v, part...), inner
		}
		return v, append([]int{len(x)}, lengths...), nil
	}
	return nil, nil, fmt.Errorf("%v: want numbers", x)
}
