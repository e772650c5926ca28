package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/optim"
	"github.com/glia-ml/glia/tensor"
)

// evaluating is one call of glia evaluate: its flags, and where it writes.
type evaluating struct {
	source     source
	folder     bool // the data are one
	classes    string
	reading    folderReading
	loss       string
	fromLogits bool
	scale      factor
	jsonPath   string
	quiet      bool

	stdout, stderr io.Writer
}

func newEvaluate() *cobra.Command {
	e := &evaluating{}
	c := &cobra.Command{
		Use:   "evaluate MODEL mnist|digits|FOLDER",
		Short: "Test a saved model on handwritten digits, or on a folder of pictures",
		Long: `Test the model in a .keras or .h5 file, of glia or Keras, on the test images of
MNIST, which are looked for as glia train does, on as many generated digits, or on
a folder of pictures: loss, metrics, what was taken for what, and how well each
class is told.

A FOLDER is one as of glia train. Its folders have the names of the model's classes,
or of --classes where the model's file has none: all or some of them, but no others.

The images of digits are given as the model takes them: as [28 28], [28 28 1] or [784].
Pixels are from 0 to 1, or from 0 to 255 if the model begins with Rescaling; --scale
sets another factor. A loss whose name begins with Sparse gets class numbers, any
other one-hot rows.

A model that is not compiled, or with unsupported parts, needs a loss by --loss.`,
		Example: `  glia evaluate mnist.keras mnist
  glia evaluate pets.keras more-pets
  glia evaluate bare.keras digits --loss sparse_categorical_crossentropy --from-logits`,
		Args: wantArgs(argument{name: "MODEL"}, datasetLike("mnist", "digits")),
		RunE: func(c *cobra.Command, args []string) (err error) {
			e.stdout, e.stderr = c.OutOrStdout(), c.ErrOrStderr()
			if e.quiet {
				e.stdout = io.Discard
			}
			if e.folder, err = isFolder(c, args[1], "mnist", "digits"); err != nil {
				return err
			}
			if err := e.check(c, args[1]); err != nil {
				return err
			}
			return e.run(c.Context(), args[0], args[1])
		},
	}
	f := c.Flags()
	e.source.flags(f)
	f.StringVar(&e.classes, "classes", "", "names of the model's classes, in place of those in its file: a,b,c or a file with one a line")
	e.reading.skipFlag(f)
	f.StringVar(&e.loss, "loss", "", "loss, as Keras names it, in place of the model's")
	f.BoolVar(&e.fromLogits, "from-logits", false, "the model's output is logits, for --loss")
	f.Var(&e.scale, "scale", "factor of the pixels from 0 to 255")
	e.reading.memory.flag(f)
	f.StringVar(&e.jsonPath, "json", "", "file to write the results to")
	f.BoolVar(&e.quiet, "quiet", false, "print nothing but errors")
	return c
}

// check finds values that make no sense.
func (e *evaluating) check(c *cobra.Command, set string) error {
	if e.loss != "" {
		if _, err := e.newLoss(); err != nil {
			return misused(c, "--loss: %w", err)
		}
	}
	switch {
	case e.fromLogits && e.loss == "":
		return misused(c, "--from-logits: want --loss NAME with it")
	case set != "mnist" && e.source != source{}:
		return misused(c, "--data and --offline are for mnist: got data set %q", set)
	case !e.folder && (e.classes != "" || e.reading.skip):
		return misused(c, "--classes and --skip-unreadable are for a folder of pictures: got data set %q", set)
	}
	return wantNames(c, "data", "json", "loss", "classes")
}

func (e *evaluating) newLoss() (loss.Loss, error) {
	var config []byte
	if e.fromLogits {
		config, _ = json.Marshal(map[string]bool{"from_logits": true})
	}
	return loss.FromConfig(e.loss, config)
}

// evaluateRecord is the object that evaluate --json writes.
type evaluateRecord struct {
	Model   string `json:"model"`
	Dataset string `json:"dataset"`
	Samples int    `json:"samples"`
	measured
	Confusion    [][]int       `json:"confusion"` // a row for each class
	Classes      []classRecord `json:"classes"`
	SecondsTotal number        `json:"seconds_total"` // with loading
}

type classRecord struct {
	Class     int    `json:"class"`
	Name      string `json:"name,omitempty"` // of pictures
	Precision number `json:"precision"`
	Recall    number `json:"recall"`
	F1        number `json:"f1"`
	Samples   int    `json:"samples"`
}

// run tests and reports.
func (e *evaluating) run(ctx context.Context, path, set string) error {
	start := time.Now()
	out, err := newOut(e.jsonPath)
	if err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	m, of, err := e.model(path)
	if err != nil {
		return err
	}
	e.reading.memory.bound(m.Model)
	test, err := e.data(ctx, m, of, set)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "Model: %s\nData: %s, %s for testing\n\n", path, test.name, test.size())
	r, err := test.report(ctx, e.stderr, m.Model, of)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	r.print(e.stdout)
	confusion, classes := recordsOf(r.classes, test.names)
	rec := evaluateRecord{
		Model: path, Dataset: test.name, Samples: test.set.Len(), measured: measuredOf(r.Result), Confusion: confusion,
		Classes: classes, SecondsTotal: number(time.Since(start).Seconds()),
	}
	if err := out.write(rec); err != nil {
		return fmt.Errorf("--json: %w", err)
	}
	return nil
}

// recordsOf returns the counts and the scores of a report, a row for each class.
func recordsOf(r *metric.Report, names []string) (confusion [][]int, classes []classRecord) {
	if r == nil {
		return nil, nil
	}
	for k := range r.Classes() {
		row := make([]int, r.Classes())
		for i := range row {
			row[i] = int(r.Count(k, i))
		}
		confusion = append(confusion, row)
		s := r.Class(k)
		c := classRecord{Class: k, Precision: number(s.Precision), Recall: number(s.Recall), F1: number(s.F1), Samples: int(s.Samples)}
		if names != nil {
			c.Name = names[k]
		}
		classes = append(classes, c)
	}
	return confusion, classes
}

// model loads the model and compiles it if asked to.
func (e *evaluating) model(path string) (*trained, loss.Loss, error) {
	if e.loss != "" {
		m, err := loadModel(path, glia.WithoutCompile)
		if err != nil {
			return nil, nil, err
		}
		if err := m.wantOneEach("evaluate"); err != nil {
			return nil, nil, err
		}
		of, err := e.newLoss()
		if err != nil {
			return nil, nil, err
		}
		return m, of, m.Compile(optim.SGD(0.01), of, metric.Accuracy())
	}
	m, _, err := loadAnew(path) // to measure takes no state
	if missing := (*keras.MissingError)(nil); errors.As(err, &missing) {
		if bare, e := loadModel(path, glia.WithoutCompile); e == nil {
			err = fmt.Errorf("%w\nwant --loss NAME, to go without these", err)
			if e := bare.wantOneEach("evaluate"); e != nil { // nor would that help
				err = e
			}
		}
	}
	if err != nil {
		return nil, nil, err
	}
	if err := m.wantOneEach("evaluate"); err != nil {
		return nil, nil, err
	}
	if m.Optimizer() == nil {
		return nil, nil, fmt.Errorf("%s: the model is not compiled: want --loss NAME, such as categorical_crossentropy", path)
	}
	return m, m.config.Loss, nil
}

// data returns the samples to test the model with.
func (e *evaluating) data(ctx context.Context, m *trained, of loss.Loss, set string) (*tested, error) {
	if e.folder {
		return e.pictures(m, of, set)
	}
	if err := m.wantDigits(); err != nil { // before the data are made
		return nil, err
	}
	images, err := e.images(ctx, set)
	if err != nil {
		return nil, err
	}
	ds, err := e.prepare(m, of, images.test)
	if err != nil {
		return nil, err
	}
	return testDigits(images.name, ds), nil
}

func (e *evaluating) images(ctx context.Context, set string) (images, error) {
	if set == "digits" {
		return drawn()
	}
	return e.source.load(ctx, e.stderr, e.quiet)
}

// pictures returns the pictures in a folder, whose classes are those of the model.
func (e *evaluating) pictures(m *trained, of loss.Loss, dir string) (*tested, error) {
	names, err := m.namesOr(e.classes)
	if err != nil {
		return nil, err
	}
	if names == nil {
		return nil, fmt.Errorf("%s: the model has no names of classes: want --classes a,b,c, in the order of its outputs", m.path)
	}
	if out, known := m.output(); known && out != tensor.D(len(names)) && !(out == tensor.D(1) && len(names) == 2) {
		return nil, fmt.Errorf("--classes: got %d names, the model gives %v", len(names), out)
	}
	frame, err := m.frame()
	if err != nil {
		return nil, err
	}
	f, err := e.reading.open(dir, frame, warnLine(e.stderr), image.ClassesAmong(names...), image.Labels(m.labelsFor(of)))
	if err != nil {
		return nil, err
	}
	set, err := scaled(f, e.scale.or(m.scale()))
	if err != nil {
		return nil, err
	}
	return testPictures("Test", dir, set, names), nil
}

// labelsFor returns the kind of labels that a loss takes for the model's outputs.
func (t *trained) labelsFor(of loss.Loss) image.LabelKind {
	out, _ := t.output()
	switch {
	case strings.HasPrefix(loss.ClassOf(of), "Sparse"):
		return image.IntLabels
	case out == tensor.D(1):
		return image.BinaryLabels
	}
	return image.CategoricalLabels
}

// wantDigits returns an error unless the model takes images of digits and gives a number for
// each.
func (t *trained) wantDigits() error {
	image := tensor.D(28, 28)
	if in, known := t.input(); known && !sameBut1(image, in.Shape) {
		return fmt.Errorf("%s: images are %v: the model takes %v", t.path, image, in.Shape)
	}
	if out, known := t.output(); known && out != tensor.D(classes) {
		return fmt.Errorf("%s: the model gives %v for an image: want %v, a number for each digit", t.path, out, tensor.D(classes))
	}
	return nil
}

// prepare returns the images and labels as the model and its loss take them.
func (e *evaluating) prepare(m *trained, of loss.Loss, ds *data.Memory) (*data.Memory, error) {
	if in, known := m.input(); known {
		var err error
		if ds, err = reshaped(ds, in.Shape); err != nil {
			return nil, fmt.Errorf("%s: %w", m.path, err)
		}
	}
	ds = ds.Scale(e.scale.or(m.scale()))
	if strings.HasPrefix(loss.ClassOf(of), "Sparse") {
		return ds, nil
	}
	return ds.OneHot(classes), nil
}
