package main

import (
	"strings"
	"testing"
)

// FuzzTable reads texts as tables: if there is no error, every line that is neither empty
// nor a comment is a sample, but for one of names, which the remark tells of.
func FuzzTable(f *testing.F) {
	for _, text := range []string{
		"1,2\n3,4\n", "a;b\n\n1;2\n", "# note\n1 2\n", "\ufeff\"x, y\"\t\"z\"\r\n1\t2\r\n", ",2\n1,2\n", "1\n\n2\n", "NA\n1\n", "#N/A,1\n", "1e999\n", "\"1\n2\"\n", "\t\t\n", "\v",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		x, remark, err := readTable(strings.NewReader(text), 0)
		if err != nil {
			return
		}
		lines := 0
		for line := range strings.SplitSeq(text, "\n") {
			line = strings.Trim(strings.TrimPrefix(line, "\ufeff"), " \r\n")
			if line != "" && !isComment(line) {
				lines++
			}
		}
		samples := x.Shape().At(0)
		if remark != "" {
			samples++
		}
		if samples != lines || x.Len() != x.Shape().At(0)*x.Shape().At(1) || x.Shape().At(1) == 0 {
			t.Fatalf("%q: %v, remark %q, of %d lines", text, x.Spec(), remark, lines)
		}
	})
}
