package nn

import (
	"encoding/json"
	"fmt"

	"github.com/glia-ml/glia/tensor"
)

// OptionalInt is a setting that 0 leaves out: null in configs.
type OptionalInt int

// MarshalJSON implements json.Marshaler.
func (n OptionalInt) MarshalJSON() ([]byte, error) { return orNull(int(n), n == 0) }

// OptionalFloat is a setting that 0 leaves out: null in configs.
type OptionalFloat float64

// MarshalJSON implements json.Marshaler.
func (f OptionalFloat) MarshalJSON() ([]byte, error) { return orNull(float64(f), f == 0) }

// OptionalDType is a dtype that may be left out: null in configs.
type OptionalDType tensor.DType

// MarshalJSON implements json.Marshaler.
func (d OptionalDType) MarshalJSON() ([]byte, error) {
	return orNull(tensor.DType(d).String(), tensor.DType(d) == tensor.Invalid)
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *OptionalDType) UnmarshalJSON(b []byte) error {
	var name *string
	if err := json.Unmarshal(b, &name); err != nil {
		return err
	}
	*d = OptionalDType(tensor.Invalid)
	if name == nil {
		return nil
	}
	if *d = OptionalDType(tensor.ParseDType(*name)); tensor.DType(*d) == tensor.Invalid {
		return fmt.Errorf("nn: dtype %q: want one of glia's", *name)
	}
	return nil
}

// PartialShape is the shape of an output without its batch, in which [Any] stands for lengths that
// follow from the input: null in configs.
type PartialShape []int

// MarshalJSON implements json.Marshaler.
func (s PartialShape) MarshalJSON() ([]byte, error) { return Noise(s).MarshalJSON() }

// UnmarshalJSON implements json.Unmarshaler. One number is a shape of one axis.
func (s *PartialShape) UnmarshalJSON(b []byte) error {
	var one int
	if json.Unmarshal(b, &one) == nil && string(b) != "null" {
		*s = PartialShape{one}
		return nil
	}
	return (*Noise)(s).UnmarshalJSON(b)
}

func orNull(v any, none bool) ([]byte, error) {
	if none {
		return []byte("null"), nil
	}
	return json.Marshal(v)
}
