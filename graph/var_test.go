package graph_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/tensor"
)

// memory is a home that holds a number.
type memory struct {
	value   float32
	fetched int
	err     error
}

func (m *memory) Fetch(t *tensor.Tensor) error {
	m.fetched++
	if m.err == nil {
		tensor.Data[float32](t)[0] = m.value
	}
	return m.err
}

// TestVarHome follows the newest value from the host to a device and back.
func TestVarHome(t *testing.T) {
	v := graph.NewVar("w", tensor.Of[float32](1))
	if h, current := v.Home(); h != nil || current {
		t.Errorf("a new variable has home %v, current %v, want none", h, current)
	}
	m := &memory{value: 2}
	at := func(when string, current bool, value float32, fetched int) {
		t.Helper()
		if h, got := v.Home(); h != m || got != current {
			t.Errorf("%s: home %v, current %v, want %v, %v", when, h, got, m, current)
		}
		for range 2 {
			if got := tensor.Data[float32](v.Tensor())[0]; got != value || m.fetched != fetched {
				t.Errorf("%s: value %v after %d fetches, want %v after %d", when, got, m.fetched, value, fetched)
			}
		}
	}
	v.Keep(m)
	at("kept", true, 1, 0)
	v.Moved(m)
	at("moved", true, 2, 1)
	v.Write(func(t *tensor.Tensor) { tensor.Data[float32](t)[0]++ })
	at("written", false, 3, 1)
	m.value = 5
	v.Moved(m)
	v.Write(func(t *tensor.Tensor) { tensor.Data[float32](t)[0]++ }) // of the newest
	at("written after a move", false, 6, 2)
	v.Moved(m)
	if err := v.Set(tensor.Of[float32](9)); err != nil { // which needs no fetch
		t.Fatal(err)
	}
	at("set", false, 9, 2)

	m.err = errors.New("unplugged")
	v.Moved(m)
	want := "variable w: fetching it from its device: unplugged"
	if err := v.Fetch(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Fetch: got %v, want %q", err, want)
	}
	if err := graph.Catch(func() { v.Tensor() }); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Tensor: got %v, want %q", err, want)
	}
}

// TestVersion wants a new number for each new value, and the old one for the same.
func TestVersion(t *testing.T) {
	v, m := graph.NewVar("w", tensor.Of[float32](1)), &memory{value: 2}
	last := v.Version()
	for _, c := range []struct {
		name  string
		do    func()
		wants bool
	}{
		{"Set", func() { v.Set(tensor.Of[float32](3)) }, true},
		{"a Set that fails", func() { v.Set(tensor.Of[float32](3, 4)) }, false},
		{"Write", func() { v.Write(func(*tensor.Tensor) {}) }, true},
		{"Clear", v.Clear, true},
		{"Wrote", v.Wrote, true},
		{"Value", func() { v.Value() }, false},
		{"Keep", func() { v.Keep(m) }, false},
		{"Moved", func() { v.Moved(m) }, true},
		{"Fetch", func() { v.Fetch() }, false},
	} {
		c.do()
		if changed := v.Version() != last; changed != c.wants {
			t.Errorf("%s: the version changes: %v, want %v", c.name, changed, c.wants)
		}
		last = v.Version()
	}
}

// TestZeroVar takes memory for a variable when its value is asked for.
func TestZeroVar(t *testing.T) {
	huge := tensor.S(tensor.Float64, 1<<24, 1<<10)
	if got := graph.NewZeroVar("huge", huge).Spec(); got != huge {
		t.Errorf("spec %v, want %v", got, huge)
	}
	a, b := graph.NewZeroVar("a", tensor.S(tensor.Float32, 2)), graph.NewZeroVar("b", tensor.S(tensor.Float32, 2))
	memory := a.Tensor()
	if got := a.Value(); !tensor.Equal(got, tensor.Of[float32](0, 0)) || a.Tensor() != memory {
		t.Errorf("value %v, want zeros, in the same memory always", got)
	}
	if err := b.Set(tensor.Of[float32](1, 2)); err != nil || !tensor.Equal(b.Value(), tensor.Of[float32](1, 2)) {
		t.Errorf("value %v (%v), want what was set", b.Value(), err)
	}
	g := graph.New()
	if n := g.Value(graph.NewZeroVar("c", tensor.S(tensor.Float32, 3))); n.Spec() != tensor.S(tensor.Float32, 3) {
		t.Errorf("in a graph it is %v", n.Spec())
	}
}
