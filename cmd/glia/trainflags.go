package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/nn"
)

// batchSize is a number of samples, or glia.FullBatch.
type batchSize int

// String implements pflag.Value.
func (b *batchSize) String() string {
	if *b == glia.FullBatch {
		return "full"
	}
	return strconv.Itoa(int(*b))
}

// Type implements pflag.Value.
func (*batchSize) Type() string { return "size" }

// Set implements pflag.Value.
func (b *batchSize) Set(s string) error {
	if s == "full" {
		*b = glia.FullBatch
		return nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return errors.New(`want 1 or more, or "full"`)
	}
	*b = batchSize(n)
	return nil
}

// of returns the size for n samples.
func (b batchSize) of(n int) int {
	if b == glia.FullBatch {
		return n
	}
	return min(int(b), n)
}

// units is the sizes of the hidden layers.
type units []int

// mostUnits keeps a slip of the finger from asking for more memory than there is.
const mostUnits = 1 << 16

// String implements pflag.Value.
func (u *units) String() string {
	if len(*u) == 0 {
		return "none"
	}
	s := make([]string, len(*u))
	for i, n := range *u {
		s[i] = strconv.Itoa(n)
	}
	return strings.Join(s, ",")
}

// Type implements pflag.Value.
func (*units) Type() string { return "units" }

// Set implements pflag.Value.
func (u *units) Set(s string) error {
	*u = nil
	if s == "" || s == "none" {
		return nil
	}
	for part := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 || n > mostUnits {
			return fmt.Errorf(`want numbers of 1 or more, up to %d, with commas between, or "none"`, mostUnits)
		}
		*u = append(*u, n)
	}
	return nil
}

// activation is an activation by its name in Keras.
type activation struct{ nn.Activation }

// Type implements pflag.Value.
func (*activation) Type() string { return "name" }

// Set implements pflag.Value.
func (a *activation) Set(s string) error {
	name, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if s == "" || json.Unmarshal(name, &a.Activation) != nil {
		return errors.New("want one of Keras's activations, such as relu, tanh or gelu")
	}
	return nil
}
