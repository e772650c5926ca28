package keras

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/glia-ml/glia/internal/vocab"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/tensor"
)

// makeOperation makes the layer of an operation on symbols, which has its operands in the call.
func (p *part) makeOperation() error {
	if !nn.HasOperation(p.Module, p.Class) || len(p.calls) != 1 {
		p.before.add("operation", p.Class, p.where)
		return nil
	}
	operands, err := operandsOf(p.calls[0])
	if err != nil {
		return fmt.Errorf("keras: %s: inbound_nodes: %w", p.where, err)
	}
	to := tensor.Invalid
	for _, key := range sorted(p.settings()) {
		switch v := p.settings()[key]; {
		case key == "name" || vocab.Unset(v):
		case key == "dtype" && p.Class == "Cast":
			var name string
			if json.Unmarshal(v, &name) != nil || tensor.ParseDType(name) == tensor.Invalid {
				p.before.add("dtype", vocab.Short(v), p.where)
				return nil
			}
			to = tensor.ParseDType(name)
		default:
			p.before.add("option", p.Class+"."+tail(key), p.where)
			return nil
		}
	}
	l, err := nn.NewOperation(p.Module, p.Class, p.name, operands, to)
	if err != nil {
		p.before.add("operation", p.Class+" of such operands", p.where)
		return nil
	}
	p.layer = l
	return nil
}

// operandsOf returns the operands in a call: nil for a symbolic tensor.
func operandsOf(call json.RawMessage) ([]any, error) {
	m, err := vocab.Members(call)
	if err != nil {
		return nil, err
	}
	args, err := vocab.Elements(m["args"])
	if err != nil {
		return nil, err
	}
	operands := make([]any, len(args))
	for i, a := range args {
		if operands[i], err = operandOf(a); err != nil {
			return nil, err
		}
	}
	return operands, nil
}

// operandOf returns an operand: nil for a symbolic tensor, false for one that glia has not.
func operandOf(raw json.RawMessage) (any, error) {
	switch {
	case len(raw) == 0:
		return false, nil
	case raw[0] == '[':
		var index []nn.Index
		if err := json.Unmarshal(raw, &index); err != nil { // several tensors, say
			return false, nil
		}
		return index, nil
	case raw[0] != '{':
		return numberOf(raw), nil
	}
	class, config, err := vocab.Decode(raw)
	switch {
	case err != nil:
		return nil, err
	case class == "__keras_tensor__":
		return nil, nil
	case class == "__numpy__" || class == "__tensor__":
		return constantOf(config)
	case class == "__slice__" || class == "__ellipsis__":
		var index nn.Index
		if err := json.Unmarshal(raw, &index); err != nil {
			return nil, err
		}
		return []nn.Index{index}, nil
	}
	return false, nil
}

// numberOf returns an int or a float64 as Python tells them apart, false for other values.
func numberOf(raw json.RawMessage) any {
	if i, err := strconv.Atoi(string(raw)); err == nil {
		return i
	}
	if f, err := strconv.ParseFloat(string(raw), 64); err == nil && !strings.ContainsAny(string(raw), `"xX_`) {
		return f
	}
	return false
}

// constantOf returns the tensor that Keras writes as nested lists.
func constantOf(config json.RawMessage) (*tensor.Tensor, error) {
	m, err := vocab.Members(config)
	if err != nil {
		return nil, err
	}
	var name string
	var value any
	if json.Unmarshal(m["dtype"], &name) != nil || tensor.ParseDType(name) == tensor.Invalid || json.Unmarshal(m["value"], &value) != nil {
		return nil, fmt.Errorf("tensor %s: want its value and dtype", vocab.Short(config))
	}
	flat, dims, err := vocab.Unnested(value)
	if err != nil {
		return nil, fmt.Errorf("tensor %s: %w", vocab.Short(config), err)
	}
	if len(dims) > tensor.MaxRank || len(flat) == 0 {
		return nil, fmt.Errorf("tensor %s: want at most %d axes, none empty", vocab.Short(config), tensor.MaxRank)
	}
	t, err := tensor.FromSlice(flat, dims...)
	if err != nil {
		return nil, err
	}
	return t.AsType(tensor.ParseDType(name)), nil
}

// operationObject returns the object of an operation, which has no policy.
func operationObject(l *nn.OperationLayer, name string) (*Object, error) {
	config := map[string]any{"name": name}
	if to := l.CastTo(); to != tensor.Invalid {
		config["dtype"] = to.String()
	}
	b, err := json.Marshal(config)
	class := l.Class()
	return &Object{Module: l.Module(), Class: class, Registered: &class, Config: b}, err
}

// operationArgs returns the arguments of an operation's call on inputs.
func operationArgs(l *nn.OperationLayer, in []symbolic) ([]any, error) {
	args := []any{}
	for _, v := range l.Operands() {
		switch v := v.(type) {
		case nil:
			args, in = append(args, in[0]), in[1:]
		case *tensor.Tensor:
			args = append(args, map[string]any{"class_name": "__numpy__", "config": map[string]any{"value": vocab.Nested(v.Float64s(), v.Shape().Slice()), "dtype": v.DType().String()}})
		default:
			b, err := vocab.Marshal(v)
			if err != nil {
				return nil, err
			}
			args = append(args, json.RawMessage(b))
		}
	}
	return args, nil
}
