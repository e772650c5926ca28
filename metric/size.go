package metric

import (
	"fmt"

	"github.com/glia-ml/glia/graph"
)

// How much memory a metric takes follows from numbers that it is given, by the config in
// a file, too. They are bounded where a config is read and where a state is made.
const (
	// maxThresholds is the greatest number of thresholds that lie evenly: a counter for
	// each is 16 MB of them.
	maxThresholds = 1 << 20
	// maxClasses is the greatest number of classes that are counted in pairs: a matrix
	// of 16 million cells, 128 MB, which float32 can just number.
	maxClasses = 4096
)

// sized is a metric with such numbers.
type sized interface{ checkSize() error }

// wantSize returns an error unless an option of a class is within bounds.
func wantSize(class, option string, got, least, most int) error {
	if got < least || got > most {
		return fmt.Errorf("%s of %s is %d: want %d to %d", option, class, got, least, most)
	}
	return nil
}

// made returns an error unless a state can be made for the numbers of a metric.
func made(name string, m sized) error {
	if err := m.checkSize(); err != nil {
		return graph.Errorf("metric.%s: %v", name, err)
	}
	return nil
}
