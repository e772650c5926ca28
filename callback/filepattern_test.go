package callback

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/internal/pytest"
)

func TestFilePattern(t *testing.T) {
	l := glia.Epoch{
		Result:     glia.Result{Loss: 0.25, Metrics: []glia.Metric{{Name: "accuracy", Value: 0.96875}}},
		Validation: &glia.Result{Loss: 0.125, Metrics: []glia.Metric{{Name: "accuracy", Value: 1}}},
	}
	for pattern, want := range map[string]string{ // as Python's str.format prints them
		"model.keras":                       "model.keras",
		"":                                  "",
		"{epoch}":                           "7",
		"{epoch:02d}-{val_loss:.2f}.keras":  "07-0.12.keras",
		"{epoch:03}_{batch:05d}":            "007_00042",
		"{loss} {accuracy} {val_accuracy}":  "0.25 0.96875 1.0",
		"{{{epoch}}}":                       "{7}",
		"{{epoch}}":                         "{epoch}",
		"a/{epoch:>4}/{accuracy:%}":         "a/   7/96.875000%",
		"{loss:.1e}{loss:10.3f}|{loss:<8}|": "2.5e-01     0.250|0.25    |",
		"{epoch:+d} {epoch: d} {epoch:x} {epoch:b}": "+7  7 7 111",
		"{epoch:.2f} {epoch:e}":                     "7.00 7.000000e+00",
		"{epoch:*^7d} {epoch:=+4}":                  "***7*** +  7",
	} {
		p, err := parsePattern(pattern)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
		} else if got := p.format(7, 42, l); got != want {
			t.Errorf("%q: got %q, want %q", pattern, got, want)
		}
	}
}

func TestFilePatternErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"a{epoch":                          "a { without }",
		"a{":                               "a { without }",
		"{epoch{batch}}":                   "a { without }",
		"epoch}.keras":                     "a } without {",
		"{}":                               "{}: want {name}",
		"{:d}":                             "{:d}: want {name}",
		"{epoch!r}":                        "{epoch!r}: want {name}",
		"{a[0]}":                           "want {name}",
		"{loss:d}":                         "loss is no whole number: want one of eEfFgG% in place of d",
		"{epoch:.2d}":                      "epoch is a whole number",
		"{epoch:.2}":                       "epoch is a whole number",
		"{epoch:s}":                        `format "s": got "s"`,
		"{epoch:,}":                        `format ",": got ","`,
		"{loss:.f}":                        "digits behind the point",
		"{epoch:9999999}":                  "want at most 200",
		"{loss:.99999f}":                   "want at most 200",
		"{loss:f2}":                        `got "f2"`,
		"{epoch:99999999999999999999999d}": "want at most 200",
	} {
		if p, err := parsePattern(pattern); err == nil {
			t.Errorf("%q: no error, but %+v", pattern, p)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %q, want %q in it", pattern, err, want)
		}
	}
}

// TestFilePatternIsPythons compares thousands of formats with Python's.
func TestFilePatternIsPythons(t *testing.T) {
	python := pytest.Python(t)
	type question struct {
		Spec  string
		Value string // as Python's float() and int() read it
		Whole bool
	}
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	var ask []question
	for range 4000 {
		q := question{Whole: r.IntN(3) == 0}
		spec := pick("", "", "<", ">", "=", "^", "*<", "é^", "0>", " =") + pick("", "", "+", "-", " ") + pick("", "0") + pick("", "", "1", "7", "12", "30")
		if q.Whole {
			q.Value = fmt.Sprint(r.IntN(100_000) - 500)
			spec += pick("", "", "d", "x", "X", "o", "b", ".3f", "e", "g", ".1%")
		} else {
			v := math.Ldexp(r.Float64()*2-1, r.IntN(140)-70)
			switch r.IntN(12) {
			case 0:
				v = []float64{0, math.Copysign(0, -1), 1, math.NaN(), math.Inf(1), math.Inf(-1), 1e16, 9.5, 123456789, 1e-4, 1e-5}[r.IntN(11)]
			case 1:
				v = math.Round(v)
			}
			q.Value = fmt.Sprint(v)
			spec += pick("", "", ".0", ".1", ".2", ".5", ".17") + pick("", "", "f", "F", "e", "E", "g", "G", "%")
		}
		q.Spec = spec
		ask = append(ask, q)
	}
	text, err := json.Marshal(ask)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", `
import json, sys
print(json.dumps(["{x:%s}".replace("%s", q["Spec"]).format(x=(int if q["Whole"] else float)(q["Value"])) for q in json.load(sys.stdin)]))`)
	cmd.Stdin, cmd.Stderr = strings.NewReader(string(text)), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	bad := 0
	for i, q := range ask {
		f, err := parseSpec(q.Spec)
		var got string
		switch {
		case err != nil:
			got = err.Error()
		case q.Whole:
			var v int
			fmt.Sscan(q.Value, &v)
			got = f.int(v)
		default:
			var v float64
			fmt.Sscan(q.Value, &v)
			got = f.float(v)
		}
		if got != want[i] && bad < 20 {
			bad++
			t.Errorf("%s as %q: got %q, want %q", q.Value, q.Spec, got, want[i])
		}
	}
}
