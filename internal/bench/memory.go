package bench

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/glia-ml/glia/tensor"
)

// stepMemory returns, of the listing of a training step's plan, the bytes of its arena, and those
// of the activations that the gradient needs: the values in the arena that steps up to the one
// that adds the loss to its total compute, and that later steps read. What a later step computes
// again instead is not among them, what it computes again from is.
func stepMemory(listing string) (arena, activations int, err error) {
	type value struct {
		bytes   int
		forward bool
		read    bool // by a later step
	}
	var all []*value
	at := map[string]*value{} // what lies in a place of the arena now
	forward, header := true, false
	for line := range strings.Lines(listing) {
		if !header {
			if _, err := fmt.Sscanf(line, "plan on cpu: %d steps, arena %d bytes", new(int), &arena); err != nil {
				return 0, 0, fmt.Errorf("a plan's listing begins with %q: %w", line, err)
			}
			header = true
			continue
		}
		line = strings.TrimSpace(line)
		where, text, found := strings.Cut(strings.TrimLeft(line, "<-> "), " ")
		switch {
		case !found:
		case strings.HasPrefix(line, "-> loss/total"):
			forward = false
		case !strings.HasPrefix(where, "@"):
		case strings.HasPrefix(line, "<- "):
			where, _, _ = strings.Cut(where, "+")
			if v := at[where]; v != nil && v.forward && !forward {
				v.read = true
			}
		case strings.HasPrefix(line, "-> "):
			bytes, err := bytesOf(text)
			if err != nil {
				return 0, 0, err
			}
			at[where] = &value{bytes: bytes, forward: forward}
			all = append(all, at[where])
		}
	}
	if forward {
		return 0, 0, fmt.Errorf("a plan of %d bytes adds no loss to loss/total", arena)
	}
	for _, v := range all {
		if v.read {
			activations += v.bytes
		}
	}
	return arena, activations, nil
}

// bytesOf returns the bytes of a spec as listings write it: float32[32 10].
func bytesOf(text string) (int, error) {
	name, dims, _ := strings.Cut(strings.TrimSuffix(text, "]"), "[")
	dtype := tensor.ParseDType(name)
	if dtype == tensor.Invalid {
		return 0, fmt.Errorf("a value of %q: want a dtype and dimensions", text)
	}
	n := dtype.Size()
	for d := range strings.FieldsSeq(dims) {
		size, err := strconv.Atoi(d)
		if err != nil {
			return 0, fmt.Errorf("a value of %q: %w", text, err)
		}
		n *= size
	}
	return n, nil
}
