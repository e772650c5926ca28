package main

import (
	"fmt"
	"math"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/preprocess"
)

// pictures holds the flags of training on a folder of pictures.
type pictures struct {
	size    int
	augment bool
	freeze  bool
	reading folderReading
}

func (p *pictures) flags(f *pflag.FlagSet) {
	for flag, begin := range map[string]any{"epochs": folderEpochs, "batch-size": folderBatch, "validation-split": folderValidation} {
		f.Lookup(flag).Usage += fmt.Sprintf("; of a folder %v unless it is set", begin)
	}
	f.IntVar(&p.size, "size", 64, "height and width that pictures of a folder get")
	f.BoolVar(&p.augment, "augment", false, "change pictures of a folder at random: glia show FOLDER --augment draws some")
	f.BoolVar(&p.freeze, "freeze", false, "train the last layer of --model FILE.keras alone")
	p.reading.skipFlag(f)
	p.reading.memory.flag(f)
}

// The sizes that pictures may get.
const (
	leastSize = 8
	mostSize  = 1024
)

// What training on a folder begins with, where a flag does not say otherwise.
const (
	folderEpochs     = 20
	folderBatch      = 32
	folderValidation = 0.2
)

// wantNone finds flags that do not go with the data.
func wantNone(c *cobra.Command, of string, flags ...string) error {
	for _, name := range flags {
		if c.Flags().Changed(name) {
			return misused(c, "--%s is for %s", name, of)
		}
	}
	return nil
}

// checkFolder finds values that make no sense for a folder, and sets what is not set.
func (t *training) checkFolder(c *cobra.Command) error {
	f := c.Flags()
	if err := wantNone(c, "mnist", "data", "offline", "hidden", "activation"); err != nil {
		return err
	}
	t.kinds = []string{cnn, resnet, mobilenet, fileKind}
	if !f.Changed("model") {
		t.network = cnn
	}
	if !f.Changed("epochs") {
		t.epochs = folderEpochs
	}
	if !f.Changed("batch-size") {
		t.batchSize = folderBatch
	}
	if !f.Changed("validation-split") {
		t.validation = folderValidation
	}
	if t.network.isFile() {
		if err := wantNone(c, "networks that begin anew: that of "+string(t.network)+" has its own", "size", "dropout", "l2", "dtype"); err != nil {
			return err
		}
	} else if t.pictures.freeze {
		return misused(c, "--freeze: want --model FILE.keras with it")
	}
	switch {
	case t.size < leastSize || t.size > mostSize:
		return misused(c, "--size: got %d, want %d to %d", t.size, leastSize, mostSize)
	case t.seed > math.MaxUint32 && t.validation > 0:
		return misused(c, "--seed: got %d, want %d or less: it cuts off the validation as Keras does", t.seed, uint32(math.MaxUint32))
	}
	return nil
}

// folder returns the task of a folder of pictures.
func (t *training) folder(dir string) (*task, error) {
	var base *trained
	frame := image.Frame{Width: t.size, Height: t.size, Channels: 3}
	if t.network.isFile() {
		var err error
		if base, frame, err = openBase(string(t.network)); err != nil {
			return nil, err
		}
	}
	set, err := t.reading.open(dir, frame, warnLine(t.stderr))
	if err != nil {
		return nil, err
	}
	if base != nil && sameNames(base.ClassNames(), set.Classes()) { // in the order of its outputs
		if set, err = t.reading.open(dir, frame, func(string, ...any) {}, image.Classes(base.ClassNames()...)); err != nil {
			return nil, err
		}
	}
	k := &task{name: dir, train: set, names: set.Classes()}
	k.about = fmt.Sprintf("%d pictures of %d classes for training", set.Len(), len(k.names))
	if t.validation > 0 {
		train, validation, err := set.Split(t.validation, uint32(t.seed))
		if err != nil {
			return nil, err
		}
		k.train, k.validation, k.tested = train, validation, testPictures("Validation", dir, validation, k.names)
		k.about = fmt.Sprintf("%d pictures of %d classes for training, %d for validation", train.Len(), len(k.names), validation.Len())
	}
	k.model = func() (*glia.Model, error) { return t.pictureModel(base, frame, k.names) }
	return k, nil
}

// pictureModel returns the compiled network for pictures of a frame.
func (t *training) pictureModel(base *trained, frame image.Frame, names []string) (*glia.Model, error) {
	of := loss.SparseCategoricalCrossentropy()
	var m *glia.Model
	if base == nil {
		m = glia.New(t.pictureNetwork(frame, len(names)))
		m.Network().DType = t.dtype.DTypePolicy
	} else {
		net, logits, err := base.transfer(names, t.pictures)
		if err != nil {
			return nil, err
		}
		if logits {
			of = loss.SparseCategoricalCrossentropy(loss.FromLogits)
		}
		m = glia.New(net).LimitMemory(glia.LoadedMemory)
		t.reading.memory.bound(m)
	}
	m.Seed = t.seed
	if err := m.Compile(t.newOptimizer(), of, metric.Accuracy()); err != nil {
		return nil, err
	}
	return m, m.SetClassNames(names...)
}

// pictureNetwork returns a network of the kind that --model names. It takes pixels from 0 to
// 255, so that its file does.
func (t *training) pictureNetwork(frame image.Frame, classes int) *nn.Network {
	in := nn.Apply(nn.Input(frame.Height, frame.Width, frame.Channels))
	x := t.pictures.front(in)
	penalty := nn.KernelRegularizer(nn.L2(t.l2))
	rate := t.dropout
	switch t.network {
	case resnet:
		x = residual(nn.Apply(preprocess.Rescaling(1.0/255, 0), x), frame.Height, penalty)
	case mobilenet:
		x = bottlenecks(nn.Apply(preprocess.Rescaling(1.0/127.5, -1), x), penalty)
	default:
		x = convolutions(nn.Apply(preprocess.Rescaling(1.0/255, 0), x), frame.Height, penalty)
		if rate == 0 {
			rate = 0.2
		}
	}
	x = nn.Apply(nn.GlobalAveragePooling2D(), x)
	if rate > 0 {
		x = nn.Apply(nn.Dropout(rate), x)
	}
	x = nn.Apply(nn.Dense(classes, nn.Softmax, penalty, t.dtype.output()), x)
	return nn.Functional([]*nn.Symbol{in}, []*nn.Symbol{x})
}

// front returns x behind the layers that --augment asks for.
func (p *pictures) front(x *nn.Symbol) *nn.Symbol {
	if p.augment {
		for _, l := range augmentations() {
			x = nn.Apply(l, x)
		}
	}
	return x
}

// sameNames reports whether two lists have the same names, in any order.
func sameNames(a, b []string) bool {
	if len(a) != len(b) || len(a) == 0 {
		return false
	}
	in := map[string]bool{}
	for _, name := range a {
		in[name] = true
	}
	for _, name := range b {
		if !in[name] {
			return false
		}
		delete(in, name)
	}
	return true
}
