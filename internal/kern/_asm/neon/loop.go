package neon

import "fmt"

// Loop writes body again and again while step or more of n are left; each time it takes
// step from n.
func (f *Func) Loop(label string, n GP, step int, body func()) {
	f.Plain("SUBS $%d, %v, %v", step, n, n)
	f.Branch("BLT", label+"_end")
	f.Label(label)
	body()
	f.Plain("SUBS $%d, %v, %v", step, n, n)
	f.Branch("BGE", label)
	f.Label(label + "_end")
	f.Plain("ADD $%d, %v, %v", step, n, n)
}

// Pass goes over n elements: vectors at a time, then a vector, then an element, which is
// lane 0 of a vector. Body writes the work on so many vectors; the pointers move on by it.
func (f *Func) Pass(n GP, vectors int, pointers []GP, body func(vectors int, one bool)) {
	part := func(label string, vectors int, one bool) {
		step := 4 * vectors
		if one {
			step = 1
		}
		f.Loop(label, n, step, func() {
			body(vectors, one)
			for _, p := range pointers {
				f.Plain("ADD $%d, %v, %v", 4*step, p, p)
			}
		})
	}
	if vectors > 1 {
		part("unrolled", vectors, false)
	}
	part("single", 1, false)
	part("rest", 1, true)
}

// Row takes n elements in blocks of so many vectors. Whole writes the work on vector i of
// a block; part on the last elements, fewer than four. Labels begin with name.
func (f *Func) Row(name string, n GP, vectors int, whole func(i int), part func(label string, i int)) {
	f.Loop(name+"_block", n, 4*vectors, func() {
		for i := range vectors {
			whole(i)
		}
	})
	label := func(i int) string { return fmt.Sprintf("%s_part%d", name, i) }
	for i := range vectors {
		f.Plain("SUBS $4, %v, %v", n, n)
		f.Branch("BLT", label(i))
		whole(i)
	}
	f.Jump(name + "_all")
	for i := range vectors {
		f.Label(label(i))
		f.Plain("ADDS $4, %v, %v", n, n)
		f.Branch("BEQ", name+"_all")
		f.Scope(func() { part(label(i), i) })
		f.Jump(name + "_all")
	}
	f.Label(name + "_all")
}

// Lanes calls each for as many lanes as n says, fewer than four and one at least.
func (f *Func) Lanes(label string, n GP, each func(lane int)) {
	for lane := range 3 {
		if lane > 0 {
			f.Plain("CMP $%d, %v", lane, n)
			f.Branch("BEQ", label)
		}
		each(lane)
	}
	f.Label(label)
}
