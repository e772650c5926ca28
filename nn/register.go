package nn

import (
	"fmt"

	"github.com/glia-ml/glia/internal/vocab"
)

// Register makes layers of a type of your own known to files, under the name under which
// Keras has the class: "my_package>Gate" for one with the decorator
// keras.saving.register_keras_serializable("my_package"). A name without a package is one
// of the package "Custom", Keras's default:
//
//	func init() { nn.Register("Gate", func() nn.Layer { return &Gate{} }) }
//
// "keras.layers>Conv9D" is Keras's own class Conv9D, for a package of layers beside nn, or
// for a program that needs a class which glia does not have.
//
// The exported fields with json tags are the config, those of embedded structs such as
// [Base] too. Fields of type [Layer] and []Layer hold layers; those of type [Activation],
// [Initializer] and so on are written as Keras writes them. Fresh returns a layer with the
// defaults of the settings, which a config may omit.
//
// Register panics if the name or the type is registered for another, or if glia has Keras's
// class of that name. It may be called at any time, from any goroutine.
func Register(name string, fresh func() Layer) { layers.Register(name, fresh) }

// Register makes an activation of your own, which [ActivationFunc] returned, known to files
// under its name: see the function [Register] for names. It returns the activation. It panics
// if the name is registered for another function.
func (a Activation) Register() Activation {
	activations.RegisterValue(a.name, a, a.f)
	return a
}

// Register makes an initializer of your own, which [InitializerFunc] returned, known to
// files under its name: see the function [Register] for names. It returns the initializer.
// It panics if the name is registered for another function.
func (i Initializer) Register() Initializer {
	initializers.RegisterValue(i.class, i, i.fill)
	return i
}

// Register makes a regularizer of your own, which [RegularizerFunc] returned, known to files
// under its name: see the function [Register] for names. It returns the regularizer.
// It panics if the name is registered for another function.
func (r Regularizer) Register() Regularizer {
	regularizers.RegisterValue(r.class, r, r.penalty)
	return r
}

// Register makes a constraint of your own, which [ConstraintFunc] returned, known to files
// under its name: see the function [Register] for names. It returns the constraint.
// It panics if the name is registered for another function.
func (c Constraint) Register() Constraint {
	constraints.RegisterValue(c.class, c, c.f)
	return c
}

// ownObject returns the object of a value of the user's, or an error if its table has no
// value registered under its name.
func ownObject[T any](t *vocab.Table[T], name string) ([]byte, error) {
	if t.Find(vocab.RegisteredName(name)) == nil {
		return nil, fmt.Errorf("nn: %s %q is a function of your own: want it registered by its method Register", t.Kind, name)
	}
	return t.Marshal(vocab.RegisteredName(name), struct{}{})
}
