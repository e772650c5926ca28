// Overfitting shows the textbook's remedies side by side on MNIST: a network that is
// too large for a few hundred digits, then more digits, a smaller network, L2,
// dropout and early stopping. It prints a table and draws the losses of training
// (dashed) and validation.
//
//	go run ./examples/overfitting [-samples 500] [-epochs 60] [-picture overfitting]
//
// A picture whose name has no ending is written as .png and as .svg.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/callback"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/mnist"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/plot"
)

func main() {
	log.SetFlags(0)
	samples := flag.Int("samples", 500, "digits to train on; the remedy of more data takes ten times as many")
	epochs := flag.Int("epochs", 60, "epochs of training")
	picture := flag.String("picture", "overfitting", "file of the picture")
	flag.Parse()
	if _, err := plot.Files(*picture); err != nil {
		log.Fatal(err)
	}
	train, test, err := mnist.Load()
	if err == nil {
		err = run(os.Stdout, train, test, *samples, *epochs, *picture)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// remedy is one way to train.
type remedy struct {
	name    string
	samples int // times as many
	layers  func() []nn.Layer
	use     func() []glia.Callback
}

// network returns a network with a hidden layer of these options, and the layers after
// it.
func network(units int, after []nn.Layer, opts ...nn.WeightsOption) func() []nn.Layer {
	return func() []nn.Layer {
		layers := []nn.Layer{nn.Input(28, 28), nn.Flatten(), nn.Dense(units, append(opts, nn.ReLU)...)}
		return append(append(layers, after...), nn.Dense(10, nn.Softmax))
	}
}

var remedies = []remedy{
	{name: "no remedy", samples: 1, layers: network(512, nil)},
	{name: "more data", samples: 10, layers: network(512, nil)},
	{name: "smaller model", samples: 1, layers: network(16, nil)},
	{name: "L2", samples: 1, layers: network(512, nil, nn.KernelRegularizer(nn.L2(3e-3)))},
	{name: "dropout", samples: 1, layers: network(512, []nn.Layer{nn.Dropout(0.5)})},
	{name: "early stopping", samples: 1, layers: network(512, nil), use: func() []glia.Callback {
		return []glia.Callback{callback.EarlyStopping(callback.Patience(3), callback.RestoreBestWeights)}
	}},
}

// run trains with every remedy. The first half of the tests is for validation, the other
// for the final accuracy.
func run(w io.Writer, train, test *data.Memory, samples, epochs int, picture string) error {
	if most := train.Len() / 10; samples < 10 || samples > most {
		return fmt.Errorf("%d samples: want 10 to %d", samples, most)
	}
	held, last, err := test.Split(0.5)
	if err != nil {
		return err
	}
	p := &plot.Picture{Title: fmt.Sprintf("Remedies for overfitting: %d digits of MNIST", samples), Columns: 3}
	fmt.Fprintln(w, "                digits  epochs  train loss  val loss  least val loss  test accuracy")
	for _, r := range remedies {
		m := glia.Sequential(r.layers()...)
		m.Seed = 1
		if err := m.Compile(optim.Adam(1e-3), loss.CategoricalCrossentropy(), metric.Accuracy(), crossentropy()); err != nil {
			return err
		}
		var callbacks []glia.Callback
		if r.use != nil {
			callbacks = r.use()
		}
		n := samples * r.samples
		h, err := m.Fit(digits(train.Take(n)), glia.Epochs(epochs), glia.BatchSize(50), glia.Validate(digits(held)), glia.ValidationBatchSize(500),
			glia.Use(callbacks...))
		if err != nil {
			return err
		}
		result, err := m.Evaluate(digits(last), glia.BatchSize(500))
		if err != nil {
			return err
		}
		c := plot.Course(h, lossOf)
		c.Title, c.YLabel = r.name, "loss"
		p.Charts = append(p.Charts, c)
		end := h.Epochs[len(h.Epochs)-1]
		best, err := h.Best("val_" + lossOf)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%-14s  %6d  %6d  %10.3f  %8.3f  %14.3f  %13.3f\n", r.name, n, len(h.Epochs),
			end.Get(lossOf), end.Validation.Get(lossOf), best.Validation.Get(lossOf), result.Get("accuracy"))
	}
	return p.Save(picture)
}

// lossOf names the loss without the penalty of L2, by which the remedies are compared.
const lossOf = "crossentropy"

func crossentropy() metric.Metric {
	return metric.FromLoss(loss.CategoricalCrossentropy(loss.Name(lossOf)))
}

func digits(ds *data.Memory) *data.Memory { return ds.Scale(1.0 / 255).OneHot(10) }
