package backend

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// Device compiles whole graphs for the hardware that it stands for. It may be used
// from several goroutines at once.
type Device interface {
	// Name returns the device's name for people: "cpu".
	Name() string
	// Compile returns an executable that computes outputs, and every update of the graph's
	// variables, from the graph's inputs. It returns an error if the device cannot compute
	// the graph. The graph is not changed and not needed afterwards.
	Compile(g *graph.Graph, outputs []*graph.Node) (Executable, error)
}

// Executable is a graph that a device has compiled. Runs that update no variable may
// go on side by side.
type Executable interface {
	// Inputs returns the specs of the tensors that a run takes.
	Inputs() []tensor.Spec
	// Outputs returns the specs of the tensors that a run fills.
	Outputs() []tensor.Spec
	// Run computes the outputs from the inputs and updates the variables. in and out
	// are contiguous tensors of the specs above in host memory; outputs share none
	// with inputs or one another. It returns an error, and changes nothing, if one does
	// not fit.
	Run(out, in []*tensor.Tensor) error
	// String returns a listing of the computation, for people.
	String() string
}

// Sized is an [Executable] that knows what memory its runs take.
type Sized interface {
	// Arena returns the bytes of scratch memory that a run takes, besides inputs, outputs
	// and variables.
	Arena() int
}
