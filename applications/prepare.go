package applications

import (
	"fmt"

	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// Preparation says what a network wants to see of pixels from 0 to 255: Keras's mode of
// preprocess_input. MobileNetV3, EfficientNet, EfficientNetV2 and ConvNeXt take pixels as they
// are, since they prepare them by layers of their own.
type Preparation string

// The preparations.
const (
	// CaffePreparation turns red, green, blue into blue, green, red, and subtracts the mean of
	// ImageNet's pictures: for VGG and ResNet.
	CaffePreparation Preparation = "caffe"
	// TFPreparation scales pixels to -1 to 1: for ResNetV2, MobileNet, MobileNetV2, Inception,
	// NASNet and Xception.
	TFPreparation Preparation = "tf"
	// TorchPreparation scales pixels to 0 to 1, subtracts the mean of each channel of ImageNet's
	// pictures and divides by the standard deviation: for DenseNet.
	TorchPreparation Preparation = "torch"
)

// Mean and standard deviation of the channels of ImageNet's pictures, for values from 0 to 1,
// and the mean for values from 0 to 255, blue first.
var (
	imageNetMean      = [3]float64{0.485, 0.456, 0.406}
	imageNetDeviation = [3]float64{0.229, 0.224, 0.225}
	caffeMean         = [3]float64{103.939, 116.779, 123.68}
)

// Apply returns pixels of a picture, or of several, prepared.
//
// Shapes: x [H W 3] or [B H W 3], with [nn.ChannelsFirst] [3 H W] or [B 3 H W] -> y the same.
// DTypes: any number -> float32. It returns an error for another shape, dtype, format or
// preparation.
//
// Source: keras.applications.imagenet_utils.preprocess_input.
func (p Preparation) Apply(x *tensor.Tensor, format nn.DataFormat) (*tensor.Tensor, error) {
	if _, err := p.Layers(); err != nil {
		return nil, err
	}
	if x == nil {
		return nil, fmt.Errorf("applications: %s: x is nil: want pictures", p)
	}
	axis := -1
	switch format {
	case "", nn.ChannelsLast:
	case nn.ChannelsFirst:
		axis = -3
	default:
		return nil, fmt.Errorf("applications: %s: data format %q: want %s or %s", p, format, nn.ChannelsLast, nn.ChannelsFirst)
	}
	s := x.Spec()
	if rank := s.Rank(); rank < 3 || rank > 4 || s.Shape.At(axis) != 3 || !s.DType.IsFloat() && !s.DType.IsInt() {
		return nil, fmt.Errorf("applications: %s: x is %v: want numbers of one picture or several, with 3 channels", p, s)
	}
	y := tensor.New(tensor.Float32, s.Shape.Slice()...)
	if x = x.AsType(tensor.Float32); !x.Contiguous() {
		x = x.Clone()
	}
	from, to := tensor.Data[float32](x), tensor.Data[float32](y)
	run := 1 // elements of a channel side by side
	if axis == -3 {
		run = s.Shape.At(-1) * s.Shape.At(-2)
	}
	for i := 0; i < len(from); i += 3 * run {
		for c := range 3 {
			p.channel(to[i+c*run:][:run], from[i:][:3*run], c, run)
		}
	}
	return y, nil
}

// channel sets a channel from those of a pixel or a picture.
func (p Preparation) channel(to, from []float32, c, run int) {
	switch p {
	case CaffePreparation:
		for i, v := range from[(2-c)*run:][:run] {
			to[i] = v - float32(caffeMean[c])
		}
	case TFPreparation:
		for i, v := range from[c*run:][:run] {
			to[i] = v/127.5 - 1
		}
	default:
		for i, v := range from[c*run:][:run] {
			to[i] = (v/255 - float32(imageNetMean[c])) / float32(imageNetDeviation[c])
		}
	}
}

// Layers returns layers that prepare pixels as a part of a model, which Keras opens: the model
// takes pixels then, channels last, whoever loads it. Numbers differ from those of Apply in the
// last digits. It returns an error for an unknown preparation.
//
//	prepare, err := applications.CaffePreparation.Layers()
//	m := glia.Sequential(append(prepare, base, nn.Dense(5))...)
func (p Preparation) Layers() ([]nn.Layer, error) {
	switch p {
	case CaffePreparation:
		swap := tensor.New(tensor.Float32, 1, 1, 3, 3)
		shift := tensor.New(tensor.Float32, 3)
		for c := range 3 {
			tensor.Data[float32](swap)[3*(2-c)+c] = 1
			tensor.Data[float32](shift)[c] = float32(-caffeMean[c])
		}
		return []nn.Layer{nn.Conv2D(3, 1, nn.KernelInitializer(nn.ConstantTensor(swap)), nn.BiasInitializer(nn.ConstantTensor(shift)), nn.Frozen)}, nil
	case TFPreparation:
		return []nn.Layer{preprocess.Rescaling(1/127.5, -1)}, nil
	case TorchPreparation:
		return []nn.Layer{preprocess.Normalization(preprocess.Moments(times255(imageNetMean[:]), squares(times255(imageNetDeviation[:]))))}, nil
	}
	return nil, fmt.Errorf("applications: preparation %q: want %s, %s or %s", string(p), CaffePreparation, TFPreparation, TorchPreparation)
}

func times255(v []float64) []float64 {
	scaled := make([]float64, len(v))
	for i, x := range v {
		scaled[i] = x * 255
	}
	return scaled
}

func squares(v []float64) []float64 {
	squared := make([]float64, len(v))
	for i, x := range v {
		squared[i] = x * x
	}
	return squared
}
