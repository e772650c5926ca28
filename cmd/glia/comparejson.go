package main

import (
	"runtime"

	"github.com/glia-ml/glia/internal/impl"
	"github.com/glia-ml/glia/internal/par"
)

// compareRecord is what compare --json writes.
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

// record returns what is known before the first training.
func (k *comparison) record(set images, first *trial) (*compareRecord, error) {
	m, err := k.model(set.train, first.new(first.lr), k.seed)
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

// add adds what came of the trainings.
func (c *compareRecord) add(trials []*trial, best map[*rule]*trial) {
	for _, t := range trials {
		r := trialRecord{
			Optimizer: t.name, LearningRate: number(t.lr), Best: best[t.rule] == t,
			TrainLoss: t.loss().record(), ValAccuracy: t.validated().record(),
			TestLoss: t.testLoss().record(), TestAccuracy: t.testAccuracy().record(), Seconds: t.seconds().record(),
		}
		for _, run := range t.runs {
			rr := runRecord{Seed: run.seed, Seconds: number(run.seconds), Diverged: run.diverged, Epochs: []epochRecord{}, Test: measuredOf(run.test)}
			for _, e := range run.epochs {
				rr.Epochs = append(rr.Epochs, epochOf(e))
			}
			r.Runs = append(r.Runs, rr)
		}
		c.Trials = append(c.Trials, r)
	}
}

func (s spread) record() spreadRecord {
	return spreadRecord{number(s.mean), number(s.std), number(s.least), number(s.most)}
}
