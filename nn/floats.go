package nn

// WantsFloats reports whether a layer of this package takes no integers: Build panics
// for them, where Keras's layer of that class takes them.
func WantsFloats(l Layer) bool {
	if a, ok := l.(*ActivationLayer); ok {
		l = a.Activation
	}
	if a, ok := l.(Activation); ok {
		return a.f != nil
	}
	_, ok := l.(interface{ wantsFloats() })
	return ok
}

func (*ActivityRegularizationLayer) wantsFloats() {}
func (*AlphaDropoutLayer) wantsFloats()           {}
func (*DenseLayer) wantsFloats()                  {}
func (*DropoutLayer) wantsFloats()                {}
func (*GaussianDropoutLayer) wantsFloats()        {}
func (*GaussianNoiseLayer) wantsFloats()          {}
func (*PReLULayer) wantsFloats()                  {}
func (*SpatialDropoutLayer) wantsFloats()         {}
