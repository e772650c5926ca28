// Package asm holds the generators of the assembly in package kern, one
// directory per family of kernels. In the directory of family f,
//
//	go run main.go -out ../../f_amd64.s -stubs ../../f_stub_amd64.go -pkg kern
//
// writes its two files.
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
			files := []string{family + "_amd64.s", family + "_stub_amd64.go"}
			gen := exec.Command(bin, "-out", "../../"+files[0], "-stubs", "../../"+files[1], "-pkg", "kern")
			gen.Dir = dir
			if out, err := gen.CombinedOutput(); err != nil {
				t.Fatalf("running: %v\n%s", err, out)
			}
			for _, f := range files {
				want, err := os.ReadFile(filepath.Join(kern, f))
				if err != nil {
					t.Fatal(err)
				}
				got, err := os.ReadFile(filepath.Join("..", f))
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%s differs from what %s writes: edit the generator and run it again", f, m)
				}
			}
		})
	}
}
