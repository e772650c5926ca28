package main

import (
	"fmt"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/preprocess"
)

// openBase loads the model that a training goes on from, for pictures of the frame that it
// takes.
func openBase(path string) (*trained, image.Frame, error) {
	m, err := loadModel(path, glia.WithoutCompile)
	if err == nil {
		err = m.wantOneEach("train")
	}
	if err != nil {
		return nil, image.Frame{}, err
	}
	frame, err := m.frame()
	return m, frame, err
}

// frame returns how the model takes pictures.
func (t *trained) frame() (image.Frame, error) {
	in, known := t.input()
	if !known {
		return image.Frame{}, fmt.Errorf("%s: the model has no shape of a sample: want one that takes pictures of a size", t.path)
	}
	frame, err := image.FrameOf(in.Shape)
	if err != nil || in.Shape.Rank() != 3 {
		return image.Frame{}, fmt.Errorf("%s: the model takes %v: want one of pictures of a size, [H W 1] or [H W 3]", t.path, in.Shape)
	}
	return frame, nil
}

// transfer returns a network of the model's layers, with their weights, for classes: with a new
// layer in place of the last one, unless that tells as many classes apart, of no other names.
// It takes pixels from 0 to 255. Flags say whether its layers but the last are frozen, and
// whether pictures are changed at random, unless they are by layers that it has; logits says what
// it gives.
func (t *trained) transfer(names []string, flags pictures) (net *nn.Network, logits bool, err error) {
	old := t.Network()
	head, features := t.head()
	kept := t.keepsHead(names)
	for _, l := range old.Layers() {
		setFrozen(l, flags.freeze)
	}
	if flags.freeze && kept {
		if head < 0 {
			return nil, false, fmt.Errorf("%s: --freeze: the last layer is no Dense, which could be trained alone", t.path)
		}
		setFrozen(old.Layers()[old.Calls()[head].Layer], false)
	}
	in, _ := t.input()
	input := nn.Apply(nn.Input(in.Shape.Slice()))
	x := input
	if !augments(old.Layers()) {
		x = flags.front(x)
	}
	if t.scale() != 1 {
		x = nn.Apply(preprocess.Rescaling(t.scale(), 0), x)
	}
	out := old.Outputs()[0]
	if !kept {
		out = features
	}
	x, err = t.replay(x, out)
	if err != nil {
		return nil, false, err
	}
	if !kept {
		switch n := old.Records()[old.Calls()[out.Call].Layer].Out[out.Out].Shape.Rank(); {
		case n == 4:
			x = nn.Apply(nn.GlobalAveragePooling2D(), x)
		case n != 2:
			x = nn.Apply(nn.Flatten(), x)
		}
		x = nn.Apply(nn.Dense(len(names), nn.Softmax), x)
	}
	net = nn.Functional([]*nn.Symbol{input}, []*nn.Symbol{x})
	net.DType = old.DType
	return net, kept && fromLogits(t.config.Loss), nil
}

// replay applies the layers of the model that lead to a port to x.
func (t *trained) replay(x *nn.Symbol, to nn.Port) (*nn.Symbol, error) {
	old := t.Network()
	calls, layers, records := old.Calls(), old.Layers(), old.Records()
	made := make([][]*nn.Symbol, len(calls))
	for i, c := range calls[:to.Call+1] {
		if _, input := layers[c.Layer].(*nn.InputLayer); input {
			made[i] = []*nn.Symbol{x}
			continue
		}
		var in []*nn.Symbol
		for _, p := range c.In {
			if p.Call < 0 {
				in = append(in, x)
				continue
			}
			in = append(in, made[p.Call][p.Out])
		}
		made[i] = nn.ApplyAll(len(records[c.Layer].Out), layers[c.Layer], in...)
	}
	return made[to.Call][to.Out], nil
}

// head returns the call of the last layer if that is Dense, or -1, and the port of the features
// that it is applied to, or else of all that the model gives. Activations may follow it.
func (t *trained) head() (call int, features nn.Port) {
	n := t.Network()
	calls, layers, out := n.Calls(), n.Layers(), n.Outputs()[0]
	at := out
	for at.Call >= 0 {
		c := calls[at.Call]
		switch layers[c.Layer].(type) {
		case *nn.ActivationLayer:
			at = c.In[0]
			continue
		case *nn.DenseLayer:
			return at.Call, c.In[0]
		}
		break
	}
	return -1, out
}

// keepsHead reports whether the model tells classes of these names apart, or as many without
// names, as a loss of one class among many has it.
func (t *trained) keepsHead(names []string) bool {
	out, known := t.output()
	if !known || out.Rank() != 1 || out.At(0) != len(names) {
		return false
	}
	if own := t.ClassNames(); own != nil && !sameNames(own, names) {
		return false
	}
	switch t.config.Loss.(type) {
	case *loss.SparseCategoricalCrossentropyLoss, *loss.CategoricalCrossentropyLoss:
		return true
	}
	return false
}

// fromLogits reports whether a loss takes logits.
func fromLogits(l loss.Loss) bool {
	switch l := l.(type) {
	case *loss.SparseCategoricalCrossentropyLoss:
		return bool(l.FromLogits)
	case *loss.CategoricalCrossentropyLoss:
		return bool(l.FromLogits)
	}
	return false
}

// setFrozen freezes or thaws a layer, and thaws all in it.
func setFrozen(l nn.Layer, frozen bool) {
	if base := nn.BaseOf(l); base != nil {
		base.Frozen = nn.Negated(frozen)
	}
	if c, ok := l.(nn.Container); ok {
		for _, inner := range c.Layers() {
			setFrozen(inner, false)
		}
	}
}
