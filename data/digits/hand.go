package digits

// hand is how one sample is written: the writer, the pen and the paper.
type hand struct {
	shake       float64 // deviation of a control point
	sway        float64 // deviation of the nodes of the bending field
	turn        float64 // tangent of half the angle of rotation
	slant, tilt float64 // shear of x by y, of y by x
	width       float64 // x is stretched by this
	size        float64 // of the longer side in pixels
	shift       point   // off the centre, in pixels
	radius      float64 // of the pen in pixels
	unsteady    float64 // deviation of the pressure, relative to radius
	soft        float64 // pixels over which an edge fades
	blur        float64 // weight of a neighbour
	ink         float64 // brightness: above 1 the middle of a line saturates
	grain       float64 // deviation of the noise on the ink
}

// newHand draws the style of a sample.
func newHand(r *random) hand {
	// Most hands are neat, some are not.
	care := r.uniform(0, 1)
	haste := .55 + float64(care*care)
	return hand{
		shake:    float64(.034 * haste),
		sway:     float64(.108 * haste),
		turn:     r.normal(.08),
		slant:    min(max(r.normal(.28)-.14, -.75), .55),
		tilt:     r.normal(.09),
		width:    max(.55, 1+r.normal(.19)),
		size:     r.uniform(18.5, 20.7),
		shift:    point{r.uniform(-.7, .7), r.uniform(-.7, .7)},
		radius:   min(r.uniform(.75, 1.4)+max(0, r.normal(.4)), 2.1),
		unsteady: r.uniform(.03, .2),
		soft:     r.uniform(.9, 1.5),
		blur:     r.uniform(0, .14),
		ink:      r.uniform(.86, 1.08),
		grain:    r.uniform(0, .08),
	}
}
