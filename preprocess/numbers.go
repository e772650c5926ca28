package preprocess

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/tensor"
)

// Numbers is a setting of Keras's layers: a number, or numbers in lists, which may hold lists.
type Numbers struct {
	v       []float64
	lengths []int // of the lists, none of a number alone
}

// NumbersOf returns a number, or a list of several.
func NumbersOf(v ...float64) *Numbers {
	if len(v) == 1 {
		return &Numbers{v: v}
	}
	return &Numbers{v, []int{len(v)}}
}

// tensor returns the numbers as float32, which Keras makes of them.
func (n *Numbers) tensor() *tensor.Tensor {
	t := tensor.New(tensor.Float64, n.lengths...)
	copy(tensor.Data[float64](t), n.v)
	return t.AsType(tensor.Float32)
}

// MarshalJSON writes the numbers in their lists.
func (n *Numbers) MarshalJSON() ([]byte, error) { return json.Marshal(vocab.Nested(n.v, n.lengths)) }

// bare returns the lists of an object that Keras writes of an array or a tuple, and others as they
// are.
func bare(x any) any {
	object, ok := x.(map[string]any)
	if !ok {
		return x
	}
	switch config, _ := object["config"].(map[string]any); object["class_name"] {
	case "__numpy__", "__tensor__":
		return config["value"]
	case "__tuple__":
		return object["items"]
	}
	return x
}

// UnmarshalJSON reads what Keras writes. It returns an error for anything but numbers in lists
// of one length each, with 1 number or more and no more axes than a tensor.
func (n *Numbers) UnmarshalJSON(b []byte) error {
	var x any
	if err := json.Unmarshal(b, &x); err != nil {
		return err
	}
	v, lengths, err := vocab.Unnested(bare(x))
	if err != nil {
		return fmt.Errorf("%s: %w", vocab.Short(b), err)
	}
	if len(v) == 0 || len(lengths) > tensor.MaxRank {
		return fmt.Errorf("%s: want at most %d axes, none empty", vocab.Short(b), tensor.MaxRank)
	}
	n.v, n.lengths = v, lengths
	return nil
}
