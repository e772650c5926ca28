package cpu

import (
	"testing"

	"github.com/glia-ml/glia/backend/backendtest"
)

func TestKernels(t *testing.T) { backendtest.Run(t, Backend{}) }
