package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// evil does on a terminal what a name has no business to do: it sets the title, clears the
// screen, in one character as well, goes back over the line and turns the order of text.
const evil = "\x1b]0;title\a\x1b[2J\u009b31m\r\b\u202e\u2066\x7fA"

// evilJSON is the text of evil in JSON.
const evilJSON = `\u001b]0;title\u0007\u001b[2J\u009b31m\r\b\u202e\u2066\u007fA`

// TestTerminal gives every command files whose names of everything are evil. Neither stream
// may have anything that does not print.
func TestTerminal(t *testing.T) {
	inDir(t)
	_, whole := saved(t, "whole.keras", loss.MeanSquaredError(), nn.Input(4), nn.Dense(2))
	r, err := zip.OpenReader(whole)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	members := map[string][]byte{}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if members[f.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
	}
	model := func(name, config string) {
		fill(t, name, func(w io.Writer) error {
			z := zip.NewWriter(w)
			for _, m := range []struct{ name, text string }{{"config.json", config}, {"model.weights.h5", string(members["model.weights.h5"])}, {"assets/" + evil, ""}} {
				to, err := z.CreateHeader(&zip.FileHeader{Name: m.name})
				if err == nil {
					_, err = io.WriteString(to, m.text)
				}
				if err != nil {
					return err
				}
			}
			return z.Close()
		})
	}
	const input = `{"class_name":"InputLayer","config":{"batch_shape":[null,4]}},`
	chain := func(name, layer string) string {
		return fmt.Sprintf(`{"class_name":"Sequential","config":{"name":"%s","layers":[%s%s]}}`, name, input, layer)
	}
	model("class.keras", chain("s", `{"class_name":"`+evilJSON+`","config":{"name":"x"}}`))
	model("names.keras", chain(evilJSON, `{"class_name":"Dense","config":{"name":"`+evilJSON+`","units":2}}`))
	model("shape.keras", chain(evilJSON, `{"class_name":"Dense","config":{"name":"`+evilJSON+`","units":3}}`))
	model("option.keras", chain("s", `{"class_name":"Dense","config":{"name":"x","units":2,"`+evilJSON+`":1}}`))
	model("activation.keras", chain("s", `{"class_name":"Dense","config":{"name":"x","units":2,"activation":"`+evilJSON+`"}}`))
	model("type.keras", chain("s", `{"class_name":"Dense","config":{"name":"x","units":"`+evilJSON+`"}}`))
	model("root.keras", `{"class_name":"`+evilJSON+`","config":{"layers":[]}}`)
	model("compiled.keras", strings.TrimSuffix(chain("s", `{"class_name":"Dense","config":{"name":"x","units":2}}`), "}")+
		`,"compile_config":{"loss":"`+evilJSON+`","optimizer":"`+evilJSON+`","metrics":["`+evilJSON+`"]}}`)
	fill(t, "x.safetensors", func(w io.Writer) error {
		return safetensors.Write(w, []safetensors.Entry{{Name: evil + "/a", Tensor: tensor.Scalar(1.5)}}, map[string]string{evil: evil})
	})
	fill(t, "x.npz", func(w io.Writer) error {
		a := npy.NewArchiveWriter(w)
		for _, name := range []string{evil, evil + "2"} {
			if err := a.Add(name, tensor.New(tensor.Float32, 4)); err != nil {
				return err
			}
		}
		return a.Close()
	})
	fill(t, "x.csv", func(w io.Writer) error {
		_, err := io.WriteString(w, "1,2,3,4\n1,2,3,"+evil+"\n")
		return err
	})
	fill(t, "classes.txt", func(w io.Writer) error {
		_, err := io.WriteString(w, evil+"\nb\n")
		return err
	})
	lines := [][]string{
		{"predict", whole, "x.csv"}, {"predict", whole, "x.npz"}, {"predict", whole, "x.safetensors"}, {"predict", "names.keras", "x.npz", "--array", evil},
		{"predict", whole, "x.npz", "--array", evil, "--classes", "classes.txt"},
		{"convert", "x.safetensors", "y.npz"}, {"convert", "x.npz", "y.weights.h5"}, {"convert", "x.safetensors", "z.keras", "--model", whole},
		{"convert", "x.npz", "z.keras", "--model", "names.keras"}, {"inspect", "x.safetensors"}, {"inspect", "x.npz"},
		{"inspect", evil}, {evil}, {"inspect", "x.npz", "--" + evil},
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".keras") {
			lines = append(lines, []string{"inspect", e.Name()}, []string{"summary", e.Name()}, []string{"evaluate", e.Name(), "digits"},
				[]string{"convert", e.Name(), "out.safetensors"}, []string{"predict", e.Name(), "x.csv"})
		}
	}
	seen := 0
	for _, args := range lines {
		var stdout, stderr bytes.Buffer
		run(t.Context(), args, &stdout, &stderr)
		for stream, text := range map[string]string{"stdout": stdout.String(), "stderr": stderr.String()} {
			if strings.Contains(text, "title") {
				seen++
			}
			if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' }) {
				t.Errorf("glia %q: %s is %q", args, stream, text)
			}
		}
	}
	if seen < 20 {
		t.Errorf("%d texts have the name, want more: the test does not reach what it is for", seen)
	}
}
