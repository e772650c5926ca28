package keras

import (
	"errors"
	"fmt"
	"strings"

	"github.com/glia-ml/glia/nn"
)

// functionalClass is the class of models of the functional form.
const functionalClass = "Functional"

// inbound is how a layer is applied in a functional model.
type inbound struct {
	Args   []any          `json:"args"`
	Kwargs map[string]any `json:"kwargs"`
}

// symbolic is the JSON of a symbolic tensor.
type symbolic struct {
	Class  string `json:"class_name"`
	Config struct {
		Shape   []*int `json:"shape"`
		DType   string `json:"dtype"`
		History [3]any `json:"keras_history"`
	} `json:"config"`
}

// wired returns how the layers of a network are applied to batches of that length, 0 for any,
// and gives its config the inputs and outputs.
func wired(n *nn.Network, batch int, names []string, config map[string]any) ([][]inbound, error) {
	records, calls := n.Records(), n.Calls()
	if len(records) == 0 {
		return nil, errors.New("a network of the functional form that is not built: want it built")
	}
	of := make([][]inbound, len(names)) // by layers
	for i := range of {
		of[i] = []inbound{}
	}
	number := make([]int, len(calls)) // of a call among those of its layer
	history := func(p nn.Port) [3]any { return [3]any{names[calls[p.Call].Layer], number[p.Call], p.Out} }
	inputs := make([][3]any, len(n.InputNames()))
	for i, c := range calls {
		if c.In[0].Call < 0 {
			inputs[c.In[0].Out] = history(nn.Port{Call: i})
			continue
		}
		number[i] = len(of[c.Layer])
		var in []symbolic
		for _, p := range c.In {
			s := symbolic{Class: "__keras_tensor__"}
			outs := records[calls[p.Call].Layer].Out
			spec := outs[min(p.Out, len(outs)-1)]
			s.Config.Shape, s.Config.DType, s.Config.History = batched(spec, batch), spec.DType.String(), history(p)
			in = append(in, s)
		}
		call := inbound{[]any{in}, map[string]any{}}
		l := n.Layers()[c.Layer]
		if a, ok := l.(nn.ArgumentLayer); ok {
			of[c.Layer] = append(of[c.Layer], argued(a, c.Arguments, in))
			continue
		}
		if o, ok := l.(*nn.OperationLayer); ok {
			if number[i] > 0 {
				return nil, fmt.Errorf("operation %s is applied twice: want one for each call", names[c.Layer])
			}
			args, err := operationArgs(o, in)
			if err != nil {
				return nil, err
			}
			of[c.Layer] = append(of[c.Layer], inbound{args, map[string]any{}})
			continue
		}
		if !takesList(l) || isChain(l) {
			call.Args = []any{in[0]}
		}
		if k, ok := l.(nn.KeywordLayer); ok {
			for i, s := range in[1:] {
				key := strings.TrimSuffix(k.Keywords()[i], "[]")
				switch before := call.Kwargs[key].(type) { // one of a list stands alone
				case nil:
					call.Kwargs[key] = s
				case symbolic:
					call.Kwargs[key] = []symbolic{before, s}
				case []symbolic:
					call.Kwargs[key] = append(before, s)
				}
			}
		}
		of[c.Layer] = append(of[c.Layer], call)
	}
	var outputs [][3]any
	for _, p := range n.Outputs() {
		h := history(p)
		if sub, ok := n.Layers()[calls[p.Call].Layer].(*nn.Network); ok && sub.Class() == functionalClass {
			h[1] = number[p.Call] + 1 // Keras counts a call of the model's own
		}
		outputs = append(outputs, h)
	}
	config["input_layers"], config["output_layers"] = oneOrAll(inputs), oneOrAll(outputs)
	return of, nil
}

// argued returns a call of a layer that takes arguments.
func argued(l nn.ArgumentLayer, args []nn.CallArgument, in []symbolic) inbound {
	call := inbound{[]any{}, map[string]any{}}
	var named []string
	for _, a := range args {
		if a.Input {
			named = append(named, a.Name)
		} else {
			call.Kwargs[a.Name] = true
		}
	}
	first := len(in) - len(named)
	if names, _ := l.Arguments(); names == nil {
		call.Args = append(call.Args, in[:first])
	} else {
		for _, s := range in[:first] {
			call.Args = append(call.Args, s)
		}
	}
	for i, name := range named {
		call.Kwargs[name] = in[first+i]
	}
	return call
}

// takesList reports whether Keras gives a layer its inputs as a list, also if there is one.
func takesList(l nn.Layer) bool {
	_, several := l.(nn.MultiLayer)
	_, keywords := l.(nn.KeywordLayer)
	return several && !keywords
}

// isChain reports whether a layer is a network of one input.
func isChain(l nn.Layer) bool {
	n, ok := l.(*nn.Network)
	return ok && len(n.InputNames()) == 1
}

// oneOrAll returns a single history alone: the model then takes and returns no lists.
func oneOrAll(ends [][3]any) any {
	if len(ends) == 1 {
		return ends[0]
	}
	return ends
}
