package applications

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/glia-ml/glia/internal/fetch"
	"github.com/glia-ml/glia/tensor"
)

// Class is a class of ImageNet: its identity in WordNet and its name.
type Class struct{ ID, Name string }

// ClassNames are the classes by the numbers that networks predict.
type ClassNames []Class

// ReadClassNames reads the classes of a JSON file such as Keras's imagenet_class_index.json,
// {"0": ["n01440764", "tench"], ...}. It returns an error unless the file has the numbers from
// 0 on, each with an identity and a name.
func ReadClassNames(path string) (ClassNames, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("applications: class names: %w", err)
	}
	names, err := parseClassNames(text)
	if err != nil {
		return nil, fmt.Errorf("applications: class names: %s: %w", path, err)
	}
	return names, nil
}

// Where Keras has the classes, and the file's MD5.
const classIndexAddress = "https://storage.googleapis.com/download.tensorflow.org/data"

var classIndex = fetch.File{Name: "imagenet_class_index.json", MD5: "c2c37ea517e94d9795004a39431a14cb"}

// ImageNetClassNames returns the 1000 classes of ImageNet. It reads Keras's file of them, which
// it looks for in applications in the directory that the environment variable GLIA_DATA names,
// and in glia/applications in the user's cache directory, where it puts it after downloading it
// the first time. It returns an error if the file is not there and not to be downloaded.
func ImageNetClassNames(ctx context.Context) (ClassNames, error) {
	return classNamesFrom(ctx, classIndex, classIndexAddress)
}

func classNamesFrom(ctx context.Context, f fetch.File, address string) (ClassNames, error) {
	d := fetch.New(ctx, "applications", os.Stderr, address)
	defer d.Close()
	path, err := d.Cached("applications", f, false)
	if err != nil {
		return nil, fmt.Errorf("applications: class names: %w", err)
	}
	return ReadClassNames(path)
}

func parseClassNames(text []byte) (ClassNames, error) {
	var all map[string][]string
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("no classes: want one or more")
	}
	names := make(ClassNames, len(all))
	for i := range names {
		c := all[strconv.Itoa(i)]
		if len(c) != 2 || c[0] == "" || c[1] == "" {
			return nil, fmt.Errorf("class %d of %d is %q: want an identity and a name", i, len(all), c)
		}
		names[i] = Class{c[0], c[1]}
	}
	return names, nil
}

// Prediction is a class and the network's score of it, a probability after [nn.Softmax].
type Prediction struct {
	Class
	Score float64
}

// Decode returns the classes of the greatest scores of each sample, the greatest first: Keras's
// decode_predictions. Of equal scores the class of the lesser number comes first; NaN comes last.
//
// Shapes: y [B n], with the n classes of names. It returns an error for another shape or dtype,
// and for a top under 1; a top over n returns all.
func (names ClassNames) Decode(y *tensor.Tensor, top int) ([][]Prediction, error) {
	if top < 1 {
		return nil, fmt.Errorf("applications: Decode: top %d: want 1 or more", top)
	}
	if y == nil || y.Shape().Rank() != 2 || y.Shape().At(1) != len(names) || !y.DType().IsFloat() {
		return nil, fmt.Errorf("applications: Decode: y is %v: want floats [samples %d], a score for each class", specOf(y), len(names))
	}
	scores := y.Float64s()
	all := make([][]Prediction, y.Shape().At(0))
	for i := range all {
		row := make([]Prediction, len(names))
		for j, c := range names {
			row[j] = Prediction{c, scores[i*len(names)+j]}
		}
		slices.SortStableFunc(row, func(a, b Prediction) int { return cmp.Compare(b.Score, a.Score) })
		all[i] = slices.Clone(row[:min(top, len(row))])
	}
	return all, nil
}

func specOf(t *tensor.Tensor) any {
	if t == nil {
		return "nil"
	}
	return t.Spec()
}
