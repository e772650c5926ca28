package words

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"

	"github.com/glia-ml/glia/internal/zipfile"
)

// mostBytes bounds a member of a file.
const mostBytes = 1 << 28

// readFile returns the sets in a .npz: one for training and one for testing, or one of all.
func readFile(path string) ([]*Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	files, err := zipfile.Open(f, info.Size())
	if err != nil {
		return nil, err
	}
	members := map[string]*zipfile.File{}
	for _, f := range files {
		members[f.Name] = f
	}
	names := [][2]string{{"x_train.npy", "y_train.npy"}, {"x_test.npy", "y_test.npy"}}
	if members["x.npy"] != nil {
		names = [][2]string{{"x.npy", "y.npy"}}
	}
	var sets []*Set
	for _, pair := range names {
		s := &Set{}
		for i, name := range pair {
			m := members[name]
			if m == nil {
				return nil, fmt.Errorf("no %s in the archive", name)
			}
			b, err := m.ReadAll(mostBytes)
			if err == nil && i == 0 {
				s.X, err = readLists(b)
			} else if err == nil {
				s.Y, err = readLabels(b)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		if len(s.X) != len(s.Y) {
			return nil, fmt.Errorf("%s has %d texts, %s %d labels: want one for each", pair[0], len(s.X), pair[1], len(s.Y))
		}
		sets = append(sets, s)
	}
	return sets, nil
}

// header is that of an array with one axis.
var header = regexp.MustCompile(`^\{'descr': '([^']*)', 'fortran_order': (?:False|True), 'shape': \((\d{1,9}),\), \} *\n$`)

// array returns the type, length and content of a .npy of one axis.
func array(b []byte) (descr string, n int, content []byte, err error) {
	if len(b) < 10 || string(b[:6]) != "\x93NUMPY" {
		return "", 0, nil, errors.New("no array of NumPy's")
	}
	start := 10 + int(binary.LittleEndian.Uint16(b[8:]))
	if b[6] != 1 || len(b) < start {
		return "", 0, nil, fmt.Errorf("version %d, %d bytes: want version 1 with its header", b[6], len(b))
	}
	m := header.FindSubmatch(b[10:start])
	if m == nil {
		return "", 0, nil, fmt.Errorf("header %.80q: want an array of one axis", b[10:start])
	}
	n, err = strconv.Atoi(string(m[2]))
	return string(m[1]), n, b[start:], err
}

// readLabels reads an array of integers.
func readLabels(b []byte) ([]int64, error) {
	descr, n, content, err := array(b)
	if err != nil {
		return nil, err
	}
	size := map[string]int{"<i8": 8, "<i4": 4}[descr]
	if size == 0 || len(content) != n*size {
		return nil, fmt.Errorf("%d bytes of %q for %d labels: want <i8 or <i4", len(content), descr, n)
	}
	y := make([]int64, n)
	for i := range y {
		if y[i] = int64(int32(binary.LittleEndian.Uint32(content[i*size:]))); size == 8 {
			y[i] = int64(binary.LittleEndian.Uint64(content[i*size:]))
		}
	}
	return y, nil
}

// readLists reads an array of objects, pickled, which are lists of numbers.
func readLists(b []byte) ([][]int32, error) {
	descr, n, content, err := array(b)
	if err != nil {
		return nil, err
	}
	if descr != "|O" {
		return nil, fmt.Errorf("type %q: want |O, lists", descr)
	}
	p := pickle{b: content, memo: map[int]value{}}
	l, err := p.array()
	if err != nil {
		return nil, fmt.Errorf("byte %d of the lists: %w", p.at, err)
	}
	if len(l.lists) != n || len(l.ints) > 0 {
		return nil, fmt.Errorf("%d lists, and %d numbers beside: want %d lists", len(l.lists), len(l.ints), n)
	}
	x, words := make([][]int32, n), 0
	for i, each := range l.lists {
		if len(each.lists) > 0 {
			return nil, fmt.Errorf("list %d holds lists: want numbers", i)
		}
		if words += len(each.ints); words > len(content) { // a list may be named often
			return nil, fmt.Errorf("more than %d numbers in as many bytes: want fewer", len(content))
		}
		x[i] = each.ints
	}
	return x, nil
}

// pickle reads the one form that NumPy pickles an array of lists of numbers in:
//
//	_reconstruct(ndarray, (0,), b"b") with the state (1, (n,), dtype("O"), False, [[...], ...])
//
// It knows the opcodes that this takes, has a value of its own for each object, and runs nothing: another global, or
// another call, is an error.
//
// Source: Python's pickletools; keras.src.datasets.npz_utils lists the globals.
type pickle struct {
	b     []byte
	at    int
	stack []value
	marks []int
	memo  map[int]value
}

// value is one on the stack: what its kind says.
type value struct {
	kind  kind
	n     int64
	s     string
	l     *list
	items []value // of a tuple
}

type kind uint8

const (
	other  kind = iota // None, a truth
	number             // n
	text               // s
	global             // s, "numpy ndarray"
	tuple
	listOf
	dtype // of objects
	empty // an array before it has its state
	whole // an array, its lists in l
)

// list holds numbers or lists.
type list struct {
	ints  []int32
	lists []*list
}

func (l *list) add(v value) error {
	switch {
	case v.kind == number && v.n >= 0 && v.n <= math.MaxInt32/2:
		l.ints = append(l.ints, int32(v.n))
	case v.kind == listOf:
		l.lists = append(l.lists, v.l)
	default:
		return fmt.Errorf("an element that is no list and no number from 0 to %d", math.MaxInt32/2)
	}
	return nil
}

var (
	errEnd   = errors.New("it ends early")
	errStack = errors.New("an opcode without what it takes")
)

// next returns the next n bytes.
func (p *pickle) next(n int) ([]byte, error) {
	if n < 0 || n > len(p.b)-p.at {
		return nil, errEnd
	}
	p.at += n
	return p.b[p.at-n : p.at], nil
}

// uint returns the next number of so many bytes, little-endian.
func (p *pickle) uint(size int) (int, error) {
	b, err := p.next(size)
	n := 0
	for i, c := range b {
		n |= int(c) << (8 * i)
	}
	return n, err
}

// line returns the bytes up to the next line feed.
func (p *pickle) line() (string, error) {
	n := bytes.IndexByte(p.b[p.at:], '\n')
	if n < 0 {
		return "", errEnd
	}
	p.at += n + 1
	return string(p.b[p.at-n-1 : p.at-1]), nil
}

func (p *pickle) push(v value) { p.stack = append(p.stack, v) }

// pop takes n values off the stack, which are good until the next push.
func (p *pickle) pop(n int) ([]value, error) {
	at := len(p.stack) - n
	if at < 0 || len(p.marks) > 0 && at < p.marks[len(p.marks)-1] {
		return nil, errStack
	}
	v := p.stack[at:]
	p.stack = p.stack[:at]
	return v, nil
}

// popMark takes the values behind the last mark off the stack.
func (p *pickle) popMark() ([]value, error) {
	if len(p.marks) == 0 {
		return nil, errStack
	}
	v, err := p.pop(len(p.stack) - p.marks[len(p.marks)-1])
	p.marks = p.marks[:len(p.marks)-1]
	return v, err
}

// top returns the value on top of the stack.
func (p *pickle) top() (*value, error) {
	if len(p.stack) == 0 || len(p.marks) > 0 && len(p.stack) == p.marks[len(p.marks)-1] {
		return nil, errStack
	}
	return &p.stack[len(p.stack)-1], nil
}

// array returns the lists of the array.
func (p *pickle) array() (*list, error) {
	for {
		op, err := p.uint(1)
		if err != nil {
			return nil, err
		}
		if op == '.' {
			v, err := p.pop(1)
			if err != nil || v[0].kind != whole || len(p.stack) > 0 || p.at < len(p.b) {
				return nil, errors.New("want one array, and nothing behind")
			}
			return v[0].l, nil
		}
		if err := p.step(op); err != nil {
			return nil, err
		}
	}
}

// lengths are the bytes of the length before text, or of a number in a memo.
var lengths = map[int]int{'U': 1, 'T': 4, 'X': 4, 0x8c: 1, 'C': 1, 'B': 4, 'q': 1, 'r': 4, 'h': 1, 'j': 4, 'K': 1, 'M': 2, 'J': 4, 0x8a: 1}

// step carries an opcode out.
func (p *pickle) step(op int) error {
	var n int
	var err error
	if size := lengths[op]; size > 0 {
		if n, err = p.uint(size); err != nil {
			return err
		}
	}
	switch op {
	case 0x80: // protocol
		_, err = p.next(1)
	case 0x95: // frame
		_, err = p.next(8)
	case 'N', 0x88, 0x89:
		p.push(value{})
	case 'K', 'M':
		p.push(value{kind: number, n: int64(n)})
	case 'J':
		p.push(value{kind: number, n: int64(int32(n))})
	case 0x8a: // a long number
		b, err := p.next(n)
		if err != nil || n > 4 {
			return fmt.Errorf("a number of %d bytes: want up to 4", n)
		}
		v := int64(0)
		for i, c := range b {
			v |= int64(c) << (8 * i)
		}
		if n > 0 && b[n-1] >= 0x80 {
			v -= 1 << (8 * n)
		}
		p.push(value{kind: number, n: v})
	case 'U', 'T', 'X', 0x8c, 'C', 'B':
		b, err := p.next(n)
		if err != nil {
			return err
		}
		p.push(value{kind: text, s: string(b)})
	case 'c':
		module, err := p.line()
		if err != nil {
			return err
		}
		name, err := p.line()
		if err != nil {
			return err
		}
		return p.global(module, name)
	case 0x93:
		v, err := p.pop(2)
		if err != nil || v[0].kind != text || v[1].kind != text {
			return errStack
		}
		return p.global(v[0].s, v[1].s)
	case '(':
		p.marks = append(p.marks, len(p.stack))
	case 't':
		v, err := p.popMark()
		if err != nil {
			return err
		}
		p.push(value{kind: tuple, items: append([]value(nil), v...)})
	case ')', 0x85, 0x86, 0x87:
		v, err := p.pop(max(0, op-0x84))
		if err != nil {
			return err
		}
		p.push(value{kind: tuple, items: append([]value(nil), v...)})
	case ']':
		p.push(value{kind: listOf, l: &list{}})
	case 'a', 'e':
		var v []value
		if op == 'e' {
			v, err = p.popMark()
		} else {
			v, err = p.pop(1)
		}
		if err != nil {
			return err
		}
		to, err := p.top()
		if err != nil || to.kind != listOf {
			return errStack
		}
		for _, each := range v {
			if err := to.l.add(each); err != nil {
				return err
			}
		}
	case 'q', 'r', 0x94:
		if op == 0x94 {
			n = len(p.memo)
		}
		v, err := p.top()
		if err != nil {
			return err
		}
		p.memo[n] = *v
	case 'h', 'j':
		v, ok := p.memo[n]
		if !ok {
			return errStack
		}
		p.push(v)
	case 'R':
		return p.call()
	case 'b':
		return p.build()
	default:
		return fmt.Errorf("opcode %#x: want those of an array of lists", op)
	}
	return err
}

// global puts one of the three names on the stack that an array takes.
func (p *pickle) global(module, name string) error {
	switch {
	case module == "numpy" && (name == "ndarray" || name == "dtype"), (module == "numpy.core.multiarray" || module == "numpy._core.multiarray") && name == "_reconstruct":
		p.push(value{kind: global, s: name})
		return nil
	}
	return fmt.Errorf("%.40q of %.40q: want numpy's ndarray, dtype and _reconstruct alone", name, module)
}

// call makes an array or a dtype.
func (p *pickle) call() error {
	v, err := p.pop(2)
	if err != nil || v[0].kind != global || v[1].kind != tuple {
		return errStack
	}
	args := v[1].items
	switch {
	case v[0].s == "_reconstruct" && len(args) == 3 && args[0].kind == global && args[0].s == "ndarray":
		p.push(value{kind: empty})
	case v[0].s == "dtype" && len(args) == 3 && args[0].kind == text && (args[0].s == "O8" || args[0].s == "O4" || args[0].s == "O"):
		p.push(value{kind: dtype})
	default:
		return fmt.Errorf("a call of %s with other arguments than an array of objects takes", v[0].s)
	}
	return nil
}

// build gives an array its lists; a dtype of objects needs no state.
func (p *pickle) build() error {
	state, err := p.pop(1)
	if err != nil || state[0].kind != tuple {
		return errStack
	}
	s := state[0].items
	to, err := p.top()
	switch {
	case err != nil:
		return err
	case to.kind == dtype:
		return nil
	case to.kind != empty || len(s) != 5 || s[1].kind != tuple || len(s[1].items) != 1 || s[2].kind != dtype || s[4].kind != listOf:
		return errors.New("a state that is not that of an array of lists with one axis")
	}
	*to = value{kind: whole, l: s[4].l}
	return nil
}
