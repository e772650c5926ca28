package keras

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// What helps with files of other kinds.
const (
	wantKeras   = "want a .keras, .h5, .weights.h5, .weights.json, .safetensors or .npz file"
	wantResaved = `want it loaded in Python and saved with model.save("model.keras")`
	wantTensors = `want it saved in Python with safetensors.torch.save_file(model.state_dict(), "model.safetensors")`
	wantAgain   = "the download or copy that made it went wrong"
	torchPickle = "a pickle, as of PyTorch (.pt, .pth, .bin), which would have to be executed: " + wantTensors
)

// magics lists the first bytes of files of other kinds, and what they are.
var magics = []struct{ begins, is string }{
	{"\x1f\x8b", "a gzip'd file: want it unpacked, as gunzip does"},
	{"BZh", "a file packed by bzip2: want it unpacked"},
	{"\xfd7zXZ\x00", "a file packed by xz: want it unpacked"},
	{"\x28\xb5\x2f\xfd", "a file packed by zstd: want it unpacked"},
	{"7z\xbc\xaf\x27\x1c", "a 7z archive: want the model in it unpacked"},
	{"Rar!", "a RAR archive: want the model in it unpacked"},
	{"\x93NUMPY", "a single array of NumPy's: want an .npz, with an array for every variable"},
	{"GGUF", "a GGUF file: " + wantKeras},
	{"\x80\x02", torchPickle},
	{"\x80\x03", torchPickle},
	{"\x80\x04", torchPickle},
	{"\x80\x05", torchPickle},
	{"\x08\x01\x12", "a graph of TensorFlow, as saved_model.pb: " + wantResaved},
}

// words lists how texts of other kinds begin, in lower case.
var words = []struct{ begins, is string }{
	{"version https://git-lfs", "a pointer of Git LFS instead of the file: git lfs pull fetches it"},
	{"<!doctype", "a web page instead of a model: " + wantAgain},
	{"<html", "a web page instead of a model: " + wantAgain},
	{"<?xml", "a text in XML instead of a model: " + wantAgain},
}

// foreign returns an error that says of what kind a file is that cannot be opened, and
// wraps err if its first bytes do not tell.
func foreign(head []byte, size int64, err error) error {
	if size == 0 {
		return errors.New("the file is empty: " + wantAgain)
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.begins)) {
			return errors.New("got " + m.is)
		}
	}
	text := strings.ToLower(strings.TrimLeft(strings.TrimPrefix(string(head), "\ufeff"), " \t\r\n"))
	for _, w := range words {
		if strings.HasPrefix(text, w.begins) {
			return errors.New("got " + w.is)
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("\x89HDF\r\n\x1a\n")):
		return err
	case len(bytes.Trim(head, "\x00")) == 0:
		return fmt.Errorf("the file begins with %d zeros: %s", len(head), wantAgain)
	case len(head) >= 8 && string(head[4:8]) == "TFL3":
		return errors.New("got a file of TensorFlow Lite: want the .keras file that it was made of")
	case head[0] == 0x08 || head[0] == '\n' && bytes.ContainsAny(head, "\x00\x01\x02\x03\x04\x05\x06\x07\x08"):
		return errors.New("got a protocol buffer, as of ONNX or a frozen graph of TensorFlow (.pb): " + wantResaved)
	}
	return fmt.Errorf("the file begins with %q: %s: %w", head[:min(16, len(head))], wantKeras, err)
}

// foreignArchive returns an error that says what an archive of these members is which is no
// .keras file, nil if it may be NumPy's.
func foreignArchive(names []string) error {
	for _, name := range names {
		dir, base := path.Split(name)
		switch {
		case base == configFile && slices.Contains(names, dir+weightsFile):
			return fmt.Errorf("the archive holds a model in the folder %.200q: want its files at the top, as (cd FOLDER && zip -0 ../model.keras *) makes it", dir)
		case base == "data.pkl":
			return errors.New("got an archive of PyTorch (.pt, .pth, .bin), with a pickle that would have to be executed: " + wantTensors)
		case base == "saved_model.pb":
			return errors.New("got a zip of a SavedModel of TensorFlow: " + wantResaved)
		}
	}
	if len(names) == 0 || slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, ".npy") }) {
		return nil
	}
	for _, name := range names {
		if _, err := FormatOf(name); err == nil {
			return fmt.Errorf("got a zip that holds %.200q: want that file unpacked", name)
		}
	}
	return fmt.Errorf("got a zip without %s and without arrays (.npy): %s", configFile, wantKeras)
}

// foreignDirectory returns an error that says what is in a directory which is no model.
func foreignDirectory(dir fs.FS) error {
	there := func(name string) bool { _, err := fs.Stat(dir, name); return err == nil }
	switch {
	case there("saved_model.pb") || there("saved_model.pbtxt"):
		return errors.New("got a directory, a SavedModel of TensorFlow: " + wantResaved)
	case there("checkpoint"):
		return errors.New("got a directory, with a checkpoint of TensorFlow: want it loaded in Python and saved with model.save_weights(\"model.weights.h5\")")
	}
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return withoutPath(err)
	}
	for _, e := range entries {
		if _, err := FormatOf(e.Name()); err == nil && !e.IsDir() && e.Name() != weightsFile {
			return fmt.Errorf("got a directory, want a file: it holds %.200q", e.Name())
		}
	}
	return errors.New("got a directory, want a file")
}
