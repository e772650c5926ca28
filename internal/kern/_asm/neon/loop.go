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

// A Pointer is a register that has the address of elements of Size bytes.
type Pointer struct {
	GP
	Size int
}

// Steps goes over n elements: as many at a time as the first of steps says while there are,
// then as the next. Body writes the work on so many; the pointers move on by it.
func (f *Func) Steps(n GP, steps []int, pointers []Pointer, body func(step int)) {
	for _, step := range steps {
		f.Loop(fmt.Sprintf("by%d", step), n, step, func() {
			body(step)
			for _, p := range pointers {
				f.Plain("ADD $%d, %v, %v", step*p.Size, p.GP, p.GP)
			}
		})
	}
}

// Pass goes over n elements of 4 bytes: vectors at a time, then a vector, then an element,
// which is lane 0 of a vector.
func (f *Func) Pass(n GP, vectors int, pointers []GP, body func(vectors int, one bool)) {
	steps := []int{4 * vectors, 4, 1}
	if vectors == 1 {
		steps = steps[1:]
	}
	var all []Pointer
	for _, p := range pointers {
		all = append(all, Pointer{p, 4})
	}
	f.Steps(n, steps, all, func(step int) { body(max(1, step/4), step == 1) })
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

// Tree joins 64 lanes in 16 registers, or 16 in 4, into those of the first: the beginning
// of the tree of kern/reduce.go. Join sets y to y ∘ x.
func Tree[T any](acc []T, join func(x, y T)) {
	if p := 4; len(acc) == 16 {
		for i := range p {
			join(acc[p+i], acc[i])
			join(acc[3*p+i], acc[2*p+i])
			join(acc[2*p+i], acc[i])
		}
	}
	join(acc[2], acc[0])
	join(acc[3], acc[1])
	join(acc[1], acc[0])
}

// NaNUnless returns result, or NaN unless all lanes of number are ones.
func (f *Func) NaNUnless(number, result Reg, file *File) Reg {
	least, all, nan := f.New(), f.New(), f.New()
	f.Op2(MinV, least, number)
	f.Op2(Dup, all, least)
	f.LoadWord(nan, file.Word(0x7fc00000))
	f.Change(BSL, all, result, nan)
	return all
}
