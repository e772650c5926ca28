package isa

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	text     = regexp.MustCompile(`^TEXT ·(\w+)\(SB\)`)
	requires = regexp.MustCompile(`^// Requires: (.*)$`)
	beyond   = regexp.MustCompile(`\b([XY](1[6-9]|2\d|3[01])|Z\d+|K[0-7])\b`)
)

// Functions for AVX2 use what a processor with AVX2, FMA and F16C has, and no more:
// a machine with AVX-512, where the tests mostly run, would not notice.
func TestAVX2Only(t *testing.T) {
	files, err := filepath.Glob("../../*_amd64.s")
	if err != nil || len(files) == 0 {
		t.Fatalf("no assembly: %v", err)
	}
	found := 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		features, name := "", ""
		for _, line := range strings.Split(string(src), "\n") {
			if m := requires.FindStringSubmatch(line); m != nil {
				features = m[1]
			}
			if m := text.FindStringSubmatch(line); m != nil {
				name = ""
				if strings.Contains(m[1], "AVX2") {
					name = m[1]
					found++
					for _, f := range strings.Split(features, ", ") {
						switch f {
						case "AVX", "AVX2", "FMA3", "F16C", "SSE", "SSE2", "CMOV", "MMX+", "": // MMX+: prefetching
						default:
							t.Errorf("%s: %s requires %s", file, name, f)
						}
					}
				}
				features = ""
			}
			if name != "" && beyond.MatchString(line) {
				t.Errorf("%s: %s uses a register of AVX-512: %s", file, name, line)
			}
		}
	}
	if found < 10 {
		t.Errorf("found %d functions for AVX2 only", found)
	}
}
