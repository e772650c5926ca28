package main

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exec runs the program.
func exec(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(args, &out, &errs)
	return status, out.String(), errs.String()
}

const results = `{"dataset": "mnist", "optimizer": "adam", "batch_size": 128, "epochs": [
	{"loss": 2, "metrics": {"accuracy": 0.5}, "val_loss": 4, "val_metrics": {"accuracy": 0.25}},
	{"loss": 1, "metrics": {"accuracy": 0.75}, "val_loss": 3, "val_metrics": {"accuracy": 0.5}}]}`

func write(t *testing.T, name, s string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(s), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDraw(t *testing.T) {
	path := write(t, "adam.json", results)
	base := strings.TrimSuffix(path, ".json")
	for _, c := range []struct {
		args  []string
		files []string
	}{
		{[]string{path}, []string{base + ".png", base + ".svg"}},
		{[]string{path, "--out", base + "2"}, []string{base + "2.png", base + "2.svg"}},
		{[]string{"--out=" + base + "3.svg", path}, []string{base + "3.svg"}},
	} {
		status, out, errs := exec(c.args...)
		if want := strings.Join(c.files, " ") + "\n"; status != 0 || out != want || errs != "" {
			t.Errorf("%q: status %d, stdout %q, stderr %q, want stdout %q", c.args, status, out, errs, want)
			continue
		}
		for _, f := range c.files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Ext(f) == ".svg" && !bytes.Contains(b, []byte(">validation<")) {
				t.Errorf("%s lacks the curve of the validation", f)
			}
			if filepath.Ext(f) == ".png" {
				if _, err := png.Decode(bytes.NewReader(b)); err != nil {
					t.Errorf("%s: %v", f, err)
				}
			}
		}
	}
}

func TestMisuse(t *testing.T) {
	path := write(t, "adam.json", results)
	for _, c := range []struct {
		args   []string
		status int
		stderr string
	}{
		{nil, 2, `^glia-plot: got 0 files of results \[\], want 1\nsee glia-plot --help\n$`},
		{[]string{path, path}, 2, `^glia-plot: got 2 files of results .*, want 1\n`},
		{[]string{""}, 2, `^glia-plot: got 1 files of results \[""\], want 1\n`},
		{[]string{"--width", "3", path}, 2, `^glia-plot: flag provided but not defined: -width\n`},
		{[]string{path, "--out", "x.gif"}, 2, `^glia-plot: file name "x.gif": want one that ends in .png or .svg, or has no ending, for both\n`},
		{[]string{path + "l"}, 1, `^glia-plot: open .*adam.jsonl: no such file`},
		{[]string{write(t, "x.json", `{"dataset": 3}`)}, 1, `^glia-plot: .*x.json: got JSON without trials and epochs, want`},
		{[]string{path, "--out", filepath.Join(path, "x.svg")}, 1, `^glia-plot: .*x.svg`},
	} {
		if status, out, errs := exec(c.args...); status != c.status || out != "" || !regexp.MustCompile(c.stderr).MatchString(errs) {
			t.Errorf("%q: status %d, stdout %q, stderr %q, want status %d and %s", c.args, status, out, errs, c.status, c.stderr)
		}
	}
	if status, out, errs := exec("--help"); status != 0 || !strings.Contains(out, "glia-plot [--out FILE] RESULTS") || !strings.Contains(out, "-out FILE") || errs != "" {
		t.Errorf("--help: status %d, stdout %q, stderr %q", status, out, errs)
	}
}
