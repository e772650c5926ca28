package plan

import (
	"github.com/glia-ml/glia/backend"
	"github.com/glia-ml/glia/graph"
)

// On returns the device that runs plans of these kernels. Operations without a kernel run
// their references. All plans of the device share arenas and packed weights.
func On(kernels backend.Kernels) backend.Device { return &device{kernels: kernels} }

// device is a table of kernels as a device.
type device struct {
	kernels backend.Kernels
	pool    pool
}

// Name implements backend.Device.
func (d *device) Name() string { return d.kernels.Name() }

// Compile implements backend.Device.
func (d *device) Compile(g *graph.Graph, outputs []*graph.Node) (backend.Executable, error) {
	return d.pool.compile(g, outputs, d.kernels), nil
}
