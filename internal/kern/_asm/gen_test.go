// Package asm holds the generators of the assembly in package kern, one
// directory per family of kernels. In the directory of family f,
//
//	go run . -out ../../f_amd64.s -stubs ../../f_stub_amd64.go -pkg kern
//
// writes its files: the assembly, its declarations, and, for all families but matmul, the
// functions that choose an implementation (f_dispatch_amd64.go, f_noasm.go); and the same
// for arm64. After it,
//
//	go run .
//
// in count brings the tables of docs/kernels.md up to date.
package asm

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestGenerated runs every generator in a scratch directory and compares what it
// writes with the committed files, byte for byte.
func TestGenerated(t *testing.T) {
	mains, err := filepath.Glob("*/main.go")
	if err != nil || len(mains) == 0 {
		t.Fatalf("no generators: %v", err)
	}
	for _, m := range mains {
		family := filepath.Dir(m)
		t.Run(family, func(t *testing.T) {
			t.Parallel()
			kern := t.TempDir()
			dir := filepath.Join(kern, "_asm", family)
			if err := os.MkdirAll(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			bin := filepath.Join(kern, "gen")
			if out, err := exec.Command("go", "build", "-o", bin, "./"+family).CombinedOutput(); err != nil {
				t.Fatalf("building: %v\n%s", err, out)
			}
			gen := exec.Command(bin, "-out", "../../"+family+"_amd64.s", "-stubs", "../../"+family+"_stub_amd64.go", "-pkg", "kern")
			gen.Dir = dir
			if out, err := gen.CombinedOutput(); err != nil {
				t.Fatalf("running: %v\n%s", err, out)
			}
			files, err := filepath.Glob(filepath.Join(kern, family+"_*"))
			if err != nil || len(files) < 2 {
				t.Fatalf("it writes %v (%v)", files, err)
			}
			for _, f := range files {
				want, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				got, err := os.ReadFile(filepath.Join("..", filepath.Base(f)))
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%s differs from what %s writes: edit the generator and run it again", filepath.Base(f), m)
				}
			}
		})
	}
}
