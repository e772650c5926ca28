package neon

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/types"
	"slices"
	"strings"
)

// Param is a parameter of a function: its name and its type in Go.
type Param struct{ Name, Type string }

func (p Param) size() int {
	switch {
	case strings.HasPrefix(p.Type, "[]"):
		return 24
	case p.Type == "float32" || p.Type == "uint32" || p.Type == "int32":
		return 4
	}
	return 8
}

// offset returns where a parameter lies in the frame.
func (f *Func) offset(name string) int {
	at := 0
	for _, p := range f.Params {
		align := min(p.size(), 8)
		at = (at + align - 1) &^ (align - 1)
		if p.Name == name {
			return at
		}
		at += p.size()
	}
	panic(f.Name + ": no parameter " + name)
}

func (f *Func) argsSize() int {
	if f.Result != "" {
		return f.result() + 8
	}
	return f.end()
}

// end returns where the parameters end.
func (f *Func) end() int {
	last := f.Params[len(f.Params)-1]
	return f.offset(last.Name) + last.size()
}

func (f *Func) result() int { return (f.end() + 7) &^ 7 }

// Return writes the result, an int, and returns.
func (f *Func) Return(r GP) {
	f.Plain("MOVD %v, ret+%d(FP)", r, f.result())
	f.Ret()
}

// Arg returns a general register with a parameter, or the part of a slice: its base or
// its length.
func (f *Func) Arg(name, part string) GP {
	r, at := f.GP(), f.offset(name)
	switch part {
	case "base":
		name += "_base"
	case "len":
		name, at = name+"_len", at+8
	}
	f.Plain("MOVD %s+%d(FP), %v", name, at, r)
	return r
}

// Broadcast returns a register with a float32 parameter in every lane.
func (f *Func) Broadcast(name string) Reg {
	d, at := f.New(), f.offset(name)
	f.add(instruction{def: []Reg{d}, print: func(in func(Reg) int) string {
		return fmt.Sprintf("FMOVS %s+%d(FP), F%d", name, at, in(d))
	}})
	all := f.New()
	f.Op2(Dup, all, d)
	return all
}

// A File is assembly being written.
type File struct {
	asm, stubs strings.Builder
	words      [][4]uint32 // constants
}

// constants is the symbol of the constants.
const constants = "words<>"

// Word returns where the file has a word four times.
func (f *File) Word(w uint32) int { return f.Words(w, w, w, w) }

// Words returns where the file has four words.
func (f *File) Words(w ...uint32) int { return f.vector([4]uint32(w)) }

func (f *File) vector(w [4]uint32) int {
	i := slices.Index(f.words, w)
	if i < 0 {
		i = len(f.words)
		f.words = append(f.words, w)
	}
	return 16 * i
}

// Func adds a function of a signature, func(a, b []float32, s float32). Write is called
// with fewer and fewer constants that it may keep in registers, until all fits.
func (f *File) Func(name, sig, doc string, write func(g *Func, keep int)) {
	for keep := 16; keep >= 0; keep-- {
		g := &Func{Name: name, Doc: doc}
		g.Params, g.Result = signature(sig)
		write(g, keep)
		text, ok := g.text()
		if !ok {
			continue
		}
		f.asm.WriteString(text)
		fmt.Fprintf(&f.stubs, "\n// %s %s\n//\n//go:noescape\n%s\n", name, doc, g.head())
		return
	}
	panic(name + ": the registers do not suffice")
}

// head returns the declaration in Go.
func (f *Func) head() string {
	var all []string
	for _, p := range f.Params {
		all = append(all, p.Name+" "+p.Type)
	}
	return strings.TrimSpace("func " + f.Name + "(" + strings.Join(all, ", ") + ") " + f.Result)
}

// signature returns the parameters of a type of functions, and the type of the result.
func signature(sig string) (all []Param, result string) {
	e, err := parser.ParseExpr(sig)
	if err != nil {
		panic(sig + ": " + err.Error())
	}
	f := e.(*ast.FuncType)
	for _, field := range f.Params.List {
		for _, n := range field.Names {
			all = append(all, Param{n.Name, types.ExprString(field.Type)})
		}
	}
	if f.Results != nil {
		result = types.ExprString(f.Results.List[0].Type)
	}
	return all, result
}

// Assembly returns the text of the file after its head.
func (f *File) Assembly() string {
	var b strings.Builder
	for i, w := range f.words {
		for half := range 2 {
			fmt.Fprintf(&b, "DATA %s+%d(SB)/8, $0x%08x%08x\n", constants, 16*i+8*half, w[2*half+1], w[2*half])
		}
	}
	if len(f.words) > 0 {
		fmt.Fprintf(&b, "GLOBL %s(SB), RODATA|NOPTR, $%d\n", constants, 16*len(f.words))
	}
	return b.String() + f.asm.String()
}

// Stubs returns the declarations in Go.
func (f *File) Stubs() string { return f.stubs.String() }
