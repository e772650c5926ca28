package main

import (
	"os"
	"testing"
)

// TestDocument fails if the tables are not those that the listings make.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	want, err := update(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != want {
		t.Error("docs/kernels.md is stale: run go run . here")
	}
}

func TestCount(t *testing.T) {
	const arm = `
TEXT ·add(SB), NOSPLIT, $0-24
	MOVD x+0(FP), R0
by8:
	FMOVQ 0(R0), F0
	FMOVQ 16(R0), F1
	WORD $0x4e20cc00 // fmla v0, v0, v1
	WORD $0x6e20fc00 // fdiv v0, v0, v1
	FMOVQ F0, 0(R0)
	ADD $32, R0, R0
	SUBS $8, R1, R1
	BGE by8
	RET
`
	const amd = `
TEXT ·add(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), AX
rows:
loop:
	VMOVUPS (AX)(CX*4), Y0
	VFMADD213PS 32(AX)(CX*4), Y0, Y0
	VADDPS consts<>+32(SB), Y0, Y0
	VMOVUPS Y0, (AX)(CX*4)
	ADDQ $+16, CX
	CMPQ CX, DX
	JLE loop
	JMP rows
`
	for _, tt := range []struct {
		listing string
		arm     bool
		want    loop
	}{
		{arm, true, loop{label: "by8", elements: 8, fma: 1, slow: 1, vector: 2, loads: 2, stores: 1, total: 8}},
		{amd, false, loop{label: "loop", elements: 16, fma: 1, vector: 2, loads: 3, stores: 1, total: 7}},
	} {
		all := functions(tt.listing)
		if len(all) != 1 {
			t.Fatalf("%d functions, want 1", len(all))
		}
		if got := all[0].inner(tt.arm); got != tt.want {
			t.Errorf("got %+v, want %+v", got, tt.want)
		}
	}
}
