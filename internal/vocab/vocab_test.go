package vocab_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/internal/vocab"
)

type shape interface{ area() float64 }

type Common struct {
	Name string `json:"name,omitempty"`
}

type rect struct {
	Common
	W     float64 `json:"width"`
	H     float64 `json:"height"`
	Color color   `json:"color"`
	Own   bool    `json:"own,omitempty"`
	Side  *int    `json:"side,omitempty"`
	note  string
}

func (r *rect) area() float64 { return r.W * r.H }

type other struct{ rect }

// color is a setting whose values have a table of their own.
type color string

func (c *color) UnmarshalJSON(b []byte) error {
	name, config, err := vocab.Decode(b)
	if err != nil {
		return err
	}
	*c, err = colors.Make(name, config)
	return err
}

var colors = vocab.Table[color]{Kind: "color", Classes: []vocab.Class[color]{{Name: "red", New: vocab.Plain(color("red"))}}}

var shapes = vocab.Table[shape]{
	Kind: "shape", Module: "geo.shapes", Fold: vocab.SnakeCase, Fixed: map[string]string{"dtype": ""},
	Classes: []vocab.Class[shape]{{
		Name: "BigRect", Aliases: []string{"box"}, Fixed: map[string]string{"unit": `"m"`, "dims": "2", "side": ""}, Own: []string{"own"},
		New: vocab.Into[shape](func() *rect { return &rect{H: 2} }),
	}},
}

func TestMake(t *testing.T) {
	for _, c := range []struct{ class, config, want string }{
		{"BigRect", `{"width": 3}`, "6"},
		{"big_rect", `{"width": 3, "height": 1, "dtype": {"a": 1}, "unit": "m", "dims": 2.0, "more": null, "less": false}`, "3"},
		{"box", ``, "0"},
		{"box", `null`, "0"},
		{"box", `{"width": null}`, "0"},
		{"Box", `{}`, `shape "Box": want what glia has of Keras`},
		{"box", `{"width": "x"}`, `config of box: width: "x": want a number`},
		{"box", `{"width": [1, 2], "height": {"class_name": "Random"}}`,
			`option "BigRect.width [1, 2]", option "BigRect.height {\"class_name\": \"Random\"}": want what glia has of Keras`},
		{"box", `{"width": 2, "height": 3, "side": [1]}`, "6"},
		{"box", `{"side": "a"}`, "0"},
		{"box", `[1]`, `config of box: [1]: want an object`},
		{"box", `{"width": 1`, `config of box: {"width": 1: want JSON`},
		{"box", `{"unit": "km", "x_constraint": {"class_name": "Max", "config": {}}, "deep": {"class_name": "A"}, "color": {"class_name": "blue", "config": {}}, "n": 0}`,
			`color: color "blue", option "BigRect.deep", option "BigRect.n", option "BigRect.unit", x_constraint: constraint "Max": want what glia has of Keras`},
	} {
		s, err := shapes.Make(c.class, []byte(c.config))
		got := fmt.Sprint(err)
		if err == nil {
			got = fmt.Sprint(s.area())
			if side := s.(*rect).Side; side != nil {
				t.Errorf("%s %s: side is %d, want none", c.class, c.config, *side)
			}
		}
		if got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.class, c.config, got, c.want)
		}
	}
	var m *vocab.MissingError
	if _, err := shapes.Make("Cube", nil); !errors.As(err, &m) || m.Items[0] != (vocab.Missing{Kind: "shape", Name: "Cube"}) {
		t.Errorf("error is %v, want a MissingError", err)
	}
}

func TestSerialize(t *testing.T) {
	o, err := shapes.Serialize(&rect{Common: Common{"r"}, W: 3, H: 0.5, Color: "red", note: "not written"}, "BigRect")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(o)
	if want := `{"module":"geo.shapes","class_name":"BigRect","config":{"name":"r","width":3.0,"height":0.5,"color":"red"},"registered_name":null}`; string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
	for _, c := range []struct {
		v           shape
		class, want string
	}{
		{&rect{}, "Cube", `shape "Cube" (*vocab_test.rect): Keras has none of that class`},
		{&rect{Color: "red", Own: true}, "BigRect", "own: Keras's BigRect has no such setting"},
		{&other{rect{Color: "red"}}, "BigRect", "want a *vocab_test.rect"},
		{&rect{Color: "blue"}, "BigRect", `color "blue"`},
	} {
		if _, err := shapes.Serialize(c.v, c.class); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q", c.v, err, c.want)
		}
	}
}

// dot is a shape whose radius Keras wants as a number.
type dot struct {
	Radius *float64 `json:"radius"`
	Rim    *float64 `json:"rim"`
}

func (*dot) area() float64 { return 0 }

func TestSerializeNumbers(t *testing.T) {
	dots := vocab.Table[shape]{Kind: "shape", Classes: []vocab.Class[shape]{
		{Name: "Dot", Numbers: []string{"radius"}, New: vocab.Into[shape](func() *dot { return &dot{} })},
	}}
	half := 0.5
	for want, d := range map[string]*dot{`{"radius":0.0,"rim":null}`: {}, `{"radius":0.5,"rim":0.5}`: {&half, &half}} {
		if o, err := dots.Serialize(d, "Dot"); err != nil || string(o.Config) != want {
			t.Errorf("got %s (%v), want %s", o.Config, err, want)
		}
	}
}

func TestMarshal(t *testing.T) {
	two := 2.0
	for want, v := range map[string]any{
		`1.0`:                      1.0,
		`1e-7`:                     1e-7,
		`1e+21`:                    1e21,
		`[1.0,0.5]`:                []float64{1, 0.5},
		`null`:                     []float64(nil),
		`{"a":2.0,"b":2,"c":null}`: map[string]any{"a": &two, "b": 2, "c": nil},
		`{"a":2.0,"c":[1.0],"d":"x"}`: struct {
			A *float64  `json:"a"`
			B *float64  `json:"b,omitempty"`
			C []float64 `json:"c"`
			D string    `json:"d"`
			E int
		}{A: &two, C: []float64{1}, D: "x"},
	} {
		got, err := vocab.Marshal(v)
		if err != nil || string(got) != want {
			t.Errorf("%v is %s (%v), want %s", v, got, err, want)
		}
	}
}

func TestDecode(t *testing.T) {
	for text, want := range map[string][2]string{
		`null`:   {"", ""},
		`"relu"`: {"relu", ""},
		` {"class_name": "A", "config": {"b":1}}`:                                 {"A", `{"b":1}`},
		`{"class_name":"function","config":"f"}`:                                  {"f", ""},
		`{"class_name":"A"}`:                                                      {"A", ""},
		`{"value":["4wEAAA==",null,null]}`:                                        {"__lambda__", ""},
		`{"module":"builtins","class_name":"__lambda__","config":{}}`:             {"__lambda__", "{}"},
		`{"module":"builtins","class_name":"function","config":"f"}`:              {"f", ""},
		`{"module":"keras.regularizers","class_name":"A","registered_name":null}`: {"A", ""},
		`{"module":"keras","class_name":"A","registered_name":"A"}`:               {"A", ""},
		`{"module":null,"class_name":"A","registered_name":null}`:                 {"A", ""},
		`{"module":null,"class_name":"A","registered_name":"A"}`:                  {"Custom>A", ""},
		`{"class_name":"A","registered_name":"A"}`:                                {"Custom>A", ""},
		`{"module":"mine","class_name":"A","registered_name":"A"}`:                {"mine>A", ""},
		`{"module":"mine","class_name":"A"}`:                                      {"mine>A", ""},
		`{"module":"keras.layers","class_name":"A","registered_name":"mine>A"}`:   {"mine>A", ""},
	} {
		name, config, err := vocab.Decode([]byte(text))
		if err != nil || name != want[0] || string(config) != want[1] {
			t.Errorf("%s: got %q, %s (%v), want %q", text, name, config, err, want)
		}
	}
	for _, text := range []string{``, `3`, `[]`, `{`, `{}`, `{"class_name":2}`, `{"class_name":"A","module":1}`, `{"class_name":"A","registered_name":[1]}`, `"`} {
		if name, _, err := vocab.Decode([]byte(text)); err == nil {
			t.Errorf("%s is no error but %q", text, name)
		}
	}
}

// FuzzMembers compares with encoding/json.
func FuzzMembers(f *testing.F) {
	for _, s := range []string{`{}`, ` { "a" : 1 , "b":[ 1,{"c":"}\""} ], "a":null } `, `[1, "x" ,{},[],-1e3]`, `{"\u0061":"\\"}`, `{"a":{"b":[[]]}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if !json.Valid(b) {
			return
		}
		var m map[string]json.RawMessage
		if err := json.Unmarshal(b, &m); err == nil && m != nil {
			if got, err := vocab.Members(b); err != nil || !reflect.DeepEqual(got, m) {
				t.Errorf("%s: members %s (%v), want %s", b, got, err, m)
			}
		}
		var l []json.RawMessage
		if err := json.Unmarshal(b, &l); err == nil && len(l) > 0 {
			if got, err := vocab.Elements(b); err != nil || !reflect.DeepEqual(got, l) {
				t.Errorf("%s: elements %s (%v), want %s", b, got, err, l)
			}
		}
	})
}

func TestEachMember(t *testing.T) {
	var got []string
	note := func(key []byte, v json.RawMessage) error {
		got = append(got, string(key)+"="+string(v))
		return nil
	}
	if err := vocab.EachMember([]byte(` { "a": 1, "\u0062" : {"c": [2, "}"]} ,"a":"x" } `), note); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a=1", `b={"c": [2, "}"]}`, `a="x"`}; !slices.Equal(got, want) {
		t.Errorf("members %q, want %q", got, want)
	}
	stop := errors.New("stop")
	if err := vocab.EachMember([]byte(`{"a": 1, "b": 2}`), func([]byte, json.RawMessage) error { return stop }); err != stop {
		t.Errorf("error %v, want that of the function", err)
	}
	for _, text := range []string{"", "[]", "1"} {
		if err := vocab.EachMember([]byte(text), note); err == nil || !strings.Contains(err.Error(), "want an object") {
			t.Errorf("%q: error %v", text, err)
		}
	}
}

func TestString(t *testing.T) {
	for text, want := range map[string]string{`""`: "", ` "ab" `: "ab", `"a\"\u00e9"`: `a"é`, "\"\xff\"": "\ufffd"} {
		if got, err := vocab.String([]byte(text)); err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", text, got, want, err)
		}
	}
	for _, text := range []string{"", "null", "1", "{}"} {
		if _, err := vocab.String([]byte(text)); err == nil || !strings.Contains(err.Error(), "want a string") {
			t.Errorf("%q: error %v", text, err)
		}
	}
}
