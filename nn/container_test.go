package nn_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

// TestNetworkTooLarge refuses networks that are small to write and have no end to trace.
func TestNetworkTooLarge(t *testing.T) {
	doubled := nn.Sequential(nn.Dense(1))
	for range 40 {
		doubled = nn.Sequential(doubled, doubled)
	}
	a := nn.Sequential(nn.Dense(1))
	a.Add(nn.Sequential(nn.Sequential(a)))
	first := nn.Sequential()
	first.Add(nn.Sequential(first))
	wrapped := nn.Sequential()
	wrapped.Add(&Skip{Inner: wrapped})
	for _, c := range []struct {
		name string
		net  *nn.Network
		want string
	}{
		{"doubled", doubled, "nn.Sequential: more than 1048576 applications of layers"},
		{"in itself", a, "nn.Sequential: the network is in itself"},
		{"in a wrapper in itself", wrapped, "nn.Sequential: the network is in itself"},
		{"in itself, in front", first, "nn.Sequential: the network is in itself"},
	} {
		for _, f := range []func(){func() { c.net.Build(nn.NewBuilder(1), f32(5, 6)) }, func() { c.net.Declared() }} {
			if err := graph.Catch(f); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error %v, want %s", c.name, err, c.want)
			}
		}
	}
	few := nn.Sequential(nn.Dense(6))
	for range 10 {
		few = nn.Sequential(few, few)
	}
	built(t, few, f32(5, 6))
}

// TestOutputNames gives the outputs of one layer names of their own.
func TestOutputNames(t *testing.T) {
	x := nn.Apply(nn.Input(2))
	shared := nn.Dense(2, nn.Name("a"))
	once, twice := nn.Apply(shared, x), nn.Apply(shared, nn.Apply(nn.Flatten(nn.Name("f")), x))
	other := nn.Apply(nn.Dense(1, nn.Name("a_1")), x)
	net := nn.Functional([]*nn.Symbol{x}, []*nn.Symbol{once, twice, other, once, x})
	if got, want := net.OutputNames(), []string{"a", "a_2", "a_1", "a_3", "input_layer"}; !slices.Equal(got, want) {
		t.Errorf("outputs %q, want %q", got, want)
	}
}

// twoParts is a layer of the user's with parts: y = first(x) + second(x). It says nothing of
// them but by building them.
type twoParts struct {
	nn.Base
	first, second nn.Layer
	gain          *graph.Var
}

func (p *twoParts) Build(b *nn.Builder, in tensor.Spec) {
	b.Build("first", p.first, in)
	b.Build("second", p.second, in)
	p.gain = b.Param("gain", tensor.D(2), nn.Ones)
}

func (p *twoParts) Call(c *nn.Ctx, x *graph.Node) *graph.Node {
	return ops.Mul(ops.Add(c.Trace(p.first, x), c.Trace(p.second, x)), c.Value(p.gain))
}

// unnamed is a twoParts without a [nn.Base].
type unnamed struct{ p twoParts }

func (u *unnamed) Build(b *nn.Builder, in tensor.Spec)       { u.p.Build(b, in) }
func (u *unnamed) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return u.p.Call(c, x) }

// TestFrozenParts trains layers that are not frozen, neither themselves nor by a container,
// also if that changes after the network was built.
func TestFrozenParts(t *testing.T) {
	inner := nn.Dense(2, nn.Name("inner"))
	p := &twoParts{first: nn.Dense(2, nn.Frozen), second: nn.Sequential(nn.PReLU(nn.Frozen), inner)}
	u := &unnamed{twoParts{first: nn.Dense(2, nn.Frozen), second: nn.Dense(2)}}
	net := nn.Sequential(p, u)
	if err := graph.Catch(func() { net.Build(nn.NewBuilder(1), f32(3, 2)) }); err != nil {
		t.Fatal(err)
	}
	var before []*graph.Var
	check := func(what, want string) {
		t.Helper()
		if net.Trains(before) {
			t.Errorf("%s: Trains says that nothing changed", what)
		}
		before = net.Params()
		if !net.Trains(before) || len(before) > 0 && net.Trains(before[1:]) {
			t.Errorf("%s: Trains of what Params returns, or less, is wrong", what)
		}
		var got []string
		for _, v := range before {
			got = append(got, v.Path)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: %s are trained, want %s", what, s, want)
		}
	}
	inside := " two_parts/second/inner/kernel two_parts/second/inner/bias"
	rest := " unnamed/gain unnamed/second/kernel unnamed/second/bias"
	check("as built", "two_parts/gain"+inside+rest)
	inner.Frozen = true
	check("a part of a part frozen", "two_parts/gain"+rest)
	inner.Frozen = false
	p.first.(*nn.DenseLayer).Frozen = false
	check("a part thawed", "two_parts/gain two_parts/first/kernel two_parts/first/bias"+inside+rest)
	p.Frozen = true
	check("the container frozen", strings.TrimSpace(rest))
	net.Frozen = true
	check("the network frozen", "")
	net.Frozen, p.Frozen = false, false
	check("all but the first parts thawed", "two_parts/gain two_parts/first/kernel two_parts/first/bias"+inside+rest)

	var paths []string
	for _, v := range net.Vars() {
		paths = append(paths, v.Path)
	}
	if got, want := len(paths), 1+2+1+2+1+2+2; got != want {
		t.Errorf("%d variables %v, want %d", got, paths, want)
	}
	parts := net.Records()[0].Parts
	if len(parts) != 2 || parts[1].Path != "two_parts/second" || len(parts[1].Parts) != 2 || parts[1].Parts[1].Out[0] != f32(3, 2) {
		t.Errorf("the records of parts are %+v", parts)
	}
}

// TestNilParts builds and traces a layer one of whose parts is nil, as a file may have it.
func TestNilParts(t *testing.T) {
	for _, second := range []nn.Layer{nil, (*nn.DenseLayer)(nil)} {
		p := &twoParts{first: nn.Dense(2), second: second}
		err := graph.Catch(func() { nn.Sequential(p).Build(nn.NewBuilder(1), f32(3, 2)) })
		if err == nil || !strings.Contains(err.Error(), "second is nil: want a layer") {
			t.Errorf("built: error %v", err)
		}
		g := graph.New()
		err = graph.Catch(func() { nn.NewCtx(g, nil).Trace(second, g.Input("x", f32(3, 2))) })
		if err == nil || !strings.Contains(err.Error(), "is nil: want a layer") {
			t.Errorf("traced: error %v", err)
		}
	}
}
