package main

import (
	"runtime"

	"github.com/glia-ml/glia/internal/impl"
	"github.com/glia-ml/glia/internal/par"
	"github.com/glia-ml/glia/tune"
)

// compareRecord is the object that compare --json writes.
type compareRecord struct {
	Dataset         string        `json:"dataset"`
	Samples         int           `json:"samples"` // with those set aside for validation
	ValidationSplit number        `json:"validation_split"`
	Model           []layerRecord `json:"model"`
	Parameters      int           `json:"parameters"`
	BatchSize       int           `json:"batch_size"`
	Epochs          int           `json:"epochs"`
	ISA             string        `json:"isa"`
	GOMAXPROCS      int           `json:"gomaxprocs"`
	Threads         int           `json:"threads"`
	Trials          []trialRecord `json:"trials"`
	Stopped         bool          `json:"stopped,omitempty"`
	SecondsTotal    number        `json:"seconds_total"` // with loading and testing
}

// trialRecord is an optimizer with a learning rate.
type trialRecord struct {
	Optimizer    string       `json:"optimizer"`
	LearningRate number       `json:"learning_rate"`
	Best         bool         `json:"best"` // of the optimizer's learning rates
	TrainLoss    spreadRecord `json:"train_loss"`
	ValAccuracy  spreadRecord `json:"val_accuracy"`
	TestLoss     spreadRecord `json:"test_loss"`
	TestAccuracy spreadRecord `json:"test_accuracy"`
	Seconds      spreadRecord `json:"seconds"`
	Runs         []runRecord  `json:"runs"`
}

// spreadRecord is over the runs. What is not known is null.
type spreadRecord struct {
	Mean number `json:"mean"`
	Std  number `json:"std"`
	Min  number `json:"min"`
	Max  number `json:"max"`
}

// runRecord is a training.
type runRecord struct {
	Seed     uint64        `json:"seed"`
	Seconds  number        `json:"seconds"`
	Diverged bool          `json:"diverged,omitempty"`
	Epochs   []epochRecord `json:"epochs"`
	Test     measured      `json:"test"`
}

// record returns a record of everything known before the first training.
func (k *comparison) record(set images, first *trial) (*compareRecord, error) {
	m, err := k.model(set.train, first.rule.new(first.lr), k.seed)
	if err != nil {
		return nil, err
	}
	trainable, fixed := m.Params()
	return &compareRecord{
		Dataset: set.name, Samples: set.train.Len(), ValidationSplit: number(k.validation),
		Model: layersOf(m), Parameters: trainable + fixed, BatchSize: k.batchSize.of(set.train.Len()), Epochs: k.epochs,
		ISA: impl.ISA(), GOMAXPROCS: runtime.GOMAXPROCS(0), Threads: par.Threads(), Trials: []trialRecord{},
	}, nil
}

// add adds the results of the trainings.
func (c *compareRecord) add(trials []*trial, best map[*rule]*trial) {
	for _, t := range trials {
		r := trialRecord{
			Optimizer: t.rule.name, LearningRate: number(t.lr), Best: best[t.rule] == t,
			TrainLoss: spreadOf(t.Number("loss")), ValAccuracy: spreadOf(t.Number("val_accuracy")),
			TestLoss: spreadOf(t.Number("test_loss")), TestAccuracy: spreadOf(t.Number("test_accuracy")), Seconds: spreadOf(t.seconds()),
		}
		for _, run := range t.Runs {
			rr := runRecord{Seed: run.Seed, Seconds: number(run.Seconds), Diverged: run.Diverged, Epochs: []epochRecord{}, Test: measuredOf(*run.Test)}
			for _, e := range run.Epochs {
				rr.Epochs = append(rr.Epochs, epochOf(e))
			}
			r.Runs = append(r.Runs, rr)
		}
		c.Trials = append(c.Trials, r)
	}
}

func spreadOf(s tune.Spread) spreadRecord {
	return spreadRecord{number(s.Mean), number(s.Std), number(s.Min), number(s.Max)}
}
