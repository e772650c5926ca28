package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data/digits"
	"github.com/glia-ml/glia/data/idx"
	dataimage "github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// digit draws a test digit.
func digit(index uint64) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, 28, 28))
	digits.Draw((*digits.Image)(img.Pix), 9, index)
	return img
}

// create writes a file in a directory of its own.
func create(t *testing.T, name string, write func(w io.Writer) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	var b bytes.Buffer
	err := write(&b)
	if err == nil {
		err = os.WriteFile(path, b.Bytes(), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func pngOf(t *testing.T, img image.Image) string {
	return create(t, "digit.png", func(w io.Writer) error { return png.Encode(w, img) })
}

// unit returns the pixels of pictures as the model takes them.
func unit(images ...*image.Gray) *tensor.Tensor {
	x := tensor.New(tensor.Float32, len(images), 28, 28)
	for i, img := range images {
		for j, v := range img.Pix {
			tensor.Data[float32](x)[i*784+j] = float32(v) * float32(toUnit)
		}
	}
	return x
}

// outputs predicts inputs by the command and returns what it wrote as JSON.
func outputs(t *testing.T, args ...string) []predictionRecord {
	t.Helper()
	to := filepath.Join(t.TempDir(), "out.json")
	status, _, errs := exec(t.Context(), append([]string{"predict", "--quiet", "--json", to}, args...)...)
	if status != 0 {
		t.Fatalf("predict %v: %s", args, errs)
	}
	var rec predictRecord
	readJSON(t, to, &rec)
	return rec.Predictions
}

// rows returns all outputs as numbers.
func rows(all []predictionRecord) (v []float64) {
	for _, r := range all {
		for _, x := range r.Outputs {
			v = append(v, float64(x))
		}
	}
	return v
}

// digitModel returns a trained model and its file.
func digitModel(t *testing.T) (*glia.Model, string) {
	t.Helper()
	path := trainTiny(t, tiny(t), "m.keras")
	m, err := glia.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return m, path
}

func predicted(t *testing.T, m *glia.Model, x *tensor.Tensor) []float64 {
	t.Helper()
	y, err := m.Predict(x)
	if err != nil {
		t.Fatal(err)
	}
	return y.Float64s()
}

// TestPredictFiles gives the same digits in every kind of file.
func TestPredictFiles(t *testing.T) {
	m, path := digitModel(t)
	a, b := digit(3), digit(4)
	x := tensor.New(tensor.Uint8, 2, 28, 28)
	copy(tensor.Data[uint8](x), append(slices.Clone(a.Pix), b.Pix...))
	want := predicted(t, m, unit(a, b))

	csv := func(separator string, head string, scale float64) func(w io.Writer) error {
		return func(w io.Writer) error {
			fmt.Fprint(w, head)
			for i := range 2 {
				for j, v := range tensor.Data[uint8](x)[i*784:][:784] {
					if j > 0 {
						fmt.Fprint(w, separator)
					}
					fmt.Fprint(w, float64(v)*scale)
				}
				fmt.Fprintln(w)
			}
			return nil
		}
	}
	archive := func(names ...string) func(w io.Writer) error {
		return func(w io.Writer) error {
			z := npy.NewArchiveWriter(w, npy.Deflate)
			for _, name := range names {
				if err := z.Add(name, x); err != nil {
					return err
				}
			}
			return z.Close()
		}
	}
	flat, err := x.Reshape(2, 784)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
	}{
		{"pictures", []string{pngOf(t, a), pngOf(t, b)}},
		{"IDX", []string{create(t, "x-idx3-ubyte", func(w io.Writer) error { return idx.Write(w, x) })}},
		{"IDX in gzip", []string{create(t, "x.gz", func(w io.Writer) error {
			z := gzip.NewWriter(w)
			if err := idx.Write(z, x); err != nil {
				return err
			}
			return z.Close()
		})}},
		{"npy of bytes", []string{create(t, "x.npy", func(w io.Writer) error { return npy.Write(w, x) })}},
		{"npy of floats, flat", []string{create(t, "x.npy", func(w io.Writer) error {
			return npy.Write(w, unitFlat(t, a, b))
		})}},
		{"npy of float64, scaled", []string{"--scale", "1/255", create(t, "x.npy", func(w io.Writer) error { return npy.Write(w, flat.AsType(tensor.Float64)) })}},
		{"npz of one", []string{create(t, "x.npz", archive("x"))}},
		{"npz of two", []string{"--array", "test/x", create(t, "x.npz", archive("y", "test/x"))}},
		{"csv", []string{create(t, "x.csv", csv(",", "", toUnit))}},
		{"csv with names of columns", []string{create(t, "x.CSV", csv(";", strings.Repeat("pixel;", 783)+"pixel\n\n", toUnit))}},
		{"text with spaces, scaled", []string{"--scale", "0.00392156862745098", create(t, "x.txt", csv(" ", "# as NumPy writes it\n", 1))}},
		{"text with tabs", []string{create(t, "x.tsv", csv("\t", "\ufeff", toUnit))}},
	} {
		got := outputs(t, append([]string{path}, c.args...)...)
		for i, v := range rows(got) {
			if i >= len(want) || math.Abs(v-want[i]) > 1e-6 {
				t.Errorf("%s: got %v, want %v", c.name, rows(got), want)
				break
			}
		}
		if len(rows(got)) != len(want) {
			t.Errorf("%s: got %d numbers, want %d", c.name, len(rows(got)), len(want))
		}
		if (got[0].Sample == nil) != (c.name == "pictures") {
			t.Errorf("%s: sample %v", c.name, got[0].Sample)
		}
	}
}

func unitFlat(t *testing.T, images ...*image.Gray) *tensor.Tensor {
	x, err := unit(images...).Reshape(len(images), 784)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// TestPredictPicture checks what becomes of pictures that are not of the model's
// form.
func TestPredictPicture(t *testing.T) {
	m, path := digitModel(t)
	ink := digit(7)
	want := predicted(t, m, unit(ink))
	paper := image.NewGray(ink.Rect) // dark on light
	for i, v := range ink.Pix {
		paper.Pix[i] = 255 - v
	}
	large := image.NewNRGBA(image.Rect(5, 7, 5+112, 7+112)) // each pixel 4 x 4, in colours
	for y := range 112 {
		for x := range 112 {
			large.Set(5+x, 7+y, color.Gray{ink.GrayAt(x/4, y/4).Y})
		}
	}
	clear := image.NewNRGBA(ink.Rect) // black ink on nothing
	for i, v := range ink.Pix {
		clear.Pix[4*i+3] = v
	}
	white := image.NewNRGBA(ink.Rect) // white ink on nothing
	for i, v := range ink.Pix {
		copy(white.Pix[4*i:], []uint8{255, 255, 255, v})
	}
	var plain bytes.Buffer
	if err := png.Encode(&plain, sideways(ink)); err != nil {
		t.Fatal(err)
	}
	wide := image.NewGray(image.Rect(0, 0, 48, 28)) // with more background at the sides
	draw.Draw(wide, image.Rect(10, 0, 38, 28), ink, image.Point{}, draw.Src)
	high := image.NewGray(image.Rect(0, 0, 28, 28))
	pixels, err := dataimage.Pixels(wide, 1)
	if err != nil {
		t.Fatal(err)
	}
	small, err := dataimage.Resize(pixels, 16, 28, dataimage.Area)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range small.Float64s() {
		high.Pix[6*28+i] = uint8(math.Round(v))
	}
	for _, c := range []struct {
		name  string
		args  []string
		want  []float64
		close float64
		note  bool
	}{
		{"as it is", []string{pngOf(t, ink)}, want, 1e-6, false},
		{"paper", []string{pngOf(t, paper)}, want, 1e-6, true},
		{"paper that is left", []string{pngOf(t, paper), "--invert=no"}, predicted(t, m, unit(paper)), 1e-6, false},
		{"inverted", []string{pngOf(t, ink), "--invert"}, predicted(t, m, unit(paper)), 1e-6, false},
		{"large", []string{pngOf(t, large)}, want, 1e-5, false},
		{"clear", []string{pngOf(t, clear)}, want, 1e-6, true},
		{"white on nothing", []string{pngOf(t, white)}, want, 1e-6, false},
		{"turned", []string{create(t, "x.png", func(w io.Writer) error { _, err := w.Write(withOrientation(plain.Bytes(), 6)); return err })}, want, 1e-6, false},
		{"gif", []string{create(t, "x.gif", func(w io.Writer) error { return gif.Encode(w, large, nil) })}, want, 0.3, false},
		{"jpeg", []string{create(t, "x.jpg", func(w io.Writer) error { return jpeg.Encode(w, large, &jpeg.Options{Quality: 95}) })}, want, 0.1, false},
		{"wide", []string{pngOf(t, wide)}, predicted(t, m, unit(high)), 0.02, false},
	} {
		status, out, errs := exec(t.Context(), append([]string{"predict", path}, c.args...)...)
		if status != 0 || strings.Contains(errs, "the background is light") != c.note || errs != "" != c.note {
			t.Errorf("%s: status %d, stderr %s", c.name, status, errs)
		}
		if lines := strings.Count(out, "\n"); lines != 4 {
			t.Errorf("%s: %d lines, want 4:\n%s", c.name, lines, out)
		}
		got := rows(outputs(t, append([]string{path}, c.args...)...))
		for i, v := range got {
			if math.Abs(v-c.want[i]) > c.close {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
				break
			}
		}
	}
}

// sideways returns a picture that EXIF's orientation 6 turns back.
func sideways(img *image.Gray) *image.Gray {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	to := image.NewGray(image.Rect(0, 0, h, w))
	for y := range h {
		for x := range w {
			to.SetGray(y, w-1-x, img.GrayAt(x, y)) // a quarter to the left
		}
	}
	return to
}

// withOrientation returns a PNG with a chunk of EXIF behind its head.
func withOrientation(file []byte, orientation byte) []byte {
	chunk := append([]byte("eXIfMM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), orientation, 0, 0, 0, 0, 0, 0)
	size := binary.BigEndian.AppendUint32(nil, uint32(len(chunk)-4))
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk))
	const head = 8 + 25 // the signature and IHDR
	return slices.Concat(file[:head], size, chunk, file[head:])
}

// TestPredictOutput compares what is printed.
func TestPredictOutput(t *testing.T) {
	kernel := nn.KernelInitializer(nn.Zeros)
	_, two := saved(t, "m.keras", loss.BinaryCrossentropy(loss.FromLogits), nn.Input(2), nn.Dense(1, kernel))
	_, plain := saved(t, "m.keras", loss.MeanSquaredError(), nn.Input(2), nn.Dense(2, kernel))
	_, three := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(2), nn.Dense(4, nn.Softmax, kernel))
	_, logits := saved(t, "m.keras", loss.SparseCategoricalCrossentropy(loss.FromLogits), nn.Input(2), nn.Dense(4, kernel))
	_, picture := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(2, 2, 3), nn.Flatten(), nn.Dense(2, nn.Softmax, kernel))
	csv := create(t, "x.csv", func(w io.Writer) error { _, err := io.WriteString(w, "1,2\n3,4.5\n"); return err })
	names := create(t, "names.txt", func(w io.Writer) error { _, err := io.WriteString(w, "red\r\nlight green\nblue\nnone\n"); return err })
	gray := pngOf(t, image.NewGray(image.Rect(0, 0, 3, 3)))
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"binary", []string{two, csv}, "F[0]: 0 0.5000, 1 0.5000\nF[1]: 0 0.5000, 1 0.5000\n"},
		{"binary with names", []string{two, csv, "--classes", "no, yes", "--top", "1", "--limit", "1"}, "F[0]: no 0.5000\n"},
		{"numbers", []string{plain, csv}, "F[0]: 0 0\nF[1]: 0 0\n"},
		{"softmax", []string{three, csv, "--limit", "1"}, "F[0]: 0 0.2500, 1 0.2500, 2 0.2500\n"},
		{"logits", []string{logits, csv, "--limit", "1", "--top", "9"}, "F[0]: 0 0.2500, 1 0.2500, 2 0.2500, 3 0.2500\n"},
		{"names in a file", []string{three, csv, "--classes", names, "--limit", "1"}, "F[0]: red 0.2500, light green 0.2500, blue 0.2500\n"},
		{"colour", []string{picture, gray, "--classes", "cat,ä"}, "F: cat\n  cat  0.5000  ███████████████\n  ä    0.5000  ███████████████\n"},
		{"scores", []string{plain, csv, "--classes", "a,b", "--limit", "1"}, "F[0]: a 0.0000, b 0.0000\n"},
	} {
		got := must(t, append([]string{"predict"}, c.args...)...)
		if want := strings.ReplaceAll(c.want, "F", c.args[1]); got != want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, want)
		}
	}
}

// TestPredictNames tells of the one line of a table that is no sample.
func TestPredictNames(t *testing.T) {
	_, plain := saved(t, "m.keras", loss.MeanSquaredError(), nn.Input(2), nn.Dense(2, nn.KernelInitializer(nn.Zeros)))
	for _, head := range []string{"RI,Na\n", "# a comment\nNA;x\n", "\"a\"\tb\n", "\"weight, kg\",\"b\"\n", "a \"b c\"\n"} {
		path := create(t, "x.csv", func(w io.Writer) error { _, err := io.WriteString(w, head+"1,2\n\n3,4\n\n"); return err })
		status, out, errs := exec(t.Context(), "predict", plain, path)
		want := fmt.Sprintf("line %d holds the names of columns, no sample", strings.Count(head, "\n"))
		if status != 0 || strings.Count(out, "\n") != 2 || !strings.Contains(errs, want) {
			t.Errorf("%q: status %d, stdout %q, stderr %q, want two samples and %q", head, status, out, errs, want)
		}
	}
}

// TestPredictFailures gives inputs that do not fit.
func TestPredictFailures(t *testing.T) {
	_, path := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(28, 28), nn.Flatten(), nn.Dense(10, nn.Softmax))
	_, odd := saved(t, "m.keras", loss.CategoricalCrossentropy(), nn.Input(5), nn.Dense(10, nn.Softmax))
	text := func(s string) string {
		return create(t, "x.csv", func(w io.Writer) error { _, err := io.WriteString(w, s); return err })
	}
	array := func(dims ...int) string {
		return create(t, "x.npy", func(w io.Writer) error { return npy.Write(w, tensor.New(tensor.Float32, dims...)) })
	}
	huge := create(t, "x.gif", func(w io.Writer) error {
		_, err := io.WriteString(w, "GIF89a\xff\xff\xff\xff\x00\x00\x00;")
		return err
	})
	for _, c := range []struct {
		name    string
		args    []string
		pattern string
	}{
		{"csv of other width", []string{path, text("1,2\n")}, `x.csv: array is float64\[1 2\]: want samples of \[28 28\]`},
		{"csv of two widths", []string{odd, text("1,2,3,4,5\n1,2\n")}, `x.csv: line 2: got 2 numbers, want 5 as in the line before`},
		{"csv of words", []string{odd, text("1,2,3,4,5\n1,2,x,4,5\n")}, `x.csv: line 2: column 3: got "x", want a number`},
		{"csv of gaps", []string{odd, text("1,2,3,4,5\n1,2,,4,5\n")}, `x.csv: line 2: column 3: got "", want a number`},
		{"csv of two heads", []string{odd, text("a,b\nc,d\n")}, `x.csv: line 2: column 1: got "c", want a number`},
		{"csv whose first line lacks a value", []string{odd, text("1,2,,4,5\n1,2,3,4,5\n")}, `x.csv: line 1: column 3: got "", want a number; a line of names`},
		{"csv whose first line has no values", []string{odd, text("NA,?,-,.,null\n1,2,3,4,5\n")}, `x.csv: line 1: column 1: got "NA", want a number`},
		{"csv whose first line has NA", []string{odd, text("NA,2,3,4,5\n1,2,3,4,5\n")}, `x.csv: line 1: column 1: got "NA", want a number`},
		{"csv whose first line lacks all", []string{odd, text(",,,,\n1,2,3,4,5\n")}, `x.csv: line 1: column 1: got "", want a number`},
		{"csv whose first line is too large", []string{odd, text("1e999,2,3,4,5\n1,2,3,4,5\n")}, `x.csv: line 1: column 1: got "1e999", want a number that float64 holds`},
		{"csv with a spreadsheet's error", []string{odd, text("1,2,3,4,5\n#N/A,2,3,4,5\n")}, `x.csv: line 2: column 1: got "#N/A", want a number`},
		{"tsv that lacks the first value", []string{odd, text("a\tb\tc\td\te\n\t2\t3\t4\t5\n")}, `x.csv: line 2: column 1: got "", want a number`},
		{"tsv that lacks all values", []string{odd, text("1\t2\t3\t4\t5\n\t\t\t\t\n")}, `x.csv: line 2: column 1: got "", want a number`},
		{"tsv that lacks the last value", []string{odd, text("1\t2\t3\t4\t\n")}, `x.csv: line 1: column 5: got "", want a number`},
		{"numbers in quotes with commas", []string{odd, text("\"1,234\",2,3,4\n")}, `x.csv: line 1: column 1: got "1,234", want a number`},
		{"names over two lines", []string{odd, text("a,\"b\nc\",d\n1,2,3,4,5\n")}, `x.csv: line 1: a quotation mark is not closed`},
		{"column with a gap", []string{odd, text("1\n2\n\n4\n5\n6\n")}, `x.csv: line 4: line 3 before it is empty: want a number in every line`},
		{"names that begin like a zip", []string{odd, text("PK,b\n")}, `x.csv: got no numbers: want a sample a line`},
		{"csv of nothing", []string{odd, text("a,b\n\n")}, `x.csv: got no numbers: want a sample a line`},
		{"csv with labels", []string{odd, text("1,2,3,4,5,6\n")}, `cut off the column of labels`},
		{"array of another shape", []string{path, array(3, 27, 28)}, `x.npy: array is float32\[3 27 28\]: want samples of \[28 28\] along the first axis`},
		{"array of none", []string{path, array(0, 28, 28)}, `want one sample or more`},
		{"two arrays", []string{path, create(t, "x.npy", func(w io.Writer) error {
			x := tensor.New(tensor.Float32, 1, 28, 28)
			if err := npy.Write(w, x); err != nil {
				return err
			}
			return npy.Write(w, x)
		})}, `x.npy: 3264 bytes behind the array: want one array, or several in a .npz`},
		{"scalar", []string{path, array()}, `x.npy: array is float32\[\]: want samples of \[28 28\]`},
		{"picture for a vector", []string{odd, pngOf(t, digit(1))}, `digit.png: a picture, but the model takes \[5\]: want`},
		{"huge picture", []string{path, huge}, `x.gif: gif of 65535 x 65535 pixels: want 1 to`},
		{"HEIC", []string{path, create(t, "x.heic", func(w io.Writer) error {
			_, err := io.WriteString(w, "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00")
			return err
		})}, "x.heic: HEIC is unsupported: convert to JPEG or PNG"},
		{"large picture", []string{path, pngOf(t, image.NewGray(image.Rect(0, 0, 900, 700))), "--memory", "1MB"}, "of 900 x 700 pixels takes 3 MB of memory: want at most 1; --memory allows more"},
		{"no picture", []string{path, create(t, "x.png", func(w io.Writer) error { _, err := io.WriteString(w, "hello there"); return err })}, `x.png: want a picture`},
		{"cut picture", []string{path, create(t, "x.png", func(w io.Writer) error { _, err := io.WriteString(w, "\x89PNG\r\n\x1a\n"); return err })}, `x.png: unexpected EOF`},
		{"names too few", []string{path, array(1, 28, 28), "--classes", "a,b"}, `--classes: got 2 names, the model tells 10 classes apart`},
		{"empty name", []string{path, array(1, 28, 28), "--classes", "a,,b"}, `--classes: name 2 is "": want text`},
		{"no such array", []string{path, create(t, "x.npz", func(w io.Writer) error { return npy.NewArchiveWriter(w).Close() })}, `x.npz: an archive without arrays`},
		{"no directory for JSON", []string{path, array(1, 28, 28), "--json", filepath.Join(t.TempDir(), "no", "x")}, `--json: .*cannot be written`},
	} {
		status, out, errs := exec(t.Context(), append([]string{"predict"}, c.args...)...)
		if status != 1 || out != "" || !regexp.MustCompile(c.pattern).MatchString(errs) {
			t.Errorf("%s: status %d, stdout %q, stderr %s, want status 1 and %s", c.name, status, out, errs, c.pattern)
		}
	}
}
