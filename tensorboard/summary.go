package tensorboard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"strconv"

	"github.com/glia-ml/glia/tensor"
)

// Scalar writes a point of a curve.
func (w *Writer) Scalar(tag string, step int64, v float64) error {
	var t message
	t.int(tensorType, typeFloat)
	t.bytes(tensorShape, nil)
	t.bytes(tensorFloats, binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(v))))
	return w.summary(tag, step, "scalars", classScalar, t)
}

// Text writes a text, in Markdown.
func (w *Writer) Text(tag string, step int64, text string) error {
	return w.summary(tag, step, "text", classTensor, stringTensor(nil, []byte(text)))
}

// Histogram writes how the numbers of a tensor are distributed, in 30 buckets of
// one width. Those that are not finite are left out.
func (w *Writer) Histogram(tag string, step int64, x *tensor.Tensor) error {
	if x == nil {
		return fmt.Errorf("tensorboard: histogram %q: the tensor is nil", tag)
	}
	rows := histogram(x.Float64s())
	content := make([]byte, 0, 8*3*len(rows))
	for _, r := range rows {
		for _, v := range r {
			content = binary.LittleEndian.AppendUint64(content, math.Float64bits(v))
		}
	}
	var t message
	t.int(tensorType, typeDouble)
	t.bytes(tensorShape, shape(len(rows), 3))
	t.bytes(tensorContent, content)
	return w.summary(tag, step, "histograms", classTensor, t)
}

// histogram returns the edges and the count of every bucket, without rows if there
// are no numbers. Numbers that are all the same are in one bucket of width 1.
func histogram(values []float64) (rows [][3]float64) {
	const buckets = 30
	low, high, n := math.Inf(1), math.Inf(-1), 0
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, high, n = min(low, v), max(high, v), n+1
		}
	}
	width := high/buckets - low/buckets // high-low may be infinite
	switch {
	case n == 0:
		return nil
	case width == 0:
		return [][3]float64{{low - 0.5, low + 0.5, float64(n)}}
	}
	edge := func(i int) float64 { return low*(float64(buckets-i)/buckets) + high*(float64(i)/buckets) }
	rows = make([][3]float64, buckets)
	for i := range rows {
		rows[i] = [3]float64{edge(i), edge(i + 1), 0}
	}
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			rows[min(int(v/width-low/width), buckets-1)][2]++
		}
	}
	return rows
}

// Image writes images of one size, at most three of which TensorBoard shows.
func (w *Writer) Image(tag string, step int64, images ...image.Image) error {
	if len(images) == 0 {
		return fmt.Errorf("tensorboard: image %q: no images: want one or more", tag)
	}
	size := images[0].Bounds().Size()
	parts := [][]byte{[]byte(strconv.Itoa(size.X)), []byte(strconv.Itoa(size.Y))}
	for i, img := range images {
		if s := img.Bounds().Size(); s != size {
			return fmt.Errorf("tensorboard: image %q: image %d is %v, the first %v: want one size", tag, i, s, size)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			return fmt.Errorf("tensorboard: image %q: %w", tag, err)
		}
		parts = append(parts, b.Bytes())
	}
	return w.summary(tag, step, "images", classBlobs, stringTensor(shape(len(parts)), parts...))
}

// Fields of the messages Summary, Summary.Value, SummaryMetadata and TensorProto.
const (
	summaryValue  = 1
	valueTag      = 1
	valueTensor   = 8
	valueMetadata = 9
	metaPlugin    = 1 // of which 1 is the name
	metaClass     = 4
	tensorType    = 1
	tensorShape   = 2
	tensorContent = 4
	tensorFloats  = 5
	tensorStrings = 8
)

// Numbers of data types and of classes of data.
const (
	typeFloat   = 1
	typeDouble  = 2
	typeString  = 7
	classScalar = 1
	classTensor = 2
	classBlobs  = 3
)

// shape returns a TensorShapeProto.
func shape(dims ...int) []byte {
	var s message
	for _, n := range dims {
		var d message
		d.int(1, int64(n))
		s.bytes(2, d)
	}
	return s
}

func stringTensor(shape []byte, parts ...[]byte) message {
	var t message
	t.int(tensorType, typeString)
	t.bytes(tensorShape, shape)
	for _, p := range parts {
		t.bytes(tensorStrings, p)
	}
	return t
}

// summary writes a tensor that a plugin of TensorBoard shows.
func (w *Writer) summary(tag string, step int64, plugin string, class int64, t message) error {
	if tag == "" {
		return errors.New("tensorboard: " + plugin + ": no tag: want the name that TensorBoard shows")
	}
	var name, meta, value, summary, event message
	name.string(1, plugin)
	meta.bytes(metaPlugin, name)
	meta.int(metaClass, class)
	value.string(valueTag, tag)
	value.bytes(valueTensor, t)
	value.bytes(valueMetadata, meta)
	summary.bytes(summaryValue, value)
	event.bytes(eventSummary, summary)
	return w.write(step, event)
}
