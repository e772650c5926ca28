package safetensors

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

// weights are 64 MB in 16 tensors.
func weights() []Entry {
	var all []Entry
	for i := range 16 {
		all = append(all, Entry{fmt.Sprintf("dense_%d/kernel", i), tensor.New(tensor.Float32, 1024, 1024)})
	}
	return all
}

func BenchmarkLoad(b *testing.B) {
	path := filepath.Join(b.TempDir(), "file")
	file := encode(b, nil, weights()...)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		b.Fatal(err)
	}
	run := func(name string, load func() error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				if err := load(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	into := weights()
	run("Plain", func() error {
		_, err := os.ReadFile(path)
		return err
	})
	run("Open", func() error {
		f, err := Open(path)
		if err != nil {
			return err
		}
		return f.Close()
	})
	run("Tensor", func() error {
		f, err := Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		for _, name := range f.Names() {
			if _, err := f.Tensor(name); err != nil {
				return err
			}
		}
		return nil
	})
	run("ReadInto", func() error {
		f, err := Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		for _, e := range into {
			if err := f.ReadInto(e.Name, held(e)); err != nil {
				return err
			}
		}
		return nil
	})
	run("ReaderAt", func() error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		s, err := New(f, int64(len(file)))
		if err != nil {
			return err
		}
		for _, name := range s.Names() {
			if _, err := s.Tensor(name); err != nil {
				return err
			}
		}
		return nil
	})
}

func BenchmarkSave(b *testing.B) {
	path := filepath.Join(b.TempDir(), "file")
	all := weights()
	file := encode(b, nil, all...)
	b.Run("Plain", func(b *testing.B) {
		b.SetBytes(int64(len(file)))
		b.ReportAllocs()
		for b.Loop() {
			if err := os.WriteFile(path, file, 0o600); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Write", func(b *testing.B) {
		b.SetBytes(int64(len(file)))
		b.ReportAllocs()
		for b.Loop() {
			f, err := os.Create(path)
			if err != nil {
				b.Fatal(err)
			}
			if err := Write(f, all, nil); err != nil {
				b.Fatal(err)
			}
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkHeader opens a file of 1000 small tensors.
func BenchmarkHeader(b *testing.B) {
	var all []Entry
	for i := range 1000 {
		all = append(all, Entry{fmt.Sprintf("block_%d/dense/kernel", i), tensor.New(tensor.Float32, 2, 2)})
	}
	file := encode(b, nil, all...)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New(bytes.NewReader(file), int64(len(file))); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWiden reads floats of 8 and 4 bits.
func BenchmarkWiden(b *testing.B) {
	for _, name := range []string{"F8_E4M3", "F4"} {
		b.Run(name, func(b *testing.B) {
			const n = 1 << 20
			size := n * dtypeNamed(name).bits / 8
			file := append(join("{"+tensorJSON("x", name, fmt.Sprintf("[%d]", n), 0, size)+"}"), make([]byte, size)...)
			f := decode(b, file)
			x := tensor.New(tensor.Float32, n)
			b.SetBytes(int64(4 * n))
			b.ReportAllocs()
			for b.Loop() {
				if err := f.ReadInto("x", x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
