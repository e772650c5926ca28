package cpu

import (
	"testing"

	"github.com/glia-ml/glia/backend/backendtest"
)

func TestKernels(t *testing.T) { backendtest.Run(t, Backend{}) }

// TestMissing sees to it that every operation has a kernel for every dtype it takes.
func TestMissing(t *testing.T) {
	for _, m := range backendtest.Missing(Backend{}) {
		t.Errorf("no kernel for %s", m)
	}
}
