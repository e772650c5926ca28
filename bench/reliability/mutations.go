package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	stdimage "image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/glia-ml/glia"
	"github.com/glia-ml/glia/data/idx"
	"github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/interop/keras"
	"github.com/glia-ml/glia/interop/npy"
	"github.com/glia-ml/glia/interop/safetensors"
	"github.com/glia-ml/glia/tensor"
)

// What a reader may take: a fixed part and one that grows with the file.
const (
	freeBytes   = 64 << 20
	timesFile   = 4
	freeTime    = time.Second
	perTenMB    = time.Second
	longestText = 8000 // of an error
)

// A victim is a file that is damaged, and what reads it.
type victim struct {
	name string
	file []byte
	read func(b []byte) error
}

// mutations damages files at random. Whatever they hold then, a reader must not panic,
// nor take more memory or time than the file's size accounts for, nor leave a model
// changed if it returns an error.
func mutations(r *report) error {
	rnd := rand.New(rand.NewPCG(r.seed, 1))
	victims, err := victims(r)
	if err != nil {
		return err
	}
	slow := 0
	for !r.over() {
		for _, v := range victims {
			seed := rnd.Uint64()
			b := damage(rand.New(rand.NewPCG(seed, 2)), v.file)
			if r.try(v, b, seed) {
				slow++
			}
			r.count(v.name, "files", 1)
		}
	}
	r.count("took longer than the limit", "files", slow)
	return nil
}

// try reads a damaged file, and reports whether that took too long, which says little on
// a busy machine and is no failure.
func (r *report) try(v victim, b []byte, seed uint64) (slow bool) {
	defer func() {
		if p := recover(); p != nil {
			r.keep(v, b, seed, fmt.Sprintf("panic: %v", p))
		}
	}()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	err := v.read(b)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	var changed *changedError
	if asChanged(err, &changed) {
		r.keep(v, b, seed, changed.Error())
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > freeBytes+timesFile*uint64(len(b)) {
		r.keep(v, b, seed, fmt.Sprintf("%d bytes of memory for a file of %d (%v)", n, len(b), err))
	}
	if err != nil && len(err.Error()) > longestText {
		r.keep(v, b, seed, fmt.Sprintf("an error of %d bytes", len(err.Error())))
	}
	return took > freeTime+perTenMB*time.Duration(len(b))/(10<<20)
}

// keep notes a failure and keeps its file.
func (r *report) keep(v victim, b []byte, seed uint64, why string) {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("glia-%x-%s", seed, filepath.Base(v.name)))
	if err := os.WriteFile(path, b, 0o666); err != nil {
		path = err.Error()
	}
	r.failf("%s: %s; the file is %s", v.name, why, path)
}

// changedError tells of a reader that returned an error and changed the model.
type changedError struct{ read, state error }

func (e *changedError) Error() string { return fmt.Sprintf("%v, after the error %v", e.state, e.read) }

func asChanged(err error, to **changedError) bool {
	c, ok := err.(*changedError)
	*to = c
	return ok
}

// victims lists files of every format.
func victims(r *report) ([]victim, error) {
	m, err := small(1)
	if err != nil {
		return nil, err
	}
	var all []victim
	for _, f := range []keras.Format{keras.Archive, keras.HDF5, keras.WeightsHDF5, keras.Safetensors, keras.NPZ} {
		var file bytes.Buffer
		if err := m.SaveTo(&file, f); err != nil {
			return nil, err
		}
		into, err := small(2)
		if err != nil {
			return nil, err
		}
		was := stateOf(into)
		all = append(all, victim{f.String() + " into a model", file.Bytes(), func(b []byte) error {
			err := into.LoadWeightsBytes(b)
			if err == nil {
				was = stateOf(into)
			} else if state := was.check(); state != nil {
				was = stateOf(into)
				return &changedError{err, state}
			}
			return err
		}})
		if f.Whole() {
			all = append(all, victim{f.String() + " as a model", file.Bytes(), func(b []byte) error {
				m, err := glia.LoadBytes(b)
				if err != nil {
					return err
				}
				_, err = m.Predict(tensor.New(tensor.Float32, 1, 4))
				return err
			}})
		}
	}
	backup, err := backupVictim(r)
	if err != nil {
		return nil, err
	}
	all = append(all, backup)
	return append(all, otherVictims()...), nil
}

// otherVictims lists files that hold no model.
func otherVictims() []victim {
	x := tensor.New(tensor.Float32, 5, 3)
	var array, archive, tensors, images bytes.Buffer
	z := npy.NewArchiveWriter(&archive, npy.Deflate)
	must(npy.Write(&array, x), z.Add("a", x), z.Add("b", x), z.Close(),
		safetensors.Write(&tensors, []safetensors.Entry{{Name: "a", Tensor: x}}, map[string]string{"k": "v"}),
		idx.Write(&images, tensor.New(tensor.Uint8, 3, 4, 4)))
	return []victim{
		{"npy", array.Bytes(), func(b []byte) error { _, err := npy.Read(bytes.NewReader(b)); return err }},
		{"npz", archive.Bytes(), func(b []byte) error {
			a, err := npy.OpenArchive(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				return err
			}
			for _, name := range a.Names() {
				if _, err := a.Tensor(name); err != nil {
					return err
				}
			}
			return nil
		}},
		{"safetensors", tensors.Bytes(), func(b []byte) error {
			f, err := safetensors.New(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				return err
			}
			for _, name := range f.Names() {
				if _, err := f.Tensor(name); err != nil {
					return err
				}
			}
			return nil
		}},
		{"idx", images.Bytes(), func(b []byte) error { _, err := idx.Read(bytes.NewReader(b), 0); return err }},
		{"png", picture(), func(b []byte) error { _, err := image.Decode(bytes.NewReader(b)); return err }},
	}
}

// backupVictim damages the backup of a training that is then resumed.
func backupVictim(r *report) (victim, error) {
	dir := filepath.Join(r.work, "backup")
	path := filepath.Join(dir, "backup.safetensors")
	ds, err := samples(16, 3)
	if err != nil {
		return victim{}, err
	}
	cut := fmt.Errorf("interrupted")
	m, err := small(3)
	if err != nil {
		return victim{}, err
	}
	_, err = m.Fit(ds, glia.BatchSize(8), glia.Epochs(3), glia.Use(glia.BackupAndRestore(dir),
		glia.Callback{OnEpochBegin: func(_ *glia.Model, epoch int) error {
			if epoch == 2 {
				return cut
			}
			return nil
		}}))
	file, readErr := os.ReadFile(path)
	if readErr != nil {
		return victim{}, fmt.Errorf("no backup (%v) after %v", readErr, err)
	}
	return victim{"backup", file, func(b []byte) error {
		if err := os.WriteFile(path, b, 0o666); err != nil {
			return err
		}
		was := stateOf(m)
		begun := false
		_, err := m.Fit(ds, glia.BatchSize(8), glia.Epochs(3), glia.Use(glia.BackupAndRestore(dir),
			glia.Callback{OnBatchEnd: func(*glia.Model, int, int, float64) error { begun = true; return nil }}))
		if state := was.check(); err != nil && !begun && state != nil {
			return &changedError{err, state}
		}
		return err
	}}, nil
}

// damage returns a copy of a file with up to eight faults.
func damage(r *rand.Rand, file []byte) []byte {
	b := bytes.Clone(file)
	for range 1 + r.IntN(8) {
		if len(b) == 0 {
			break
		}
		at := r.IntN(len(b))
		n := min(1+r.IntN(64), len(b)-at)
		switch r.IntN(9) {
		case 0:
			b[at] ^= 1 << r.IntN(8)
		case 1:
			b[at] = byte(r.Uint32())
		case 2: // a run of zeros or ones
			fill := byte(-(r.IntN(2)))
			for i := range n {
				b[at+i] = fill
			}
		case 3: // a length that lies
			if at+8 <= len(b) {
				binary.LittleEndian.PutUint64(b[at:], []uint64{0, 1, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 40, 1<<63 - 1, 1<<64 - 1}[r.IntN(8)])
			}
		case 4:
			if at+4 <= len(b) {
				binary.LittleEndian.PutUint32(b[at:], []uint32{0, 1, 1 << 16, 1<<31 - 1, 1 << 31, 1<<32 - 1}[r.IntN(6)])
			}
		case 5: // one part over another
			copy(b[at:at+n], b[r.IntN(len(b)):])
		case 6: // left out
			b = append(b[:at], b[at+n:]...)
		case 7: // twice
			b = append(b[:at+n], b[at:]...)
		case 8:
			if r.IntN(4) == 0 {
				b = b[:at]
			} else { // a digit of a text that is another
				for i := at; i < len(b); i++ {
					if b[i] >= '0' && b[i] <= '9' {
						b[i] = '0' + byte(r.IntN(10))
						break
					}
				}
			}
		}
	}
	return b
}

func must(errs ...error) {
	for _, err := range errs {
		if err != nil {
			panic(err)
		}
	}
}

// picture returns a PNG of a few pixels.
func picture() []byte {
	p := stdimage.NewNRGBA(stdimage.Rect(0, 0, 9, 7))
	for i := range p.Pix {
		p.Pix[i] = byte(i * 37)
	}
	p.Set(1, 1, color.White)
	var b bytes.Buffer
	must(png.Encode(&b, p))
	return b.Bytes()
}
