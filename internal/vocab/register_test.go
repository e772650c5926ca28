package vocab_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/glia-ml/glia/internal/vocab"
)

// node is of a table whose values hold others.
type node interface{ deep() int }

type leaf struct {
	N int `json:"n"`
}

func (l *leaf) deep() int { return l.N }

type branch struct {
	Only node   `json:"only"`
	All  []node `json:"all"`
}

func (b *branch) deep() (n int) {
	for _, c := range append(b.All, b.Only) {
		if c != nil {
			n = max(n, c.deep())
		}
	}
	return n + 1
}

var nodes = vocab.Table[node]{Kind: "node", Module: "keras.nodes"}

func init() {
	nodes.Add(vocab.Class[node]{Name: "Leaf", New: vocab.Into[node](func() *leaf { return &leaf{} })})
	nodes.Register("trees>Branch", func() node { return &branch{} })
	nodes.Fields(func(n node) (*vocab.Object, error) { return nodes.Serialize(n, "Leaf") })
}

// TestFields reads and writes values in values, in lists too.
func TestFields(t *testing.T) {
	b := &branch{Only: &branch{Only: &leaf{3}}, All: []node{&leaf{7}, nil, &branch{}}}
	o, err := nodes.Serialize(b, "Branch")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	leafOf := func(n int) string {
		return fmt.Sprintf(`{"module":"keras.nodes","class_name":"Leaf","config":{"n":%d},"registered_name":null}`, n)
	}
	branchOf := func(only, all string) string {
		return `{"module":null,"class_name":"Branch","config":{"only":` + only + `,"all":` + all + `},"registered_name":"trees\u003eBranch"}`
	}
	want := branchOf(branchOf(leafOf(3), "null"), "["+leafOf(7)+",null,"+branchOf("null", "null")+"]")
	if string(text) != want {
		t.Fatalf("got  %s\nwant %s", text, want)
	}
	back, err := nodes.Unmarshal(text)
	if err != nil || back.deep() != b.deep() || back.(*branch).All[1] != nil {
		t.Errorf("read again it is %+v (%v), want %+v", back, err, b)
	}
	for text, want := range map[string]string{
		branchOf(`{"class_name":"Root"}`, "null"):                      `only: node "Root"`,
		branchOf("null", "["+branchOf(leafOf(1), "3")+"]"):             `all: element 0: config of trees>Branch: all: 3: want a list`,
		branchOf("null", `[{"class_name":"Leaf","config":{"n":"x"}}]`): `all: element 0: config of Leaf: n: "x": want a whole number`,
		branchOf("7", "null"):                                          `only: node: 7: want a name or an object`,
	} {
		if _, err := nodes.Unmarshal([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
}

type twig struct{ leaf }

func three() int { return 3 }
func four() int  { return 4 }

// made is short enough to be inlined, so that there are copies of its closure.
func made(n int) func() int { return func() int { return n } }

// TestRegister registers from many goroutines, again, and for another.
func TestRegister(t *testing.T) {
	table := vocab.Table[node]{Kind: "node", Module: "keras.nodes"}
	table.Add(vocab.Class[node]{Name: "Leaf", New: vocab.Into[node](func() *leaf { return &leaf{} })})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			table.Register("Twig", func() node { return &twig{} })
			table.RegisterValue("mine>three", node(&leaf{3}), three)
			table.RegisterValue("mine>made", node(&leaf{4}), made(1))
			table.RegisterValue("mine>made", node(&leaf{4}), made(2)) // the same, with other values
			for _, name := range []string{"Twig", "Custom>Twig", "mine>three", "Leaf"} {
				if _, err := table.Make(name, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := table.Registered(&twig{}); got != "Custom>Twig" {
		t.Errorf("a twig is registered as %q, want Custom>Twig", got)
	}
	if got := len(table.Classes); got != 4 {
		t.Errorf("%d classes, want 4", got)
	}
	for want, f := range map[string]func(){
		`node "Custom>Twig" is of type *vocab_test.branch: it is registered for *vocab_test.twig`: func() { table.Register("Twig", func() node { return &branch{} }) },
		`*vocab_test.twig as node "mine>Twig": it is registered as "Custom>Twig"`:                 func() { table.Register("mine>Twig", func() node { return &twig{} }) },
		`"mine>": want a name`:                               func() { table.Register("mine>", func() node { return &branch{} }) },
		`">Branch": want a name`:                             func() { table.Register(">Branch", func() node { return &branch{} }) },
		`node "Custom>": want a name`:                        func() { table.Register("", func() node { return &branch{} }) },
		`the function returns nil`:                           func() { table.Register("nil", func() node { return (*twig)(nil) }) },
		`Register: node "nil": the function is nil`:          func() { table.Register("nil", nil) },
		`node "Leaf" of type *vocab_test.twig: glia has one`: func() { table.Register("keras.nodes>Leaf", func() node { return &twig{} }) },
		`"keras.nodes>": want a name`:                        func() { table.Register("keras.nodes>", func() node { return &branch{} }) },
		`want a package of your own before Leaf`:             func() { table.RegisterValue("keras.nodes>Leaf", &leaf{}, three) },
		`node "mine>three": the name is registered for another function, of register_test.go:`: func() { table.RegisterValue("mine>three", &leaf{}, four) },
		`node "mine>made": the name is registered for another function`:                        func() { table.RegisterValue("mine>made", &leaf{}, three) },
		`two classes of nodes named Leaf`:                                                      func() { table.Add(vocab.Class[node]{Name: "Leaf"}) },
	} {
		func() {
			defer func() {
				if e := fmt.Sprint(recover()); !strings.Contains(e, want) {
					t.Errorf("panic %s, want %q", e, want)
				}
			}()
			f()
		}()
	}
}

// TestRegisterKeras registers a type as one of Keras's own classes, from another package
// than the table's.
func TestRegisterKeras(t *testing.T) {
	table := vocab.Table[node]{Kind: "node", Module: "keras.nodes", Common: map[string]string{"name": ""}}
	for range 2 {
		table.Register("keras.nodes>Sprig", func() node { return &twig{leaf{2}} })
	}
	v, err := table.Unmarshal([]byte(`{"module":"keras.nodes","class_name":"Sprig","config":{"name":"s"},"registered_name":null}`))
	if err != nil || v.(*twig).N != 2 {
		t.Fatalf("got %v (%v), want a twig of 2", v, err)
	}
	v.(*twig).N = 5
	o, err := table.Serialize(v, "twig")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(o)
	if want := `{"module":"keras.nodes","class_name":"Sprig","config":{"n":5},"registered_name":null}`; err != nil || string(text) != want {
		t.Errorf("got  %s (%v)\nwant %s", text, err, want)
	}
	if got := table.Registered(v); got != "Sprig" {
		t.Errorf("a twig is registered as %q, want Sprig", got)
	}
	if table.Find("keras.nodes>Sprig") != nil || table.Find("Custom>Sprig") != nil {
		t.Error("Sprig is found in a package of the user's")
	}
}
