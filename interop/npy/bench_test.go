package npy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/glia-ml/glia/tensor"
)

func BenchmarkLoad(b *testing.B) {
	x := tensor.New(tensor.Float32, 4096, 4096) // 64 MB
	dir := b.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			b.Fatal(err)
		}
		return path
	}
	plain := encode(b, x)
	swapped := bytes.Replace(plain, []byte("'<f4'"), []byte("'>f4'"), 1)
	fortran := bytes.Replace(plain, []byte("False"), []byte("True "), 1)
	run := func(name, path string, load func(f *os.File) error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(plain)))
			b.ReportAllocs()
			for b.Loop() {
				f, err := os.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				if err := load(f); err != nil {
					b.Fatal(err)
				}
				f.Close()
			}
		})
	}
	read := func(f *os.File) error {
		_, err := Read(f)
		return err
	}
	path := write("plain", plain)
	run("Plain", path, func(*os.File) error {
		_, err := os.ReadFile(path)
		return err
	})
	run("File", path, read)
	run("Stream", path, func(f *os.File) error {
		_, err := Read(bufio.NewReader(f))
		return err
	})
	run("Swapped", write("swapped", swapped), read)
	run("Fortran", write("fortran", fortran), read)
	run("Archive", write("archive", archive(b, map[string]*tensor.Tensor{"x": x})), func(f *os.File) error {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		a, err := OpenArchive(f, info.Size())
		if err != nil {
			return err
		}
		_, err = a.Tensor("x")
		return err
	})
}

func BenchmarkSave(b *testing.B) {
	x := tensor.New(tensor.Float32, 4096, 4096) // 64 MB
	plain := encode(b, x)
	path := filepath.Join(b.TempDir(), "file")
	run := func(name string, save func(w io.Writer) error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(plain)))
			b.ReportAllocs()
			for b.Loop() {
				f, err := os.Create(path)
				if err != nil {
					b.Fatal(err)
				}
				if err := save(f); err != nil {
					b.Fatal(err)
				}
				if err := f.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("Plain", func(w io.Writer) error {
		_, err := w.Write(plain)
		return err
	})
	run("Write", func(w io.Writer) error { return Write(w, x) })
	for _, opts := range [][]WriteOption{nil, {Deflate}} {
		run(fmt.Sprintf("Archive%v", opts), func(w io.Writer) error {
			a := NewArchiveWriter(w, opts...)
			if err := a.Add("x", x); err != nil {
				return err
			}
			return a.Close()
		})
	}
}
