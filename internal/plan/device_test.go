package plan_test

import (
	"testing"

	"github.com/glia-ml/glia/backend/backendtest"
	"github.com/glia-ml/glia/internal/cpu"
	"github.com/glia-ml/glia/internal/plan"
)

func TestDevice(t *testing.T) {
	backendtest.Device(t, plan.On(cpu.Kernels{}))
	t.Run("Apart", func(t *testing.T) { backendtest.Device(t, backendtest.Apart(plan.On(cpu.Kernels{}))) })
}
