package keras

import (
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/internal/zipfile"
	"github.com/glia-ml/glia/nn"
)

// A vocabulary that a layer learned is a file of lines in the archive, by the place of the layer:
//
//	assets/layers/text_vectorization/vocabulary.txt
//
// One that was given is in the layer's config, where glia writes both.
const (
	assetsFolder   = "assets/"
	vocabularyFile = "vocabulary.txt"
)

// vocabularyClass is the class of layers that have such a file.
const vocabularyClass = "TextVectorization"

// readAssets reads the vocabularies of an archive.
func (f *File) readAssets(members map[string]*zipfile.File, size int64) error {
	room := LimitsOf(size).Config
	for name, m := range members {
		at, inside := strings.CutPrefix(name, assetsFolder)
		group, base := path.Split(at)
		if group = strings.TrimSuffix(group, "/"); !inside || base != vocabularyFile || strings.HasSuffix(group, "/_lookup_layer") {
			continue
		}
		b, err := m.ReadAll(room)
		if err != nil {
			return err
		}
		room -= min(room, int64(len(b)))
		if f.Object.assets == nil {
			f.Object.assets = map[string][]byte{}
		}
		f.Object.assets[group] = b
	}
	return nil
}

// setVocabularies gives layers without a vocabulary in their config that of their file.
func setVocabularies(t *tree) error { return t.model.setVocabularies(t.model.assets, "") }

func (p *part) setVocabularies(assets map[string][]byte, group string) error {
	if len(assets) == 0 || p.kind != chain && p.kind != functional {
		return nil
	}
	count := map[string]int{}
	for _, x := range p.parts {
		slot := nn.SnakeCase(x.Class)
		if n := count[slot]; n > 0 {
			count[slot]++
			slot += "_" + strconv.Itoa(n)
		} else {
			count[slot]++
		}
		at := path.Join(group, "layers", slot)
		if err := x.setVocabularies(assets, at); err != nil {
			return err
		}
		b, ok := assets[at]
		if v := x.settings()["vocabulary"]; !ok || !x.own() || x.Class != vocabularyClass || len(v) > 0 && !vocab.Unset(v) {
			continue
		}
		if !utf8.Valid(b) {
			return fmt.Errorf("keras: %s: %s is not UTF-8", x.where, path.Join(assetsFolder, at, vocabularyFile))
		}
		text := string(b)
		if n := strings.Count(text, "\r\n"); n > 0 && n == strings.Count(text, "\n") { // written on Windows
			text = strings.ReplaceAll(text, "\r\n", "\n")
		}
		lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
		list, err := json.Marshal(lines)
		if err != nil {
			return err
		}
		s := rewriting{of: x.settings()}
		s.set("vocabulary", list)
		if mode := string(x.settings()["output_mode"]); mode == `"tf_idf"` || mode == `"tf-idf"` { // the weights are among the file's
			s.set("idf_weights", json.RawMessage("["+strings.TrimSuffix(strings.Repeat("1,", len(lines)), ",")+"]"))
		}
		x.Config = s.config(x.Config)
		x.members = nil
	}
	return nil
}
