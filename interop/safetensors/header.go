package safetensors

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// entry is a tensor of the header; its bytes lie from from to to behind it.
type entry struct {
	name     string
	dt       *dtype
	shape    []int
	from, to int64
}

// maxAxes bounds the memory of a shape; NumPy has no more axes.
const maxAxes = 64

// header holds the parsed JSON: the tensors in the order of their bytes.
type header struct {
	entries  []entry
	index    map[string]int // by name
	metadata map[string]string
}

// parseHeader reads the JSON of a file with size bytes behind it.
func parseHeader(b []byte, size int64) (*header, error) {
	if len(b) == 0 || b[0] != '{' {
		return nil, (&scanner{b: b}).want("'{'")
	}
	if !utf8.Valid(b) {
		return nil, fmt.Errorf("header byte %d: want UTF-8", validPrefix(b))
	}
	h := &header{index: map[string]int{}}
	s := &scanner{b: b}
	if err := s.object(func(key string) error { return h.value(s, key) }); err != nil {
		return nil, err
	}
	if s.peek(); s.i < len(b) {
		return nil, s.want("spaces to the end")
	}
	slices.SortStableFunc(h.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	for i, e := range h.entries {
		h.index[e.name] = i
	}
	return h, h.check(size)
}

// validPrefix returns how many bytes of b are UTF-8.
func validPrefix(b []byte) int {
	n := 0
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		n += size
	}
	return n
}

// value reads the value of a key of the header.
func (h *header) value(s *scanner, key string) error {
	if key == metadataKey {
		if h.metadata != nil {
			return fmt.Errorf("header byte %d: %.200q: got it twice", s.i, key)
		}
		return h.readMetadata(s)
	}
	if _, twice := h.index[key]; twice {
		return fmt.Errorf("header byte %d: tensor %.200q: got it twice", s.i, key)
	}
	e := entry{name: key}
	if err := e.read(s); err != nil {
		return fmt.Errorf("tensor %.200q: %w", key, err)
	}
	h.index[key] = len(h.entries)
	h.entries = append(h.entries, e)
	return nil
}

func (h *header) readMetadata(s *scanner) error {
	h.metadata = map[string]string{}
	return s.object(func(key string) error {
		if len(h.metadata) == mostTexts {
			return fmt.Errorf("header byte %d: %s: got more than %d texts, want fewer", s.i, metadataKey, mostTexts)
		}
		if _, twice := h.metadata[key]; twice {
			return fmt.Errorf("header byte %d: %s %.200q: got it twice", s.i, metadataKey, key)
		}
		text, err := s.text()
		if err != nil {
			return fmt.Errorf("%s %.200q: %w", metadataKey, key, err)
		}
		h.metadata[key] = text
		return nil
	})
}

// infoKeys are the keys of a tensor's entry in the header.
var infoKeys = []string{"dtype", "shape", "data_offsets"}

// read reads the header's entry of one tensor. Unknown keys are skipped, as the format's
// library does.
func (e *entry) read(s *scanner) error {
	var seen [3]bool // of infoKeys
	err := s.object(func(key string) error {
		i := slices.Index(infoKeys, key)
		if i < 0 {
			return s.skip(0)
		}
		if seen[i] {
			return fmt.Errorf("header byte %d: %q: got it twice", s.i, key)
		}
		seen[i] = true
		switch i {
		case 0:
			return e.readDType(s)
		case 1:
			return e.readShape(s)
		}
		return e.readOffsets(s)
	})
	if err != nil {
		return err
	}
	if i := slices.Index(seen[:], false); i >= 0 {
		return fmt.Errorf("header byte %d: got no %q", s.i, infoKeys[i])
	}
	return nil
}

func (e *entry) readDType(s *scanner) error {
	at := s.i
	name, err := s.text()
	if err != nil {
		return err
	}
	if e.dt = dtypeNamed(name); e.dt == nil {
		return fmt.Errorf("header byte %d: got dtype %.32q, want one of %v", at, name, dtypeNames())
	}
	return nil
}

func dtypeNames() []string {
	var names []string
	for _, d := range dtypes {
		names = append(names, d.name)
	}
	return names
}

func (e *entry) readShape(s *scanner) error {
	e.shape = []int{}
	return s.list('[', ']', func() error {
		if len(e.shape) == maxAxes {
			return s.want(fmt.Sprintf("at most %d axes", maxAxes))
		}
		d, err := s.integer()
		if err != nil {
			return err
		}
		if d > math.MaxInt {
			return fmt.Errorf("header byte %d: got an axis of %d, want at most %d", s.i, d, math.MaxInt)
		}
		e.shape = append(e.shape, int(d))
		return nil
	})
}

func (e *entry) readOffsets(s *scanner) error {
	var offsets [2]int64
	n := 0
	err := s.list('[', ']', func() (err error) {
		if n == 2 {
			return s.want("two offsets")
		}
		offsets[n], err = s.integer()
		n++
		return err
	})
	if err == nil && n != 2 {
		err = s.want("two offsets")
	}
	e.from, e.to = offsets[0], offsets[1]
	return err
}

// check makes sure that every byte of the size behind the header belongs to one
// tensor, and as many to each as its shape needs.
func (h *header) check(size int64) error {
	end := int64(0)
	for _, e := range h.entries {
		if e.from != end || e.to < e.from {
			return fmt.Errorf("tensor %.200q: got data_offsets [%d %d], want them to begin at %d, without gap or overlap", e.name, e.from, e.to, end)
		}
		if e.to > size {
			return fmt.Errorf("tensor %.200q: got data_offsets [%d %d], want an end within the %d bytes behind the header", e.name, e.from, e.to, size)
		}
		n, err := e.bytes()
		if err != nil {
			return fmt.Errorf("tensor %.200q: %w", e.name, err)
		}
		if e.to-e.from != n {
			return fmt.Errorf("tensor %.200q: got data_offsets [%d %d], %d bytes, want %d for %s%v", e.name, e.from, e.to, e.to-e.from, n, e.dt.name, e.shape)
		}
		end = e.to
	}
	if end != size {
		return fmt.Errorf("got %d bytes behind the header, want %d, as the tensors take", size, end)
	}
	return nil
}

// bytes returns how many bytes an entry of this type and shape takes.
func (e *entry) bytes() (int64, error) {
	n := uint64(e.dt.bits)
	for _, d := range e.shape {
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > math.MaxInt64 {
			return 0, fmt.Errorf("got shape %v, want less than 2^63 bits of %s", e.shape, e.dt.name)
		}
		n = lo
	}
	if n%8 != 0 {
		return 0, fmt.Errorf("got %s%v, %d bits, want whole bytes", e.dt.name, e.shape, n)
	}
	return int64(n / 8), nil
}
