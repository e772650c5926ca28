package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/glia-ml/glia"
)

// memory is the most memory that a batch of a loaded model, the samples in a compressed
// file, or a picture may take: 0 for the bounds that glia has.
type memory int64

// flag adds --memory.
func (m *memory) flag(f *pflag.FlagSet) {
	f.Var(m, "memory", "most memory for a batch, and for the samples of a compressed file or a picture, such as 8GB (default 4GB for a batch, for a file 64MB and four times its size)")
}

// String implements pflag.Value.
func (m *memory) String() string {
	if *m == 0 {
		return ""
	}
	return byteText(int64(*m))
}

// Type implements pflag.Value.
func (*memory) Type() string { return "size" }

// Set implements pflag.Value.
func (m *memory) Set(s string) error {
	number, unit := strings.ToUpper(strings.TrimSpace(s)), 1.0
	for i, end := range []string{"KB", "MB", "GB", "TB"} {
		if rest, ok := strings.CutSuffix(number, end); ok {
			number, unit = strings.TrimSpace(rest), math.Ldexp(1, 10*(i+1))
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v*unit >= 1 && v*unit < math.MaxInt64/2) {
		return fmt.Errorf("got %q, want a size such as 500MB or 8GB", s)
	}
	*m = memory(v * unit)
	return nil
}

// bound bounds the memory of a model.
func (m memory) bound(of *glia.Model) {
	if m > 0 {
		of.LimitMemory(int64(m))
	}
}

// ofFile returns how many bytes the samples in a compressed file, or a picture, of size bytes may
// take.
func (m memory) ofFile(size int64) int64 {
	if m > 0 {
		return int64(m)
	}
	const mega = 1 << 20
	return 44*mega + 3*size // beside what else the command takes
}
