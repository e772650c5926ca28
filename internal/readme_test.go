package internal

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func readme(t *testing.T) string {
	b, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestReadmeLinks wants the files that the README speaks of to exist.
func TestReadmeLinks(t *testing.T) {
	text := regexp.MustCompile("(?s)```.*?```|`[^`]*`").ReplaceAllString(readme(t), "") // no code
	links := regexp.MustCompile(`\]\(([^)]*)\)`).FindAllStringSubmatch(text, -1)
	if len(links) == 0 {
		t.Fatal("found no links")
	}
	for _, l := range links {
		if strings.Contains(l[1], "://") {
			continue
		}
		if _, err := os.Stat(filepath.Join("..", l[1])); err != nil {
			t.Errorf("README.md links to %s: %v", l[1], err)
		}
	}
}

// TestReadmePrograms compiles the programs that the README prints, as if they were packages
// of this module, and does not link them.
func TestReadmePrograms(t *testing.T) {
	programs := regexp.MustCompile("(?s)```go\n(package main\n.*?)```").FindAllStringSubmatch(readme(t), -1)
	if len(programs) == 0 {
		t.Fatal("found no programs")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		dir := t.TempDir()
		file := filepath.Join(dir, "main.go")
		overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, "readme", "main.go"): file}})
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string][]byte{"main.go": []byte(p[1]), "overlay.json": overlay} {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		list := exec.Command("go", "list", "-export", "-overlay", filepath.Join(dir, "overlay.json"), "./readme")
		list.Dir = root
		if out, err := list.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s\n%s", err, out, p[1])
		}
	}
}
