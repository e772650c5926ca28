// Package resample holds the filters by which elements along an axis are made from another
// number of elements: the pixels of a row, of which a picture of another size has more or less.
// Each element of the result is a weighted sum of a run of neighbors.
package resample

import "math"

// Filter says which neighbors count into an element, and how much. One of Kernel, Nearest and
// Area is set.
//
// Elements are taken as intervals of one length around their centers: element i of to covers
// from i·from/to to (i+1)·from/to of those from that it is made of.
type Filter struct {
	// Kernel returns the weight of a neighbor by its distance, which counts to Radius; weights
	// are then scaled to a sum of 1.
	Kernel func(x float64) float64
	Radius float64
	// Spread makes a kernel as wide as the elements of the result are.
	Spread bool
	// Edge lets the elements at the ends stand for those beyond; otherwise those do not count.
	Edge bool
	// Single rounds centers as arithmetic of float32 does.
	Single bool

	// Nearest returns the number of the neighbor that alone counts.
	Nearest func(from, to int) func(i int) int

	// Area is a filter of the intervals that elements cover.
	Area Area
}

// Area is a filter of the intervals that elements cover.
type Area int

const (
	// NoArea stands for a kernel or a nearest neighbor.
	NoArea Area = iota
	// Cover weighs neighbors by the part of the interval that they cover.
	Cover
	// CoverOrLines is Cover where elements get fewer; of more elements each lies on the line
	// between two centers.
	CoverOrLines
	// Cut weighs two neighbors by the parts that they cover of an interval of the length of
	// theirs: OpenCV's INTER_AREA of a larger picture.
	Cut
	// Whole weighs all neighbors alike that the interval touches.
	Whole
)

// Most returns how many neighbors count into an element at most.
func (f *Filter) Most(from, to int) int {
	scale := max(float64(from)/float64(to), 1)
	switch {
	case f.Nearest != nil:
		return 1
	case f.Area != NoArea:
		return min(int(math.Ceil(scale))+1, from)
	case !f.Spread:
		scale = 1
	}
	return min(2*int(math.Ceil(f.Radius*scale))+1, from)
}

// Runs calls each for every element i of to in order: with the number of the first of the
// neighbors that count, and their weights, which are valid during the call.
func (f *Filter) Runs(from, to int, each func(i, at int, weights []float64)) {
	weights := make([]float64, f.Most(from, to))
	step := float64(from) / float64(to)
	nearest := func(int) int { return 0 }
	if f.Nearest != nil {
		nearest = f.Nearest(from, to)
	}
	for i := range to {
		at, n := 0, 1
		switch {
		case f.Nearest != nil:
			at, weights[0] = min(max(nearest(i), 0), from-1), 1
		case f.Area == Cover, f.Area == CoverOrLines && step > 1:
			at, n = cover(weights, i, step, from)
		case f.Area == CoverOrLines:
			x := min(max((float64(i)+0.5)*step-0.5, 0), float64(from-1))
			at, n = between(weights, int(x), x-math.Floor(x), from)
		case f.Area == Cut:
			left := int(float64(i) * step)
			part := max(float64(i+1)-float64(left+1)/step, 0)
			at, n = between(weights, left, part-math.Floor(part), from)
		case f.Area == Whole:
			at, n = whole(weights, i, from, to)
		case f.Edge:
			at, n = f.sample(weights, (float64(i)+0.5)*step-0.5, from)
		default:
			at, n = f.convolve(weights, f.center(i, from, to), step, from)
		}
		each(i, at, weights[:n])
	}
}

// center returns the center of element i, counted in those that it is made of.
func (f *Filter) center(i, from, to int) float64 {
	if f.Single { // as TensorFlow divides
		return float64((float32(i) + 0.5) * (1 / (float32(to) / float32(from))))
	}
	return (float64(i) + 0.5) * (float64(from) / float64(to))
}

// between sets the weights of the neighbor numbered left, and of a part of the next.
func between(weights []float64, left int, part float64, from int) (at, n int) {
	if left = min(left, from-1); left == from-1 || part == 0 {
		weights[0] = 1
		return left, 1
	}
	weights[0], weights[1] = 1-part, part
	return left, 2
}

// cover sets the weights of the neighbors that element i covers.
func cover(weights []float64, i int, step float64, from int) (at, n int) {
	a, b := float64(i)*step, float64(i+1)*step
	for p := int(a); p < from && float64(p) < b && n < len(weights); p++ {
		if part := min(b, float64(p+1)) - max(a, float64(p)); part > 1e-9 {
			if n == 0 {
				at = p
			}
			weights[n] = part / (b - a)
			n++
		}
	}
	return at, n
}

// whole sets the weights of the neighbors that element i touches.
func whole(weights []float64, i, from, to int) (at, n int) {
	at = i * from / to
	n = ((i+1)*from+to-1)/to - at
	for k := range n {
		weights[k] = 1 / float64(n)
	}
	return at, n
}

// convolve sets the weights of the neighbors around center by a kernel as wide as step says,
// if it spreads.
func (f *Filter) convolve(weights []float64, center, step float64, from int) (at, n int) {
	scale := 1.0
	if f.Spread {
		scale = max(step, 1)
	}
	at = max(int(center-f.Radius*scale+0.5), 0)
	n = min(int(center+f.Radius*scale+0.5), from) - at
	sum := 0.0
	for k := range n {
		weights[k] = f.Kernel((float64(at+k) - center + 0.5) / scale)
		sum += weights[k]
	}
	for k := range n {
		weights[k] /= sum
	}
	return at, n
}

// sample sets the weights of 2·Radius neighbors around x, those at the ends standing for those
// beyond.
func (f *Filter) sample(weights []float64, x float64, from int) (at, n int) {
	radius := int(f.Radius)
	begin := int(math.Floor(x)) - radius + 1
	at = min(max(begin, 0), from-1)
	n = min(max(begin+2*radius-1, 0), from-1) - at + 1
	clear(weights[:n])
	sum := 0.0
	for p := begin; p < begin+2*radius; p++ {
		sum += f.Kernel(float64(p) - x)
	}
	for p := begin; p < begin+2*radius; p++ {
		weights[min(max(p, 0), from-1)-at] += f.Kernel(float64(p)-x) / sum
	}
	return at, n
}
