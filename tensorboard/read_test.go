package tensorboard_test

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// event is what a test wants to know of one.
type event struct {
	time        float64
	step        int64
	version     string
	graph       []string // nodes
	tag, plugin string
	class       int64
	tensor      tensorProto
}

type tensorProto struct {
	kind    int64
	shape   []int
	floats  []float32
	doubles []float64
	strings []string
}

func (e event) String() string {
	s := fmt.Sprintf("%s %s class %d step %d: type %d shape %v", e.tag, e.plugin, e.class, e.step, e.tensor.kind, e.tensor.shape)
	switch e.tensor.kind {
	case 1:
		return fmt.Sprintf("%s floats %v", s, e.tensor.floats)
	case 2:
		return fmt.Sprintf("%s doubles %v", s, e.tensor.doubles)
	}
	return fmt.Sprintf("%s strings %v", s, e.tensor.strings)
}

// readRun reads the event files of a directory.
func readRun(t testing.TB, dir string) (all []event) {
	files, err := filepath.Glob(filepath.Join(dir, "*.tfevents.*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no event files (%v)", dir, err)
	}
	for _, f := range files {
		all = append(all, readEvents(t, f)...)
	}
	return all
}

// readEvents reads a file record by record and checks the checksums.
func readEvents(t testing.TB, file string) (all []event) {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	check := func(data, sum []byte) {
		c := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
		if c = (c>>15 | c<<17) + 0xa282ead8; c != binary.LittleEndian.Uint32(sum) {
			t.Fatalf("%s: checksum %x, want %x", file, sum, c)
		}
	}
	for len(b) > 0 {
		n := binary.LittleEndian.Uint64(b)
		check(b[:8], b[8:12])
		check(b[12:12+n], b[12+n:16+n])
		all = append(all, eventOf(t, b[12:12+n]))
		b = b[16+n:]
	}
	return all
}

// fields calls f for every field of a message: v is its bytes or its number.
func fields(t testing.TB, b []byte, f func(field int, v []byte, n uint64)) {
	for len(b) > 0 {
		key, k := binary.Uvarint(b)
		b = b[k:]
		n, k := uint64(0), 0
		switch key & 7 {
		case 0:
			n, k = binary.Uvarint(b)
			f(int(key>>3), nil, n)
		case 1:
			k = 8
			f(int(key>>3), nil, binary.LittleEndian.Uint64(b))
		case 2:
			n, k = binary.Uvarint(b)
			f(int(key>>3), b[k:k+int(n)], 0)
			k += int(n)
		default:
			t.Fatalf("wire type %d", key&7)
		}
		b = b[k:]
	}
}

func eventOf(t testing.TB, b []byte) (e event) {
	fields(t, b, func(field int, v []byte, n uint64) {
		switch field {
		case 1:
			e.time = math.Float64frombits(n)
		case 2:
			e.step = int64(n)
		case 3:
			e.version = string(v)
		case 4:
			fields(t, v, func(field int, v []byte, n uint64) {
				if field == 1 {
					e.graph = append(e.graph, nodeOf(t, v))
				}
			})
		case 5:
			fields(t, v, func(_ int, v []byte, _ uint64) {
				fields(t, v, func(field int, v []byte, _ uint64) {
					switch field {
					case 1:
						e.tag = string(v)
					case 8:
						e.tensor = tensorOf(t, v)
					case 9:
						fields(t, v, func(field int, v []byte, n uint64) {
							if e.class = int64(n); field == 1 {
								fields(t, v, func(_ int, v []byte, _ uint64) { e.plugin = string(v) })
							}
						})
					}
				})
			})
		}
	})
	return e
}

func shapeOf(t testing.TB, b []byte) (dims []int) {
	fields(t, b, func(_ int, v []byte, _ uint64) {
		size := 0
		fields(t, v, func(_ int, _ []byte, n uint64) { size = int(n) })
		dims = append(dims, size)
	})
	return dims
}

func tensorOf(t testing.TB, b []byte) (x tensorProto) {
	fields(t, b, func(field int, v []byte, n uint64) {
		switch field {
		case 1:
			x.kind = int64(n)
		case 2:
			x.shape = shapeOf(t, v)
		case 4:
			for ; len(v) > 0; v = v[8:] {
				x.doubles = append(x.doubles, math.Float64frombits(binary.LittleEndian.Uint64(v)))
			}
		case 5:
			for ; len(v) > 0; v = v[4:] {
				x.floats = append(x.floats, math.Float32frombits(binary.LittleEndian.Uint32(v)))
			}
		case 8:
			if s := string(v); strings.HasPrefix(s, "\x89PNG") {
				x.strings = append(x.strings, "PNG")
			} else {
				x.strings = append(x.strings, fmt.Sprintf("%q", s))
			}
		}
	})
	return x
}

func nodeOf(t testing.TB, b []byte) string {
	var name, op string
	var in, shapes []string
	fields(t, b, func(field int, v []byte, _ uint64) {
		switch field {
		case 1:
			name = string(v)
		case 2:
			op = string(v)
		case 3:
			in = append(in, string(v))
		case 5:
			fields(t, v, func(field int, v []byte, _ uint64) {
				if field != 2 {
					return
				}
				fields(t, v, func(_ int, v []byte, _ uint64) {
					fields(t, v, func(_ int, v []byte, _ uint64) { shapes = append(shapes, fmt.Sprint(shapeOf(t, v))) })
				})
			})
		}
	})
	return fmt.Sprintln(name, op, in, strings.Join(shapes, ""))
}
