package keras

import (
	"io"
	"sync"

	"github.com/glia-ml/glia/tensor"
)

// converted is a source whose elements become those of another dtype as they are
// written, as [tensor.Convert] does.
type converted struct {
	src   tensor.Source
	dtype tensor.DType
}

// Spec implements tensor.Source.
func (c *converted) Spec() tensor.Spec {
	return tensor.Spec{DType: c.dtype, Shape: c.src.Spec().Shape}
}

// WriteTo implements tensor.Source.
func (c *converted) WriteTo(w io.Writer) (int64, error) {
	room := rooms.Get().(*room)
	defer rooms.Put(room)
	conv := &converter{w: w, from: c.src.Spec().DType, to: c.dtype, room: room}
	err := tensor.WriteSource(conv, c.src)
	return conv.n, err
}

// roomFor is how many elements are converted at a time.
const roomFor = 32 << 10

// room holds so many elements before and after.
type room struct{ before, after [roomFor]uint64 }

// rooms are used again.
var rooms = sync.Pool{New: func() any { return new(room) }}

// converter is a writer that passes elements on in another dtype.
type converter struct {
	w        io.Writer
	from, to tensor.DType
	room     *room
	n        int64 // bytes written
}

// Write implements io.Writer, for whole elements.
func (c *converter) Write(p []byte) (n int, err error) {
	for n < len(p) {
		k := min((len(p)-n)/c.from.Size(), roomFor)
		before, err := flat(&c.room.before, c.from, k)
		if err != nil {
			return n, err
		}
		after, err := flat(&c.room.after, c.to, k)
		if err != nil {
			return n, err
		}
		copied := copy(before.Bytes(), p[n:])
		if err := tensor.Convert(after, before); err != nil {
			return n, err
		}
		written, err := after.WriteTo(c.w)
		c.n += written
		if err != nil {
			return n, err
		}
		n += copied
	}
	return n, nil
}

// flat returns a tensor of n elements at the beginning of mem.
func flat(mem *[roomFor]uint64, dt tensor.DType, n int) (*tensor.Tensor, error) {
	return tensor.FromBytes(tensor.S(dt, n), tensor.Of(mem[:]...).Bytes()[:n*dt.Size()])
}
