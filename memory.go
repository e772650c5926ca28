package glia

import (
	"errors"
	"fmt"
	"math"

	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// LoadedMemory is the bound of [Model.LimitMemory] for models that [Load] returns: 4 GiB.
const LoadedMemory = 4 << 30

// LimitMemory bounds the bytes that a batch may take, and returns the model: results of
// layers with their gradients, and outputs, but not the weights. What takes more is an error
// before memory is taken; Predict and PredictAll try smaller batches first. The bound counts
// from the next batch on, and 0 is none.
//
// A file of some hundred bytes may have a network that doubles its width in every layer. So
// models that [Load] and its like return begin with the bound [LoadedMemory], others with
// none.
func (m *Model) LimitMemory(bytes int64) *Model {
	m.mustHold("LimitMemory")
	defer m.traceMu.unlock()
	m.mostMemory.Store(max(bytes, 0))
	m.plansMu.Lock()
	defer m.plansMu.Unlock()
	m.renewed++
	m.predict = memo[backend.Executable]{}
	return m
}

// memoryError says that a batch takes more memory than [Model.LimitMemory] allows.
type memoryError struct {
	what       string
	need, most int64
}

// Error implements error.
func (e *memoryError) Error() string {
	return fmt.Sprintf("%s takes %d bytes of memory: want at most %d; a smaller batch takes less, LimitMemory allows more", e.what, e.need, e.most)
}

// isMemoryError reports whether err says that a batch takes too much memory.
func isMemoryError(err error) bool {
	_, ok := errors.AsType[*memoryError](err)
	return ok
}

// compile compiles the graph that trace builds for a batch, within the bound of LimitMemory.
// The caller holds traceMu.
func (m *Model) compile(trace func(g *graph.Graph) (outputs []*graph.Node)) (backend.Executable, error) {
	e, err := compile(m.device, trace)
	if err != nil {
		return nil, err
	}
	need := bytesOf(e.Outputs())
	if p, ok := e.(backend.Sized); ok {
		need = sumBytes(need, int64(p.Arena()))
	}
	what := "a batch"
	if in := e.Inputs(); len(in) > 0 {
		what = fmt.Sprintf("a batch of %v", in[0])
	}
	if err := m.checkMemory(what, need); err != nil {
		return nil, err
	}
	return e, nil
}

// checkMemory returns an error if something needs more bytes than LimitMemory allows.
func (m *Model) checkMemory(what string, need int64) error {
	if most := m.mostMemory.Load(); most > 0 && need > most {
		return &memoryError{what, need, most}
	}
	return nil
}

// bytesOf returns the bytes of tensors together, math.MaxInt64 if they are more.
func bytesOf(specs []tensor.Spec) (total int64) {
	for _, s := range specs {
		n, err := tensor.CheckedBytes(s)
		if err != nil {
			return math.MaxInt64
		}
		total = sumBytes(total, int64(n))
	}
	return total
}

// sumBytes adds two numbers that are not negative, and returns no more than math.MaxInt64.
func sumBytes(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
