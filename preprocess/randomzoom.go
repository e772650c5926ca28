package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
)

// RandomZoom returns a layer that, in training, zooms each picture about its center by factors of its
// own for height and width, or by one for both if width is nil. A positive factor f shows 1+f times
// as much of the axis: the picture becomes smaller. A factor {0.2} means {-0.2, 0.2}.
//
// Shapes: x [n h w c] -> y [n h w c]. DTypes: any number -> floats. Gradient: x.
// Panics with *graph.Error, when traced, unless the factors are one or two numbers above -1, up to 1.
// Options: [nn.Nearest], [Fill], [FillValue], [nn.ChannelsFirst], [BoxesAs], those of every layer.
// Source: keras.layers.RandomZoom.
func RandomZoom(height, width Factor, opts ...nn.OptionOf[RandomZoomLayer]) *RandomZoomLayer {
	return nn.Setup(&RandomZoomLayer{HeightFactor: height, WidthFactor: width}, opts...)
}

// RandomZoomLayer is the layer that [RandomZoom] makes.
type RandomZoomLayer struct {
	Warp
	// HeightFactor bounds the factor along the height.
	HeightFactor Factor `json:"height_factor"`
	// WidthFactor bounds that along the width; nil takes the same as along the height.
	WidthFactor Factor `json:"width_factor"`
}

func init() {
	nn.Register("keras.layers>RandomZoom", func() nn.Layer { return &RandomZoomLayer{} })
}

// Call implements [nn.Layer].
func (l *RandomZoomLayer) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return CallImages(c, l, x) }

// Draw implements [ImageLayer].
func (l *RandomZoomLayer) Draw(d Draw) Transformation {
	bounds := func(f Factor, name string) (low, high float64) {
		low, high = f.around("RandomZoom", name, -1, 1)
		if low <= -1 {
			panic(graph.Errorf("preprocess.RandomZoom: %s is %v: want more than -1", name, []float64(f)))
		}
		return 1 + low, 1 + high
	}
	hLow, hHigh := bounds(l.HeightFactor, "height factor")
	wLow, wHigh := hLow, hHigh
	if len(l.WidthFactor) > 0 {
		wLow, wHigh = bounds(l.WidthFactor, "width factor")
	}
	s := l.Sampling.of("RandomZoom", l.FillMode, false)
	if !d.Training {
		return Transformation{}
	}
	height := d.Uniform(hLow, hHigh, d.N, 1)
	width := height
	if len(l.WidthFactor) > 0 {
		width = d.Uniform(wLow, wHigh, d.N, 1)
	}
	from := func(zoom *graph.Node, n int) *graph.Node { // where the first pixel comes from
		half := float64(n-1) / 2
		return ops.Offset(ops.Scale(zoom, -half), half)
	}
	return warped(affine(d, width, 0.0, from(width, d.Width), 0.0, height, from(height, d.Height)), s)
}
