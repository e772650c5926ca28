package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

//go:generate go run .

// Where the listings and the document are, from the directory of this file.
const (
	listings = "../.."
	document = "../../../../docs/kernels.md"
)

// families are those of the listings, in the order of the document.
var families = []string{"vec", "half", "reduce", "softmax", "sweep", "convert", "philox"}

// A core is the instruction pipelines of a processor core: how many of each take an
// instruction a cycle, and how many instructions it decodes.
type core struct {
	name                         string
	vector, loads, stores, width float64
	shared                       bool // loads and stores have the same pipelines
	storesVector                 bool // a store of a vector takes a place of the vector pipelines
}

// Sources: LLVM's AArch64SchedNeoverseN1.td and AArch64SchedNeoverseV2.td, made from Arm's
// software optimization guides; WikiChip, Neoverse N1, for its decoder; Dougall Johnson,
// Apple Microarchitecture Research, Firestorm.
var cores = []core{
	{"N1", 2, 2, 2, 4, true, true},
	{"V2", 4, 3, 2, 6, false, true},
	{"M1", 4, 3, 2, 8, false, false},
}

// cycles is the least that a turn of l takes.
func (c core) cycles(l loop) float64 {
	v, moves := float64(l.vector), max(float64(l.loads)/c.loads, float64(l.stores)/c.stores)
	if c.storesVector {
		v += float64(l.stores)
	}
	if c.shared {
		moves = float64(l.loads+l.stores) / c.loads
	}
	return max(v/c.vector, moves, float64(l.total)/c.width)
}

func main() {
	log.SetFlags(0)
	old, err := os.ReadFile(document)
	if err != nil {
		log.Fatal(err)
	}
	text, err := update(string(old))
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(document, []byte(text), 0o666); err != nil {
		log.Fatal(err)
	}
}

// update returns the document with the tables that the listings make.
func update(text string) (string, error) {
	for _, t := range []struct {
		name  string
		table func() (string, error)
	}{{"products", products}, {"kernels", kernels}} {
		begin, end := "<!-- "+t.name+": made by internal/kern/_asm/count -->\n", "<!-- end of "+t.name+" -->"
		i, j := strings.Index(text, begin), strings.Index(text, end)
		if i < 0 || j < i {
			return "", fmt.Errorf("%s has no place for the table of %s", document, t.name)
		}
		table, err := t.table()
		if err != nil {
			return "", err
		}
		text = text[:i+len(begin)] + "\n" + table + "\n" + text[j:]
	}
	return text, nil
}

// listing returns the functions of a family.
func listing(family, arch string) ([]function, error) {
	b, err := os.ReadFile(filepath.Join(listings, family+"_"+arch+".s"))
	return functions(string(b)), err
}

var tileName = regexp.MustCompile(`^(tile(NEON64|NEON|AVX2)(Row|Col)[0-9]+|intTile(NEON|NEONMM|AVX2))$`)

// products is the table of the tiles of most rows.
func products() (string, error) {
	var b strings.Builder
	b.WriteString("| Tile | FMA | Loads | Other | Instructions per FMA | N1 | V2 | M1 |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, arch := range []string{"arm64", "amd64"} {
		all, err := listing("matmul", arch)
		if err != nil {
			return "", err
		}
		for _, f := range all {
			if !tileName.MatchString(f.name) {
				continue
			}
			l := f.tile(arch == "arm64")
			fmt.Fprintf(&b, "| `%s` | %d | %d | %d | %.2f |", f.name, l.fma, l.loads, l.total-l.fma-l.loads+l.folded(arch), float64(l.total)/float64(l.fma))
			for _, c := range cores {
				if arch == "amd64" {
					b.WriteString(" |")
				} else {
					fmt.Fprintf(&b, " %.0f %% |", 100*float64(l.fma)/c.vector/c.cycles(l))
				}
			}
			b.WriteString("\n")
		}
	}
	return b.String(), nil
}

// folded is how many loads are part of other instructions.
func (l loop) folded(arch string) int {
	if arch == "arm64" {
		return 0
	}
	return max(0, l.vector+l.loads+l.stores-l.total)
}

// kernels is the table of all that are not products.
func kernels() (string, error) {
	var b strings.Builder
	b.WriteString("| Kernel | Elements a turn | Vector | of these ÷, √ | Loads | Stores | All | Per element | AVX2 per element | N1 | V2 | M1 |\n")
	b.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, family := range families {
		arm, err := listing(family, "arm64")
		if err != nil {
			return "", err
		}
		amd, err := listing(family, "amd64")
		if err != nil {
			return "", err
		}
		avx2 := map[string]loop{}
		for _, f := range amd {
			if name, ok := strings.CutSuffix(f.name, "AVX2"); ok {
				avx2[name] = f.inner(false)
			}
		}
		for _, f := range arm {
			name, ok := strings.CutSuffix(f.name, "NEON")
			if !ok {
				continue
			}
			l := f.inner(true)
			other := "-"
			if a := avx2[name]; a.total > 0 {
				other = fmt.Sprintf("%.2f", a.per())
			}
			fmt.Fprintf(&b, "| `%s` | %d | %d | %d | %d | %d | %d | %.2f | %s |", name, l.elements, l.vector, l.slow, l.loads, l.stores, l.total, l.per(), other)
			for _, c := range cores {
				fmt.Fprintf(&b, " %.2f |", c.cycles(l)/float64(l.elements))
			}
			b.WriteString("\n")
		}
	}
	return b.String(), nil
}
