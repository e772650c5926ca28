package keras

import (
	"fmt"

	"github.com/glia-ml/glia/nn"
)

// Limits bounds the bytes that parts of a file may take in memory. All that is read of a file
// before its weights, and what comes out of compressed ones, takes about 64 MB and four times
// the file's size at most.
type Limits struct {
	Config   int64 // the configuration of a model
	Metadata int64 // the file metadata.json
	Inflated int64 // all weights, if they are compressed as a whole
	Elements int   // all weights, counted in elements
}

// LimitsOf returns the bounds for a file of size bytes.
func LimitsOf(size int64) Limits {
	const mega = 1 << 20
	return Limits{
		Config:   min(8*mega+size, 32*mega), // the largest of Keras's applications has 1 MB
		Metadata: 1 << 20,                   // most of it class names
		Inflated: 16*mega + 2*size,
		Elements: int(4*mega + size/2), // all, if they are of 16 bits
	}
}

// A configuration may have no more than mostValues values: numbers, texts, lists, objects
// and so on, no more than mostMembers of them in objects, mostSettings in one object, and no
// more than mostParts layers, or parts like layers. The largest of Keras's applications have
// 62,000, 50,000, a few dozen and 1,041. Of what is unsupported mostMissing things are listed,
// and for the others one for each part.
const (
	mostValues   = 1 << 18
	mostMembers  = 1 << 17
	mostSettings = 1 << 12
	mostParts    = 1 << 13
	mostMissing  = 1 << 13
)

// mostWeights returns how many weights a file of size bytes may have: each of them takes
// some hundred bytes of memory, however small it is.
func mostWeights(size int64) int { return int(1<<14 + size>>10) }

// longestPath bounds the bytes of the names of a layer and of the layers around it, together:
// every variable in it has them in its path.
const longestPath = 1000

// limitNames returns an error for names that are too long together.
func limitNames(t *tree) error { return t.model.limitNames(0) }

// limitNames does so for a part in others whose names have length bytes.
func (p *part) limitNames(length int) error {
	if p.kind == otherLayer { // it makes no variables
		return nil
	}
	for _, x := range p.parts {
		n := length + len(nameOf(x.Object))
		if n > longestPath {
			return fmt.Errorf("keras: %s: the names of the layer and of those around it are %d bytes long: want %d or less", x.where, n, longestPath)
		}
		if err := x.limitNames(n); err != nil {
			return err
		}
	}
	return nil
}

// noteShared notes layers that stand twice in a model with one set of variables.
func noteShared(t *tree) error {
	t.model.noteShared(map[string]string{})
	return nil
}

// noteShared does so for the layers in a part, given where those with a number stand.
func (p *part) noteShared(seen map[string]string) {
	for _, x := range p.parts {
		if len(x.shared) > 0 && p.kind != otherLayer {
			id := string(x.shared)
			if at, ok := seen[id]; ok {
				x.before.add("option", "layer that stands twice", at+" and "+x.where)
			} else {
				seen[id] = x.where
			}
		}
		x.noteShared(seen)
	}
}

// mostCalls bounds the applications of layers in a model beyond those in the file. A model
// that is applied twice in one that is applied twice, and so on, takes few bytes of a file
// and any amount of memory.
const mostCalls = 1 << 15

// limitSize returns an error for a network with too many applications of layers.
func limitSize(t *tree) error {
	s := sizes{of: map[*nn.Network]int{}}
	return s.limit(t.model)
}

// sizes counts applications of layers.
type sizes struct {
	of    map[*nn.Network]int // in a network
	calls int                 // that the file has
}

// limit counts the applications in the networks of a part and in the part itself, where
// those of a network count as often as it is applied.
func (s *sizes) limit(p *part) error {
	for _, x := range p.parts {
		if err := s.limit(x); err != nil && p.kind != otherLayer {
			return err
		}
	}
	n := p.network()
	if n == nil {
		return nil
	}
	calls, size := n.Calls(), 0
	s.calls += len(calls)
	most := mostCalls + s.calls
	for _, c := range calls {
		size += s.sizeOf(n.Layers()[c.Layer])
		if size > most {
			return fmt.Errorf("keras: %s: more than %d applications of layers, with those of models in it as often as these are applied: want fewer", p.where, most)
		}
	}
	s.of[n] = size
	return nil
}

// sizeOf returns the number of applications of layers in one of l.
func (s *sizes) sizeOf(l nn.Layer) int {
	if n, ok := l.(*nn.Network); ok && s.of[n] > 0 {
		return s.of[n]
	}
	c, ok := l.(nn.Container)
	if !ok {
		return 1
	}
	size := 1
	for _, part := range c.Layers() {
		if part != nil {
			size += s.sizeOf(part)
		}
	}
	return size
}
