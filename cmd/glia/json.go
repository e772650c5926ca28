package main

import (
	"encoding/json"
	"io"
	"math"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/internal/atomicfile"
	"github.com/glia-ml/glia/nn"
)

// number is a float that JSON holds as null if it is not finite.
type number float64

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// trainRecord is the object that train --json writes.
type trainRecord struct {
	Dataset      string        `json:"dataset"`
	Samples      int           `json:"samples"`           // trained on
	Classes      []string      `json:"classes,omitempty"` // names, of pictures
	Model        []layerRecord `json:"model"`
	DType        string        `json:"dtype"`
	Parameters   int           `json:"parameters"`
	Optimizer    string        `json:"optimizer"`
	LearningRate number        `json:"learning_rate"` // at the beginning
	Schedule     schedule      `json:"schedule"`
	BatchSize    int           `json:"batch_size"`
	Seed         uint64        `json:"seed"`
	ISA          string        `json:"isa"`
	GOMAXPROCS   int           `json:"gomaxprocs"`
	Threads      int           `json:"threads"`
	Epochs       []epochRecord `json:"epochs"`
	Test         *measured     `json:"test,omitempty"` // missing if training was stopped
	Stopped      bool          `json:"stopped,omitempty"`
	SecondsTotal number        `json:"seconds_total"` // with loading and testing
}

type layerRecord struct {
	Name        string `json:"name"`
	Class       string `json:"class"`
	OutputShape []int  `json:"output_shape"` // of one sample
	Parameters  int    `json:"parameters"`
}

type epochRecord struct {
	Epoch   int    `json:"epoch"`
	Seconds number `json:"seconds"`
	Waited  number `json:"waited"` // seconds of these, for batches
	measured
	ValLoss    *number           `json:"val_loss,omitempty"`
	ValMetrics map[string]number `json:"val_metrics,omitempty"`
}

type measured struct {
	Loss    number            `json:"loss"`
	Metrics map[string]number `json:"metrics"`
}

func measuredOf(r glia.Result) measured {
	m := measured{Loss: number(r.Loss), Metrics: map[string]number{}}
	for _, x := range r.Metrics {
		m.Metrics[x.Name] = number(x.Value)
	}
	return m
}

func epochOf(e glia.Epoch) epochRecord {
	r := epochRecord{Epoch: e.Epoch, Seconds: number(e.Seconds), Waited: number(e.Waited), measured: measuredOf(e.Result)}
	if e.Validation != nil {
		v := measuredOf(*e.Validation)
		r.ValLoss, r.ValMetrics = &v.Loss, v.Metrics
	}
	return r
}

func layersOf(m *glia.Model) []layerRecord {
	var layers []layerRecord
	for _, r := range m.Network().Records() {
		if _, input := r.Layer.(*nn.InputLayer); input {
			continue
		}
		n := 0
		for _, v := range append(r.Params[:len(r.Params):len(r.Params)], r.States...) {
			n += v.Spec().Shape.Size()
		}
		layers = append(layers, layerRecord{r.Name, r.Class, r.Out[0].Shape.From(1).Slice(), n})
	}
	return layers
}

// outFile is a file to be written after the work; empty: none.
type outFile string

// newOut makes sure, before the work, that path can be written after it.
func newOut(path string) (outFile, error) {
	if path == "" {
		return "", nil
	}
	return outFile(path), atomicfile.Check(path)
}

// write writes v as JSON.
func (o outFile) write(v any) error {
	if o == "" {
		return nil
	}
	return atomicfile.Write(string(o), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		return e.Encode(v)
	})
}
