// Package main counts the instructions of the kernels' inner loops in the listings that the
// generators write.
package main

import (
	"regexp"
	"strconv"
	"strings"
)

// A loop is the instructions of an inner loop, counted.
type loop struct {
	label    string
	elements int // a turn
	fma      int // vector multiply-adds, and products of pairs or fours of integers
	slow     int // divisions and roots
	vector   int // all vector instructions between registers
	loads    int
	stores   int
	total    int
}

// per returns instructions an element.
func (l loop) per() float64 { return float64(l.total) / float64(l.elements) }

// A function is a TEXT of a listing.
type function struct {
	name string
	code []string // instructions, and labels, which end in a colon
}

// functions takes a listing apart.
func functions(listing string) (all []function) {
	for line := range strings.Lines(listing) {
		line, comment, _ := strings.Cut(strings.TrimSpace(line), " // ")
		if text, ok := strings.CutPrefix(line, "TEXT ·"); ok {
			name, _, _ := strings.Cut(text, "(")
			all = append(all, function{name: name})
			continue
		}
		if line == "" || strings.HasPrefix(line, "//") || len(all) == 0 {
			continue
		}
		if strings.HasPrefix(line, "WORD $0x") { // the name beside it is what it is
			line = "WORD " + comment
		}
		f := &all[len(all)-1]
		f.code = append(f.code, line)
	}
	return all
}

// loops returns the loops of f that hold no other: from a label to a jump back to it.
func (f function) loops(arm bool) (all []loop) {
	at := map[string]int{}
	for i, line := range f.code {
		if label, ok := strings.CutSuffix(line, ":"); ok {
			at[label] = i
			continue
		}
		fields := strings.Fields(line)
		from, back := at[fields[len(fields)-1]]
		if !back || !isJump(fields[0]) {
			continue
		}
		body := f.code[from+1 : i+1]
		inner := true
		for _, l := range body[:len(body)-1] {
			if label, ok := strings.CutSuffix(l, ":"); ok && f.jumpsBack(label) {
				inner = false
			}
		}
		if inner {
			all = append(all, count(strings.TrimSuffix(f.code[from], ":"), body, arm))
		}
	}
	return all
}

// jumpsBack reports whether something behind a label jumps to it.
func (f function) jumpsBack(label string) bool {
	behind := false
	for _, line := range f.code {
		behind = behind || line == label+":"
		if fields := strings.Fields(line); behind && len(fields) > 1 && fields[len(fields)-1] == label && isJump(fields[0]) {
			return true
		}
	}
	return false
}

func isJump(op string) bool {
	return strings.HasPrefix(op, "J") || strings.HasPrefix(op, "B") && len(op) <= 3 && op != "BIC" || strings.HasPrefix(op, "CB")
}

// tile returns the loop of f with most multiply-adds, or none.
func (f function) tile(arm bool) (best loop) {
	for _, l := range f.loops(arm) {
		if l.fma > best.fma {
			best = l
		}
	}
	return best
}

// inner returns the loop of f that does most elements a turn, the shortest of these, or none.
func (f function) inner(arm bool) (best loop) {
	for _, l := range f.loops(arm) {
		if l.elements > best.elements || l.elements == best.elements && l.total < best.total {
			best = l
		}
	}
	return best
}

var (
	immediate = regexp.MustCompile(`^(?:SUBS|ADDQ|SUBQ) +\$([+-]?(?:0x[0-9a-f]+|[0-9]+)),`)
	memory    = regexp.MustCompile(`\((?:[A-Z]+[0-9]*|SB)\)`)
)

// count counts the instructions of a body. The elements a turn are what the counter moves
// by; where it counts something else, as rows, those that are stored or, without stores,
// loaded.
func count(label string, body []string, arm bool) loop {
	l := loop{label: label}
	step, moved := 0, 0
	for _, line := range body {
		if strings.HasSuffix(line, ":") {
			continue
		}
		l.total++
		op, operands, _ := strings.Cut(line, " ")
		op = strings.TrimSuffix(op, ".P")
		if m := immediate.FindStringSubmatch(line); m != nil {
			if n, err := strconv.ParseInt(m[1], 0, 64); err == nil {
				step = int(max(n, -n))
			}
		}
		if op == "DECQ" {
			step = 1
		}
		if strings.Contains(line, "shll2.4s") || strings.Contains(line, "fcvtl2.4s") {
			moved += 4 // of a register of halves, the upper ones
		}
		if arm {
			moved += l.addARM(op, operands)
		} else {
			moved += l.addAMD(op, operands)
		}
	}
	l.elements = step
	if step <= 1 {
		l.elements = max(1, moved)
	}
	return l
}

// addARM counts an instruction, and returns how many elements of float32 it moves.
func (l *loop) addARM(op, operands string) int {
	name := op
	if op == "WORD" {
		name, _, _ = strings.Cut(operands, " ")
	}
	switch {
	case op == "FMOVQ" || op == "FMOVD" || op == "FMOVS":
		if memory.MatchString(strings.SplitN(operands, ",", 2)[0]) {
			l.loads++
			if strings.Contains(operands, "(R15)") { // constants
				return 0
			}
			return map[string]int{"FMOVQ": 4, "FMOVD": 4}[op]
		}
		l.stores++
	case op == "WORD" || op[0] == 'V' || strings.HasPrefix(op, "FMOV"):
		l.vector++
	}
	switch {
	case strings.HasPrefix(name, "fmla"), strings.HasPrefix(name, "fmls"), name == "sdot", name == "smmla":
		l.fma++
	case name == "fdiv" || name == "fsqrt":
		l.slow++
	}
	return 0
}

// addAMD is addARM. An instruction may load what it works on.
func (l *loop) addAMD(op, operands string) int {
	if op[0] != 'V' {
		return 0
	}
	all := strings.Split(operands, ", ")
	moves := strings.HasPrefix(op, "VMOV") || strings.HasPrefix(op, "VMASKMOV") || strings.HasPrefix(op, "VBROADCAST")
	n := 0
	switch last := len(all) - 1; {
	case memory.MatchString(all[last]):
		l.stores++
		if !moves {
			l.vector++
		}
	default:
		if memory.MatchString(operands) {
			l.loads++
			if !strings.Contains(operands, "(SB)") {
				n = 8
			}
		}
		if !moves || !memory.MatchString(operands) {
			l.vector++
		}
	}
	switch {
	case strings.HasPrefix(op, "VFMADD"), strings.HasPrefix(op, "VFNMADD"), op == "VPMADDWD":
		l.fma++
	case strings.HasPrefix(op, "VDIV"), strings.HasPrefix(op, "VSQRT"):
		l.slow++
	}
	return n
}
