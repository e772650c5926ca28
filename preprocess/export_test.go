package preprocess

import (
	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
)

// ElasticCoordinates returns where RandomElasticTransform takes pixels from, by noise [n h w 2] and a
// strength.
func ElasticCoordinates(g *graph.Graph, noise *graph.Node, strength float64) *graph.Node {
	d := Draw{Ctx: nn.NewCtx(g, nn.NewSeed(1)), N: noise.Shape().At(0), Height: noise.Shape().At(1), Width: noise.Shape().At(2)}
	return d.elastic(d.scalar(strength), 1, noise)
}
