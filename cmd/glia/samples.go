package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glia-ml/glia/data/idx"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/tensor"
)

// samples holds the samples of a file: x [n ...], or one alone.
type samples struct {
	path   string
	x      *tensor.Tensor
	alone  bool // one sample, not a list of one
	remark string
	pixels bool // from 0 to 255
}

// read reads the samples in a file, in the shape and the dtype that the model
// takes, but for floats of another width.
func (p *predicting) read(path string, m *trained) (*samples, error) {
	file, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	s := &samples{path: path}
	err = p.readFile(s, file, size, m)
	if err == nil {
		err = s.shape(m)
	}
	if err == nil {
		err = s.convert(p.scale, m)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// readFile reads a file of a kind that its first bytes tell, but for text, which its name
// tells: the first column of a table may be called PK.
func (p *predicting) readFile(s *samples, file *os.File, size int64, m *trained) error {
	head := make([]byte, 12)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	ext := strings.ToLower(filepath.Ext(s.path))
	switch begin := string(head[:n]); {
	case ext == ".csv" || ext == ".tsv" || ext == ".txt":
		s.x, s.remark, err = readTable(file, p.limit)
	case strings.HasPrefix(begin, "\x93NUMPY"):
		s.x, err = readArray(file, size)
	case strings.HasPrefix(begin, "PK"):
		s.x, err = p.readArchive(file, size)
	case n > 8 && slices.Contains([]string{"ftyp", "JXL ", "jP  "}, begin[4:8]): // pictures whose length begins as IDX does
		return p.readPictureAs(s, file, size, m)
	case strings.HasPrefix(begin, "\x00\x00"):
		s.x, err = idx.ReadFile(s.path, int(min(size, mostIDX)))
	case strings.HasPrefix(begin, "\x1f\x8b"):
		if s.x, err = idx.ReadFile(s.path, int(min(p.memory.ofFile(size), mostIDX))); errors.Is(err, idx.ErrLimit) {
			err = fmt.Errorf("%w; --memory allows more", err)
		}
	default:
		return p.readPictureAs(s, file, size, m)
	}
	s.pixels = err == nil && s.x.DType() == tensor.Uint8
	return err
}

const mostIDX = 1 << 30

func (p *predicting) readPictureAs(s *samples, file *os.File, size int64, m *trained) (err error) {
	in, known := m.input()
	if !known {
		return errors.New("the model has no shape of a sample: want an array of that shape, .npy for instance")
	}
	s.alone, s.pixels = true, true
	s.x, s.remark, err = p.readPicture(file, size, in, m)
	return err
}

// readArray reads the array of a .npy, which numpy.save wrote once.
func readArray(file *os.File, size int64) (*tensor.Tensor, error) {
	x, err := npy.Read(file, npy.BFloat16)
	if err != nil {
		return nil, err
	}
	end, err := file.Seek(0, io.SeekCurrent)
	if err == nil && end < size {
		err = fmt.Errorf("%d bytes behind the array: want one array, or several in a .npz", size-end)
	}
	return x, err
}

// readArchive reads an array of a .npz.
func (p *predicting) readArchive(file *os.File, size int64) (*tensor.Tensor, error) {
	a, err := npy.OpenArchive(file, size, npy.BFloat16)
	if err != nil {
		return nil, err
	}
	name := p.array
	if names := a.Names(); name == "" {
		switch len(names) {
		case 0:
			return nil, errors.New("an archive without arrays: want a .npz with one of samples")
		case 1:
		default:
			return nil, fmt.Errorf("an archive of %d arrays (%s): want --array NAME", len(names), shortList(names))
		}
		name = names[0]
	}
	h, err := a.Header(name)
	if err != nil {
		return nil, err
	}
	spec, err := h.Spec(npy.BFloat16)
	if err != nil {
		return nil, fmt.Errorf("array %s: %w", name, err)
	}
	if n := int64(spec.Bytes()); n > max(size, p.memory.ofFile(size)) {
		return nil, fmt.Errorf("array %s: %v of %d bytes in a file of %d: want --memory %dMB to allow so much", name, spec, n, size, n>>20+1)
	}
	return a.Tensor(name)
}

// shortList joins names, the first of them.
func shortList(names []string) string {
	const most = 10
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}

// shape brings x into the shape that the model takes.
func (s *samples) shape(m *trained) error {
	in, known := m.input()
	got := s.x.Shape()
	if !known || s.alone {
		if got.Rank() == 0 {
			return fmt.Errorf("array is %v: want samples along the first axis", s.x.Spec())
		}
		return nil
	}
	n := 1
	switch {
	case got.Rank() > 0 && sameBut1(got.From(1), in.Shape):
		n = got.At(0)
	case sameBut1(got, in.Shape):
		s.alone = true
	case got.Rank() == 2 && in.Shape.Rank() > 0 && got.At(1) == in.Shape.Size()+1:
		return fmt.Errorf("array is %v: want samples of %v along the first axis, %d numbers each; cut off the column of labels", s.x.Spec(), in.Shape, in.Shape.Size())
	default:
		return fmt.Errorf("array is %v: want samples of %v along the first axis", s.x.Spec(), in.Shape)
	}
	if n == 0 {
		return fmt.Errorf("array is %v: want one sample or more", s.x.Spec())
	}
	var err error
	s.x, err = s.x.Reshape(append([]int{n}, in.Shape.Slice()...)...)
	return err
}

// convert gives x a dtype that the model takes, and scales it.
func (s *samples) convert(f factor, m *trained) error {
	in, known := m.input()
	scale := 1.0
	if s.pixels && (!known || in.DType.IsFloat()) {
		scale = m.scale()
	}
	scale = f.or(scale)
	switch {
	case scale != 1:
		if s.x.DType() != tensor.Float64 {
			s.x = s.x.AsType(tensor.Float32)
			for i, v := range tensor.Data[float32](s.x) {
				tensor.Data[float32](s.x)[i] = v * float32(scale)
			}
			break
		}
		s.x = s.x.Clone()
		for i, v := range tensor.Data[float64](s.x) {
			tensor.Data[float64](s.x)[i] = v * scale
		}
	case known && in.DType.IsFloat() && !s.x.DType().IsFloat():
		s.x = s.x.AsType(in.DType)
	}
	if known && !in.DType.IsFloat() && s.x.DType() != in.DType {
		s.x = s.x.AsType(in.DType)
	}
	return nil
}
