// Package curves makes pictures of the results that glia train and glia compare write
// with --json.
package curves

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/glia-ml/glia/plot"
)

// most bounds the bytes of a file of results.
const most = 1 << 26

// check returns an error for JSON that is denser than results are: it would take much more
// memory than its length. They have an object in some sixty bytes, and a value in some twelve.
func check(b []byte) error {
	const free = 1 << 16
	objects, values := bytes.Count(b, []byte("{")), bytes.Count(b, []byte(","))+bytes.Count(b, []byte(":"))
	if objects > free+len(b)/32 || values > 2*free+len(b)/8 {
		return fmt.Errorf("got %d objects and %d values in %d bytes, want fewer, as in results that glia wrote", objects, values, len(b))
	}
	return nil
}

// Read returns the picture of results in JSON: the loss and the accuracy of each
// optimizer for glia compare, loss and metrics beside those in validation for glia
// train. It returns an error if r holds anything else.
func Read(r io.Reader) (*plot.Picture, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, err
	}
	if len(b) > most {
		return nil, fmt.Errorf("got more than %d bytes, want results that glia wrote", most)
	}
	if err := check(b); err != nil {
		return nil, err
	}
	var kind struct {
		Trials *json.RawMessage `json:"trials"`
		Epochs *json.RawMessage `json:"epochs"`
	}
	if err := json.Unmarshal(b, &kind); err != nil {
		return nil, fmt.Errorf("results as JSON: %w", err)
	}
	switch {
	case kind.Trials != nil:
		var c comparison
		if err := json.Unmarshal(b, &c); err != nil {
			return nil, fmt.Errorf("results of glia compare: %w", err)
		}
		return c.picture()
	case kind.Epochs != nil:
		var t training
		if err := json.Unmarshal(b, &t); err != nil {
			return nil, fmt.Errorf("results of glia train: %w", err)
		}
		return t.picture()
	}
	return nil, fmt.Errorf("got JSON without trials and epochs, want what glia train --json or glia compare --json writes")
}

// number is a float that JSON holds as null if it is not finite.
type number float64

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(b []byte) error {
	v := math.NaN()
	if string(b) != "null" {
		if err := json.Unmarshal(b, &v); err != nil {
			return err
		}
	}
	*n = number(v)
	return nil
}

// epoch is an epoch of a training.
type epoch struct {
	Loss       number            `json:"loss"`
	Metrics    map[string]number `json:"metrics"`
	ValLoss    *number           `json:"val_loss"`
	ValMetrics map[string]number `json:"val_metrics"`
}

func (e *epoch) loss() float64 { return float64(e.Loss) }

func (e *epoch) valLoss() float64 {
	if e.ValLoss == nil {
		return math.NaN()
	}
	return float64(*e.ValLoss)
}

// named returns the value that m has for a name, NaN if it has none.
func named(m map[string]number, name string) float64 {
	if v, ok := m[name]; ok {
		return float64(v)
	}
	return math.NaN()
}
