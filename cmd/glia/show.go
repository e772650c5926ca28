package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/internal/atomicfile"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// showing is one call of glia show: its flags, and where it writes.
type showing struct {
	to      string
	layer   string
	count   int
	size    int
	augment bool
	seed    uint64
	reading folderReading

	stdout, stderr io.Writer
}

// mostCells bounds the pictures of a grid, and mostDrawn their pixels.
const (
	mostCells = 1024
	mostDrawn = 1 << 25
)

// How many rows a grid with --augment has, and how many pictures stand in each.
const (
	augmentRows    = 8
	augmentColumns = 8
)

func newShow() *cobra.Command {
	s := &showing{}
	c := &cobra.Command{
		Use:   "show FOLDER | show MODEL PICTURE --layer NAME",
		Short: "Draw pictures of a folder, or what a layer makes of a picture, as a PNG",
		Long: `Draw a grid of pictures to a PNG file.

Of a FOLDER, as glia train takes one, these are some of its pictures, as a network gets
them, with the names of their classes. With --augment each row begins with a picture;
behind it is what a training with --augment makes of it.

Of a MODEL and a PICTURE they are the channels that a layer makes of the picture, each
from black for its least number to white for its largest.`,
		Example: `  glia show photos
  glia show photos --augment
  glia show photos.keras cat.jpg --layer conv2d_1 --png conv.png`,
		Args: wantMoreArgs(argument{name: "FOLDER", like: "FOLDER, or MODEL and PICTURE"}),
		RunE: func(c *cobra.Command, args []string) error {
			s.stdout, s.stderr = c.OutOrStdout(), c.ErrOrStderr()
			if err := s.check(c, args); err != nil {
				return err
			}
			if err := atomicfile.Check(s.to); err != nil {
				return fmt.Errorf("--png: %w", err)
			}
			if len(args) == 1 {
				return s.folder(args[0])
			}
			return s.features(c.Context(), args[0], args[1])
		},
	}
	f := c.Flags()
	f.StringVar(&s.to, "png", "show.png", "file to draw to")
	f.StringVar(&s.layer, "layer", "", "layer of MODEL whose channels are drawn")
	f.IntVar(&s.count, "count", 0, "how many pictures to draw (default 32, or 8 rows with --augment)")
	f.BoolVar(&s.augment, "augment", false, "draw what glia train --augment makes of each picture, too")
	f.IntVar(&s.size, "size", 128, "height and width that pictures of a folder get")
	f.Uint64Var(&s.seed, "seed", 1, "seed by which pictures are chosen")
	s.reading.skipFlag(f)
	s.reading.memory.flag(f)
	return c
}

// check finds values that make no sense.
func (s *showing) check(c *cobra.Command, args []string) error {
	f := c.Flags()
	if s.count == 0 && !f.Changed("count") {
		s.count = 32
		if s.augment {
			s.count = augmentRows
		}
	}
	all := s.count // pictures of the grid
	if s.augment {
		all *= augmentColumns
	}
	switch {
	case len(args) > 2:
		return misused(c, "got argument %q, want no more than MODEL and PICTURE", args[2])
	case s.count < 1 || all > mostCells:
		return misused(c, "--count: got %d, want 1 to %d", s.count, mostCells*max(s.count, 1)/max(all, 1))
	case s.size < leastSize || s.size > mostSize:
		return misused(c, "--size: got %d, want %d to %d", s.size, leastSize, mostSize)
	case len(args) == 1 && all*s.size*s.size > mostDrawn:
		return misused(c, "--count: got %d, for %d pictures of %d by %d: want %d or fewer", s.count, all, s.size, s.size, mostDrawn/(s.size*s.size)/(all/s.count))
	case len(args) == 2 && s.layer == "":
		return misused(c, "want --layer NAME, of a layer that glia summary lists")
	}
	if len(args) == 1 {
		if err := wantNone(c, "MODEL and PICTURE", "layer"); err != nil {
			return err
		}
		if !isDirectory(args[0]) {
			return misused(c, "got %q alone, want a folder that has one of pictures for each class, or MODEL and PICTURE", args[0])
		}
	} else if err := wantNone(c, "a folder of pictures", "size", "seed", "augment", "skip-unreadable"); err != nil {
		return err
	}
	return wantNames(c, "png")
}

// folder draws pictures of a folder.
func (s *showing) folder(dir string) error {
	f, err := s.reading.open(dir, image.Frame{Width: s.size, Height: s.size, Channels: 3}, warnLine(s.stderr))
	if err != nil {
		return err
	}
	idx := data.Permutation(f.Len(), s.seed, 0, nil)
	idx = idx[:min(s.count, len(idx))]
	slices.Sort(idx)
	var b data.Batch
	if err := f.Read(idx, &b); err != nil {
		return err
	}
	looks := []*tensor.Tensor{b.X[0]} // at all of them
	if s.augment {
		if looks, err = s.augmented(b.X[0]); err != nil {
			return err
		}
	}
	g := &grid{}
	if s.augment {
		g.columns = len(looks)
	}
	for i, class := range tensor.Data[int32](b.Y[0]) {
		for _, x := range looks {
			g.add(pixelsOf(x, i), f.Classes()[class])
		}
	}
	return s.write(g)
}

// augmented returns pictures, and what a training makes of them several times.
func (s *showing) augmented(x *tensor.Tensor) ([]*tensor.Tensor, error) {
	change, err := augmenter(x.Spec(), s.seed)
	if err != nil {
		return nil, err
	}
	looks := []*tensor.Tensor{x}
	for len(looks) < augmentColumns {
		out, err := change.Call(x)
		if err != nil {
			return nil, err
		}
		looks = append(looks, out[0])
	}
	return looks, nil
}

// features draws the channels that a layer makes of a picture.
func (s *showing) features(ctx context.Context, path, picture string) error {
	m, err := loadModel(path, glia.WithoutCompile)
	if err != nil {
		return err
	}
	s.reading.memory.bound(m.Model)
	if err := m.wantOneEach("show"); err != nil {
		return err
	}
	port, err := m.layerNamed(s.layer)
	if err != nil {
		return err
	}
	p := &predicting{invert: invertAuto, memory: s.reading.memory}
	in, err := p.read(picture, m)
	if err != nil {
		return err
	}
	if !in.pixels || in.x.Shape().At(0) != 1 {
		return fmt.Errorf("%s: want one picture", picture)
	}
	spec, known := m.input()
	if !known {
		return fmt.Errorf("%s: the model has no shape of a sample", path)
	}
	x := nn.Apply(nn.Input(spec.Shape.Slice(), spec.DType))
	y, err := m.replay(x, port)
	if err != nil {
		return err
	}
	part := glia.New(nn.Functional([]*nn.Symbol{x}, []*nn.Symbol{y})).LimitMemory(glia.LoadedMemory)
	part.Network().DType = m.Network().DType
	s.reading.memory.bound(part)
	if err := ctx.Err(); err != nil {
		return err
	}
	out, err := part.Predict(in.x)
	if err != nil {
		return err
	}
	shape := out.Shape()
	if shape.Rank() != 4 {
		return fmt.Errorf("%s: layer %s gives %s: want one of channels of a picture, [H W C]", path, printable(s.layer), shapeText(append([]int{-1}, shape.From(1).Slice()...)))
	}
	n := min(shape.At(3), s.count)
	if most := mostDrawn / (shape.At(1) * shape.At(2)); n > most {
		return fmt.Errorf("--count: %d channels of %d by %d: want %d or fewer", n, shape.At(1), shape.At(2), most)
	}
	g := &grid{}
	for c := range n {
		g.add(channelOf(out, c), strconv.Itoa(c))
	}
	return s.write(g)
}

// layerNamed returns the output of the first call of a layer.
func (t *trained) layerNamed(name string) (nn.Port, error) {
	n := t.Network()
	var names []string
	for i, c := range n.Calls() {
		r := n.Records()[c.Layer]
		if r.Name == name {
			return nn.Port{Call: i}, nil
		}
		names = append(names, printable(r.Name))
	}
	return nn.Port{}, fmt.Errorf("%s: no layer %s: want one of %s", t.path, printable(name), shortList(names))
}

// write draws the grid.
func (s *showing) write(g *grid) error {
	err := atomicfile.Write(s.to, g.png)
	if err != nil {
		return fmt.Errorf("--png: %w", err)
	}
	if len(g.cells) == 0 {
		return errors.New("nothing to draw")
	}
	_, err = fmt.Fprintf(s.stdout, "%s: %s\n", s.to, plural(len(g.cells), "picture"))
	return err
}
