package keras

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/glia-ml/glia/internal/hdf5"
	"github.com/glia-ml/glia/internal/vocab"
)

// classNamesKey is the name of the class names in metadata.json, and of the attribute that
// holds them in the older form. Keras reads neither.
const classNamesKey = "class_names"

// How many class names a file may have, and how many bytes one has at most, and all of them
// in JSON. ImageNet-21k has 21,841 in 0.4 MB.
const (
	mostClassNames    = 1 << 16
	longestClassName  = 256
	mostClassNameText = 1<<20 - 64<<10
)

// CheckClassNames returns an error unless a file can have a list of class names: 65536 or
// fewer, of 1 to 256 bytes of UTF-8 without NUL each, and no more than 960 KB as JSON.
func CheckClassNames(names []string) error {
	if err := checkClassNames(names); err != nil {
		return fmt.Errorf("keras: %w", err)
	}
	return nil
}

func checkClassNames(names []string) error {
	if len(names) > mostClassNames {
		return fmt.Errorf("%d class names: want %d or fewer", len(names), mostClassNames)
	}
	for i, name := range names {
		switch {
		case name == "" || len(name) > longestClassName:
			return fmt.Errorf("class name %d has %d bytes: want 1 to %d", i, len(name), longestClassName)
		case !utf8.ValidString(name) || strings.IndexByte(name, 0) >= 0: // where HDF5's end
			return fmt.Errorf("class name %d is %q: want UTF-8 without NUL", i, name)
		}
	}
	if text, err := json.Marshal(names); err != nil || len(text) > mostClassNameText {
		return fmt.Errorf("class names of %d bytes as JSON: want %d or fewer", len(text), mostClassNameText)
	}
	return nil
}

// classNamesOf returns the class names in metadata.json, nil if there are none.
func classNamesOf(list json.RawMessage) ([]string, error) {
	if len(list) == 0 || string(list) == "null" {
		return nil, nil
	}
	if !bytes.HasPrefix(list, []byte("[")) {
		return nil, fmt.Errorf("%s is %s: want a list of strings", classNamesKey, vocab.Short(list))
	}
	var names []string
	for e := range vocab.Each(list) {
		name, err := vocab.String(e)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: want a string", classNamesKey, vocab.Short(e))
		}
		if names = append(names, name); len(names) > mostClassNames {
			break // which is an error
		}
	}
	return slices.Clip(names), checkClassNames(names)
}

// readClassNames reads the class names of the older form.
func (f *File) readClassNames(root *hdf5.Group) error {
	names, err := texts(root, classNamesKey)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = checkClassNames(names)
	}
	f.ClassNames = names
	return err
}
