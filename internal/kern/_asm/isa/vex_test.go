package isa

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/mmcloughlin/avo/reg"
)

var ymm = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}

// TestVEX compares encodings with those of llvm-mc 14.0.6 -mattr=+avxvnni.
func TestVEX(t *testing.T) {
	for _, test := range []struct {
		src2, src1, dst VecPhysical
		want            [5]byte
	}{
		{Y0, Y0, Y0, [5]byte{0xc4, 0xe2, 0x7d, 0x50, 0xc0}},
		{Y12, Y14, Y11, [5]byte{0xc4, 0x42, 0x0d, 0x50, 0xdc}},
		{Y13, Y7, Y3, [5]byte{0xc4, 0xc2, 0x45, 0x50, 0xdd}},
		{Y2, Y15, Y9, [5]byte{0xc4, 0x62, 0x05, 0x50, 0xca}},
	} {
		if got := vex(0x50, test.src2, test.src1, test.dst); got != test.want {
			t.Errorf("vpdpbusd of %v, %v, %v: got %x, want %x", test.src2, test.src1, test.dst, got, test.want)
		}
	}
}

// TestVEXDisassembled has binutils read the instruction with all registers.
func TestVEXDisassembled(t *testing.T) {
	objdump, err := exec.LookPath("objdump")
	if err != nil {
		t.Skip(err)
	}
	var code []byte
	var want []string
	for _, src2 := range ymm {
		for _, src1 := range ymm {
			for _, dst := range ymm {
				c := vex(0x50, src2, src1, dst)
				code = append(code, c[:]...)
				want = append(want, fmt.Sprintf("vpdpbusd %%ymm%d,%%ymm%d,%%ymm%d", src2.PhysicalIndex(), src1.PhysicalIndex(), dst.PhysicalIndex()))
			}
		}
	}
	file := filepath.Join(t.TempDir(), "code")
	if err := os.WriteFile(file, code, 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(objdump, "-D", "-b", "binary", "-m", "i386:x86-64", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got []string
	for _, line := range strings.Split(string(out), "\n") {
		if _, text, ok := strings.Cut(line, "{vex} "); ok {
			got = append(got, strings.Join(strings.Fields(text), " "))
		}
	}
	if len(got) != len(want) {
		t.Fatalf("it reads %d instructions of %d:\n%.500s", len(got), len(want), out)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("instruction %d is %s, want %s", i, got[i], want[i])
		}
	}
}
