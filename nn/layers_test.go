package nn_test

import (
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func f32(dims ...int) tensor.Spec { return tensor.S(tensor.Float32, dims...) }

func TestLayers(t *testing.T) {
	for name, c := range map[string]nntest.Case{
		"Dense":       {New: func() nn.Layer { return nn.Dense(4) }, In: f32(5, 3), KeepsMask: true, Out: f32(5, 4), Params: 16},
		"Dense/ranks": {New: func() nn.Layer { return nn.Dense(4, nn.Tanh) }, In: f32(2, 3, 2, 6), KeepsMask: true, Out: f32(2, 3, 2, 4), Params: 28},
		"Dense/options": {New: func() nn.Layer {
			return nn.Dense(2, nn.LeakyReLUSlope(0.1), nn.NoBias, nn.KernelInitializer(nn.HeNormal.Seeded(3)),
				nn.KernelRegularizer(nn.L2(0.1)), nn.ActivityRegularizer(nn.L1(0.1)), nn.Name("head"))
		}, In: f32(5, 3), KeepsMask: true, Out: f32(5, 2), Params: 6},
		"Dense/bias": {New: func() nn.Layer {
			return nn.Dense(2, nn.BiasInitializer(nn.Constant(0.5)), nn.BiasRegularizer(nn.L1L2(0.1, 0.2)), nn.Frozen)
		}, In: f32(5, 3), KeepsMask: true, Out: f32(5, 2), Params: 8},
		"Flatten":        {New: func() nn.Layer { return nn.Flatten() }, In: f32(4, 2, 3), Out: f32(4, 6)},
		"Flatten/vector": {New: func() nn.Layer { return nn.Flatten(nn.Name("f")) }, In: f32(4), Out: f32(4, 1)},
		"Flatten/ints": {New: func() nn.Layer { return nn.Flatten() }, In: tensor.S(tensor.Uint8, 4, 2, 3),
			Out: tensor.S(tensor.Uint8, 4, 6), NoGradient: true},
		"Input":         {New: func() nn.Layer { return nn.Input(2, 3) }, In: f32(4, 2, 3), KeepsMask: true, Out: f32(4, 2, 3)},
		"Reshape":       {New: func() nn.Layer { return nn.Reshape(3, -1) }, In: f32(4, 6), Out: f32(4, 3, 2)},
		"Permute":       {New: func() nn.Layer { return nn.Permute(2, 1) }, In: f32(4, 2, 3), Out: f32(4, 3, 2)},
		"RepeatVector":  {New: func() nn.Layer { return nn.RepeatVector(3) }, In: f32(4, 2), Out: f32(4, 3, 2)},
		"Activation":    {New: func() nn.Layer { return &nn.ActivationLayer{Activation: nn.GELU} }, In: f32(4, 2), KeepsMask: true, Out: f32(4, 2)},
		"Dropout":       {New: func() nn.Layer { return nn.Dropout(0.3) }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5)},
		"Dropout/noise": {New: func() nn.Layer { return nn.Dropout(0.3, nn.NoiseShape(-1, 1, -1)) }, In: f32(4, 5, 2), KeepsMask: true, Out: f32(4, 5, 2)},
		"Dense/constraints": {New: func() nn.Layer {
			return nn.Dense(2, nn.KernelConstraint(nn.MaxNorm(2, 0, 1)), nn.BiasConstraint(nn.NonNeg))
		}, In: f32(5, 3), KeepsMask: true, Out: f32(5, 2), Params: 8},
		"MaxPooling1D": {New: func() nn.Layer { return nn.MaxPooling1D(2) }, In: f32(4, 5, 3), Out: f32(4, 2, 3)},
		"MaxPooling2D": {New: func() nn.Layer { return nn.MaxPooling2D(2, nn.Name("pool")) }, In: f32(4, 6, 5, 3), Out: f32(4, 3, 2, 3)},
		"MaxPooling2D/all": {New: func() nn.Layer {
			return nn.MaxPooling2D(3, nn.Sizes{3, 2}, nn.Strides(2, 1), nn.Same, nn.ChannelsFirst, nn.Frozen)
		}, In: f32(4, 3, 6, 5), Out: f32(4, 3, 3, 5)},
		"MaxPooling3D":             {New: func() nn.Layer { return nn.MaxPooling3D(2, nn.Strides(1)) }, In: f32(2, 3, 4, 3, 2), Out: f32(2, 2, 3, 2, 2)},
		"AveragePooling1D":         {New: func() nn.Layer { return nn.AveragePooling1D(3, nn.Strides(2), nn.Same) }, In: f32(4, 4, 2), Out: f32(4, 2, 2)},
		"AveragePooling2D":         {New: func() nn.Layer { return nn.AveragePooling2D(2, nn.ChannelsFirst) }, In: f32(4, 3, 6, 5), Out: f32(4, 3, 3, 2)},
		"AveragePooling3D":         {New: func() nn.Layer { return nn.AveragePooling3D(2, nn.Same) }, In: f32(2, 3, 4, 3, 2), Out: f32(2, 2, 2, 2, 2)},
		"AveragePooling1D/ints":    {New: func() nn.Layer { return nn.AveragePooling1D(2) }, In: tensor.S(tensor.Int32, 4, 5, 3), Out: f32(4, 2, 3), NoGradient: true},
		"MaxPooling1D/ints":        {New: func() nn.Layer { return nn.MaxPooling1D(2) }, In: tensor.S(tensor.Uint8, 4, 5, 3), Out: tensor.S(tensor.Uint8, 4, 2, 3), NoGradient: true},
		"GlobalMaxPooling1D":       {New: func() nn.Layer { return nn.GlobalMaxPooling1D() }, In: f32(4, 5, 3), Out: f32(4, 3)},
		"GlobalMaxPooling2D":       {New: func() nn.Layer { return nn.GlobalMaxPooling2D(nn.KeepDims, nn.ChannelsFirst) }, In: f32(4, 3, 5, 2), Out: f32(4, 3, 1, 1)},
		"GlobalMaxPooling3D":       {New: func() nn.Layer { return nn.GlobalMaxPooling3D(nn.Name("g")) }, In: f32(2, 3, 2, 2, 3), Out: f32(2, 3)},
		"GlobalAveragePooling1D":   {New: func() nn.Layer { return nn.GlobalAveragePooling1D(nn.KeepDims) }, In: f32(4, 5, 3), Out: f32(4, 1, 3)},
		"GlobalAveragePooling2D":   {New: func() nn.Layer { return nn.GlobalAveragePooling2D() }, In: f32(4, 5, 2, 3), Out: f32(4, 3)},
		"GlobalAveragePooling3D":   {New: func() nn.Layer { return nn.GlobalAveragePooling3D(nn.ChannelsFirst) }, In: f32(2, 3, 2, 2, 3), Out: f32(2, 3)},
		"AdaptiveMaxPooling1D":     {New: func() nn.Layer { return nn.AdaptiveMaxPooling1D(3) }, In: f32(4, 7, 3), Out: f32(4, 3, 3)},
		"AdaptiveMaxPooling2D":     {New: func() nn.Layer { return nn.AdaptiveMaxPooling2D(2, nn.ChannelsFirst) }, In: f32(2, 3, 4, 6), Out: f32(2, 3, 2, 2)},
		"AdaptiveMaxPooling3D":     {New: func() nn.Layer { return nn.AdaptiveMaxPooling3D(2, nn.Sizes{2, 3, 1}) }, In: f32(2, 3, 2, 2, 3), Out: f32(2, 2, 3, 1, 3)},
		"AdaptiveAveragePooling1D": {New: func() nn.Layer { return nn.AdaptiveAveragePooling1D(4) }, In: f32(4, 3, 2), Out: f32(4, 4, 2)},
		"AdaptiveAveragePooling2D": {New: func() nn.Layer { return nn.AdaptiveAveragePooling2D(2, nn.Sizes{2, 3}, nn.Name("a")) }, In: f32(2, 4, 7, 2), Out: f32(2, 2, 3, 2)},
		"AdaptiveAveragePooling3D": {New: func() nn.Layer { return nn.AdaptiveAveragePooling3D(1) }, In: f32(2, 3, 2, 2, 3), Out: f32(2, 1, 1, 1, 3)},
		"UpSampling1D":             {New: func() nn.Layer { return nn.UpSampling1D(3, nn.Name("u")) }, In: f32(4, 2, 3), Out: f32(4, 6, 3)},
		"UpSampling2D":             {New: func() nn.Layer { return nn.UpSampling2D(2) }, In: f32(4, 2, 3, 2), Out: f32(4, 4, 6, 2)},
		"UpSampling2D/bilinear":    {New: func() nn.Layer { return nn.UpSampling2D(2, nn.Sizes{1, 3}, nn.Bilinear, nn.ChannelsFirst) }, In: f32(2, 2, 3, 2), Out: f32(2, 2, 3, 6)},
		"UpSampling2D/ints":        {New: func() nn.Layer { return nn.UpSampling2D(2, nn.Bicubic) }, In: tensor.S(tensor.Uint8, 4, 2, 3, 2), Out: tensor.S(tensor.Uint8, 4, 4, 6, 2), NoGradient: true},
		"UpSampling3D":             {New: func() nn.Layer { return nn.UpSampling3D(2, nn.ChannelsFirst) }, In: f32(2, 3, 1, 2, 1), Out: f32(2, 3, 2, 4, 2)},
		"ZeroPadding1D":            {New: func() nn.Layer { return nn.ZeroPadding1D(1, 2) }, In: f32(4, 2, 3), Out: f32(4, 5, 3)},
		"ZeroPadding2D":            {New: func() nn.Layer { return nn.ZeroPadding2D(1, 2).With(nn.ChannelsFirst, nn.Name("z")) }, In: f32(4, 3, 2, 3), Out: f32(4, 3, 4, 7)},
		"ZeroPadding3D":            {New: func() nn.Layer { return nn.ZeroPadding3D(1, 0, 0, 2, 0, 1) }, In: f32(2, 1, 1, 2, 3), Out: f32(2, 2, 3, 3, 3)},
		"Cropping1D":               {New: func() nn.Layer { return nn.Cropping1D(1) }, In: f32(4, 5, 3), Out: f32(4, 3, 3)},
		"Cropping2D":               {New: func() nn.Layer { return nn.Cropping2D(1, 0, 2, 1) }, In: f32(4, 3, 5, 2), Out: f32(4, 2, 2, 2)},
		"Cropping3D":               {New: func() nn.Layer { return nn.Cropping3D(0, 1, 1).With(nn.ChannelsFirst) }, In: f32(2, 2, 3, 3, 3), Out: f32(2, 2, 3, 1, 1)},
		"GLU":                      {New: func() nn.Layer { return &nn.ActivationLayer{Activation: nn.GLU} }, In: f32(4, 6), KeepsMask: true, Out: f32(4, 3)},
		"Sparsemax":                {New: func() nn.Layer { return &nn.ActivationLayer{Activation: nn.Sparsemax} }, In: f32(4, 6), KeepsMask: true, Out: f32(4, 6), NoConfig: true},
		"KerasSparsemax": {New: func() nn.Layer { return &nn.ActivationLayer{Activation: nn.KerasSparsemax} }, In: f32(4, 6), KeepsMask: true, Out: f32(4, 6),
			NoGradient: true}, // it gives 0 for the sample
		"Softmax/axes": {New: func() nn.Layer { return &nn.ActivationLayer{Activation: nn.SoftmaxAxis(1, 2)} },
			In: f32(4, 3, 2), KeepsMask: true, FullMask: true, Out: f32(4, 3, 2)},
		"ReLU/with": {New: func() nn.Layer { return &nn.ActivationLayer{Activation: nn.ReLUWith(0.1, 3, 0.2)} },
			In: f32(4, 3, 2), KeepsMask: true, Out: f32(4, 3, 2)},
		"PReLU": {New: func() nn.Layer { return nn.PReLU() }, In: f32(4, 3, 2), KeepsMask: true, Out: f32(4, 3, 2), Params: 6},
		"PReLU/options": {New: func() nn.Layer {
			return nn.PReLU(nn.SharedAxes(1), nn.AlphaInitializer(nn.Constant(0.2)), nn.AlphaRegularizer(nn.L1(0.1)), nn.AlphaConstraint(nn.NonNeg))
		}, In: f32(4, 3, 2), KeepsMask: true, Out: f32(4, 3, 2), Params: 2},
		"Conv1D":        {New: func() nn.Layer { return nn.Conv1D(4, 3) }, In: f32(2, 7, 3), Out: f32(2, 5, 4), Params: 40},
		"Conv1D/causal": {New: func() nn.Layer { return nn.Conv1D(4, 3, nn.Causal, nn.DilationRate(2), nn.Tanh) }, In: f32(2, 7, 3), Out: f32(2, 7, 4), Params: 40},
		"Conv2D": {New: func() nn.Layer {
			return nn.Conv2D(4, 3, nn.Same, nn.Strides(2, 1), nn.Groups(2), nn.Sizes{3, 2}, nn.NoBias, nn.KernelRegularizer(nn.L2(0.1)))
		}, In: f32(2, 5, 4, 6), Out: f32(2, 3, 4, 4), Params: 72},
		"Conv2D/first":    {New: func() nn.Layer { return nn.Conv2D(2, 3, nn.ChannelsFirst) }, In: f32(2, 3, 5, 4), Out: f32(2, 2, 3, 2), Params: 56},
		"Conv3D":          {New: func() nn.Layer { return nn.Conv3D(2, 2, nn.ReLU) }, In: f32(2, 3, 2, 4, 2), Out: f32(2, 2, 1, 3, 2), Params: 34},
		"Conv1DTranspose": {New: func() nn.Layer { return nn.Conv1DTranspose(3, 2, nn.Strides(3)) }, In: f32(2, 4, 2), Out: f32(2, 12, 3), Params: 15},
		"Conv2DTranspose": {New: func() nn.Layer {
			return nn.Conv2DTranspose(3, 3, nn.Strides(2), nn.Same, nn.OutputPadding(0), nn.KernelConstraint(nn.NonNeg))
		}, In: f32(2, 3, 2, 2), Out: f32(2, 5, 3, 3), Params: 57},
		"Conv3DTranspose": {New: func() nn.Layer { return nn.Conv3DTranspose(2, 2) }, In: f32(2, 1, 2, 2, 3), Out: f32(2, 2, 3, 3, 2), Params: 50},
		"DepthwiseConv1D": {New: func() nn.Layer { return nn.DepthwiseConv1D(3, nn.Same) }, In: f32(2, 5, 3), Out: f32(2, 5, 3), Params: 12},
		"DepthwiseConv2D": {New: func() nn.Layer {
			return nn.DepthwiseConv2D(2, nn.DepthMultiplier(2), nn.KernelRegularizer(nn.L1(0.1)), nn.BiasInitializer(nn.Ones), nn.Tanh)
		}, In: f32(2, 4, 3, 3), Out: f32(2, 3, 2, 6), Params: 30},
		"SeparableConv1D": {New: func() nn.Layer { return nn.SeparableConv1D(4, 3) }, In: f32(2, 5, 3), Out: f32(2, 3, 4), Params: 25},
		"SeparableConv2D": {New: func() nn.Layer {
			return nn.SeparableConv2D(4, 3, nn.Same, nn.Strides(2), nn.Pointwise(nn.KernelRegularizer(nn.L2(0.1)), nn.KernelConstraint(nn.NonNeg)), nn.NoBias)
		}, In: f32(2, 5, 4, 3), Out: f32(2, 3, 2, 4), Params: 39},
		"ActivityRegularization": {New: func() nn.Layer { return nn.ActivityRegularization(0.1, 0.2) }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5)},
		"AlphaDropout":           {New: func() nn.Layer { return nn.AlphaDropout(0.3) }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5)},
		"AlphaDropout/noise":     {New: func() nn.Layer { return nn.AlphaDropout(0.3, nn.NoiseShape(-1, 1)) }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5)},
		"SpatialDropout1D":       {New: func() nn.Layer { return nn.SpatialDropout1D(0.3) }, In: f32(4, 5, 3), KeepsMask: true, Out: f32(4, 5, 3)},
		"SpatialDropout2D":       {New: func() nn.Layer { return nn.SpatialDropout2D(0.3, nn.Name("d")) }, In: f32(4, 5, 2, 3), KeepsMask: true, Out: f32(4, 5, 2, 3)},
		"SpatialDropout3D":       {New: func() nn.Layer { return nn.SpatialDropout3D(0.3) }, In: f32(4, 5, 1, 2, 3), KeepsMask: true, Out: f32(4, 5, 1, 2, 3)},
		"GaussianNoise":          {New: func() nn.Layer { return nn.GaussianNoise(0.1) }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5)},
		"GaussianDropout":        {New: func() nn.Layer { return nn.GaussianDropout(0.1) }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5)},
		// The layers that go through sequences.
		"SimpleRNN": {New: func() nn.Layer { return nn.SimpleRNN(3) }, In: f32(4, 5, 2), Out: f32(4, 3), Params: 18},
		"SimpleRNN/options": {New: func() nn.Layer {
			return nn.SimpleRNN(3, nn.ReLU, nn.NoBias, nn.ReturnSequences, nn.GoBackwards, nn.Unroll, nn.KernelRegularizer(nn.L2(0.1)), nn.RecurrentRegularizer(nn.L1(0.1)),
				nn.RecurrentConstraint(nn.NonNeg), nn.RecurrentInitializer(nn.HeNormal), nn.KernelConstraint(nn.MaxNorm(2)), nn.ActivityRegularizer(nn.L2(0.1)))
		}, In: f32(4, 5, 2), Out: f32(4, 5, 3), KeepsMask: true, Params: 15},
		"LSTM": {New: func() nn.Layer { return nn.LSTM(3) }, In: f32(4, 5, 2), Out: f32(4, 3), Params: 72},
		"LSTM/options": {New: func() nn.Layer {
			return nn.LSTM(3, nn.Softsign, nn.RecurrentActivation(nn.HardSigmoid), nn.NoUnitForgetBias, nn.ReturnSequences, nn.ZeroOutputForMask,
				nn.BiasInitializer(nn.Ones), nn.BiasRegularizer(nn.L2(0.1)), nn.BiasConstraint(nn.NonNeg))
		}, In: f32(4, 5, 2), Out: f32(4, 5, 3), KeepsMask: true, Params: 72},
		"LSTM/dropout": {New: func() nn.Layer { return nn.LSTM(3, nn.InputDropout(0.25), nn.RecurrentDropout(0.5)) }, In: f32(4, 5, 2), Out: f32(4, 3), Params: 72},
		"LSTM/states": {New: func() nn.Layer { return nn.LSTM(3, nn.ReturnState, nn.ReturnSequences) }, Ins: []tensor.Spec{f32(4, 5, 2), f32(4, 3), f32(4, 3)},
			Outs: []tensor.Spec{f32(4, 5, 3), f32(4, 3), f32(4, 3)}, KeepsMask: true, Params: 72},
		"GRU": {New: func() nn.Layer { return nn.GRU(3) }, In: f32(4, 5, 2), Out: f32(4, 3), Params: 63},
		"GRU/before": {New: func() nn.Layer { return nn.GRU(3, nn.ResetBefore, nn.InputDropout(0.2), nn.RecurrentDropout(0.2)) },
			In: f32(4, 5, 2), Out: f32(4, 3), Params: 54},
		"GRU/states": {New: func() nn.Layer { return nn.GRU(3, nn.ReturnState) }, Ins: []tensor.Spec{f32(4, 5, 2), f32(4, 3)},
			Outs: []tensor.Spec{f32(4, 3), f32(4, 3)}, Params: 63},
		"SimpleRNNCell": {New: func() nn.Layer { return nn.SimpleRNNCell(3) }, Ins: []tensor.Spec{f32(4, 2), f32(4, 3)}, Outs: []tensor.Spec{f32(4, 3), f32(4, 3)}, Params: 18},
		"LSTMCell": {New: func() nn.Layer { return nn.LSTMCell(3, nn.InputDropout(0.1)) }, Ins: []tensor.Spec{f32(4, 2), f32(4, 3), f32(4, 3)},
			Outs: []tensor.Spec{f32(4, 3), f32(4, 3), f32(4, 3)}, Params: 72},
		"GRUCell": {New: func() nn.Layer { return nn.GRUCell(3, nn.ResetBefore, nn.NoBias) }, Ins: []tensor.Spec{f32(4, 2), f32(4, 3)}, Outs: []tensor.Spec{f32(4, 3), f32(4, 3)}, Params: 45},
		"RNN": {New: func() nn.Layer {
			return nn.RNN(nn.StackedRNNCells([]nn.Cell{nn.LSTMCell(3), nn.SimpleRNNCell(2), nn.LSTMCell(1, nn.Name("last"))}), nn.ReturnState)
		}, In: f32(4, 5, 2), Outs: []tensor.Spec{f32(4, 1), f32(4, 3), f32(4, 3), f32(4, 2), f32(4, 1), f32(4, 1)}, Params: 72 + 12 + 16},
		"StackedRNNCells": {New: func() nn.Layer { return nn.StackedRNNCells([]nn.Cell{nn.LSTMCell(3), nn.GRUCell(2)}) },
			Ins:  []tensor.Spec{f32(4, 2), f32(4, 3), f32(4, 3), f32(4, 2)},
			Outs: []tensor.Spec{f32(4, 2), f32(4, 3), f32(4, 3), f32(4, 2)}, Params: 72 + 42},
		"Bidirectional": {New: func() nn.Layer { return nn.Bidirectional(nn.LSTM(3, nn.ReturnSequences)) }, In: f32(4, 5, 2), Out: f32(4, 5, 6), KeepsMask: true, Params: 144},
		"Bidirectional/options": {New: func() nn.Layer {
			return nn.Bidirectional(nn.GRU(3, nn.Name("g")), nn.MergeMul, nn.BackwardLayer(nn.SimpleRNN(3, nn.GoBackwards)))
		}, In: f32(4, 5, 2), Out: f32(4, 3), Params: 81},
		"Bidirectional/states": {New: func() nn.Layer {
			return nn.Bidirectional(nn.RNN(nn.GRUCell(3), nn.ReturnState, nn.ReturnSequences), nn.MergeNone)
		}, Ins: []tensor.Spec{f32(4, 5, 2), f32(4, 3), f32(4, 3)}, Outs: []tensor.Spec{f32(4, 5, 3), f32(4, 5, 3), f32(4, 3), f32(4, 3)}, KeepsMask: true, Params: 126},
		"TimeDistributed":      {New: func() nn.Layer { return nn.TimeDistributed(nn.Dense(3)) }, In: f32(4, 5, 2), Out: f32(4, 5, 3), KeepsMask: true, Params: 9},
		"TimeDistributed/LSTM": {New: func() nn.Layer { return nn.TimeDistributed(nn.LSTM(3)) }, In: f32(4, 2, 5, 2), Out: f32(4, 2, 3), KeepsMask: true, Params: 72},
		"TimeDistributed/norm": {New: func() nn.Layer { return nn.TimeDistributed(nn.BatchNormalization()) }, In: f32(4, 5, 2), Out: f32(4, 5, 2), KeepsMask: true, Params: 4, States: 4},
		"ConvLSTM1D":           {New: func() nn.Layer { return nn.ConvLSTM1D(3, 2) }, In: f32(2, 3, 5, 2), Out: f32(2, 4, 3), Params: 132},
		"ConvLSTM2D": {New: func() nn.Layer {
			return nn.ConvLSTM2D(2, 3, nn.Sizes{2, 3}, nn.Same, nn.Strides(1, 2), nn.ReturnSequences, nn.ReturnState, nn.NoBias, nn.ChannelsFirst, nn.RecurrentDropout(0.2))
		}, In: f32(2, 3, 1, 4, 5), Outs: []tensor.Spec{f32(2, 3, 2, 4, 3), f32(2, 2, 4, 3), f32(2, 2, 4, 3)}, KeepsMask: true, Params: 144},
		"ConvLSTM3D": {New: func() nn.Layer { return nn.ConvLSTM3D(1, 2, nn.DilationRate(1, 2, 1)) }, In: f32(2, 2, 3, 3, 2, 1), Out: f32(2, 2, 1, 1, 1), Params: 68},
		// The layers that normalize.
		"BatchNormalization": {New: func() nn.Layer { return nn.BatchNormalization() }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5), Params: 10, States: 10},
		"BatchNormalization/options": {New: func() nn.Layer {
			return nn.BatchNormalization(nn.Axis(1), nn.Momentum(0.5), nn.Epsilon(0.1), nn.BetaInitializer(nn.Constant(0.5)), nn.BetaRegularizer(nn.L2(0.1)),
				nn.GammaRegularizer(nn.L1(0.1)), nn.GammaInitializer(nn.Constant(0.5)), nn.BetaConstraint(nn.NonNeg), nn.GammaConstraint(nn.NonNeg),
				nn.MovingMeanInitializer(nn.Constant(0.3)), nn.MovingVarianceInitializer(nn.Constant(2)), nn.Name("b"))
		}, In: f32(4, 3, 2), KeepsMask: true, Out: f32(4, 3, 2), Params: 6, States: 6},
		"BatchNormalization/alone": {New: func() nn.Layer { return nn.BatchNormalization(nn.NoCenter, nn.NoScale) },
			In: f32(4, 2, 2, 3), KeepsMask: true, MaskAxes: 3, Out: f32(4, 2, 2, 3), States: 6, NoGradient: true},
		"BatchNormalization/renorm": {New: func() nn.Layer {
			return nn.BatchNormalization(nn.Renorm, nn.RenormMomentum(0.9), nn.RenormClip(0.5, 2, 1))
		}, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5), Params: 10, States: 25},
		"Embedding": {New: func() nn.Layer { return nn.Embedding(10, 3) }, In: tensor.S(tensor.Int32, 4, 5), Out: f32(4, 5, 3), Params: 30},
		"Embedding/options": {New: func() nn.Layer {
			return nn.Embedding(10, 3, nn.MaskZero, nn.EmbeddingsInitializer(nn.HeNormal), nn.EmbeddingsRegularizer(nn.L2(0.1)), nn.EmbeddingsConstraint(nn.UnitNorm()), nn.Name("e"))
		}, In: tensor.S(tensor.Int32, 4, 2, 5), KeepsMask: true, Out: f32(4, 2, 5, 3), Params: 30},
		"ReversibleEmbedding": {New: func() nn.Layer {
			return nn.ReversibleEmbedding(10, 3, nn.LogitSoftCap(3), nn.ReverseDType(tensor.Float64), nn.Name("e"))
		}, In: tensor.S(tensor.Int32, 4, 5), Out: f32(4, 5, 3), Params: 30},
		"EinsumDense": {New: func() nn.Layer {
			return nn.EinsumDense("abc,cde->abde", []int{nn.Any, 2, 4}, nn.BiasAxes("de"), nn.Tanh)
		},
			In: f32(4, 3, 5), Out: f32(4, 3, 2, 4), Params: 48},
		"EinsumDense/options": {New: func() nn.Layer {
			return nn.EinsumDense("ab...,bc->ac...", []int{6}, nn.BiasAxes("c"), nn.KernelRegularizer(nn.L2(0.1)), nn.BiasConstraint(nn.NonNeg), nn.Name("e"))
		}, In: f32(4, 3, 2, 2), Out: f32(4, 6, 2, 2), Params: 24},
		"TernaryDense":         {New: func() nn.Layer { return nn.TernaryDense(3, nn.ReLU) }, In: f32(4, 2, 5), KeepsMask: true, Out: f32(4, 2, 3), Params: 18, NoGradient: true},
		"TernaryDense/options": {New: func() nn.Layer { return nn.TernaryDense(3, nn.TernaryThreshold(0.1), nn.NoBias) }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 3), Params: 15, NoGradient: true},
		"Attention":            {New: func() nn.Layer { return nn.Attention() }, Ins: []tensor.Spec{f32(4, 2, 3), f32(4, 5, 3)}, KeepsMask: true, Out: f32(4, 2, 3)},
		"Attention/options": {New: func() nn.Layer {
			return nn.Attention(nn.UseScale, nn.ConcatScores, nn.AttentionDropout(0.2), nn.Name("a"))
		},
			Ins: []tensor.Spec{f32(4, 2, 3), f32(4, 5, 2), f32(4, 5, 3)}, KeepsMask: true, Out: f32(4, 2, 2), Params: 2},
		"AdditiveAttention": {New: func() nn.Layer { return nn.AdditiveAttention(nn.AttentionDropout(0.1)) },
			Ins: []tensor.Spec{f32(4, 2, 3), f32(4, 5, 3)}, KeepsMask: true, Out: f32(4, 2, 3), Params: 3},
		"AdditiveAttention/unscaled": {New: func() nn.Layer { return nn.AdditiveAttention(nn.Unscaled) },
			Ins: []tensor.Spec{f32(4, 2, 3), f32(4, 5, 3)}, KeepsMask: true, Out: f32(4, 2, 3)},
		"MultiHeadAttention": {New: func() nn.Layer { return nn.MultiHeadAttention(2, 3, nn.KernelInitializer(nn.HeNormal)) },
			Ins: []tensor.Spec{f32(4, 3, 4), f32(4, 5, 6)}, KeepsMask: true, Out: f32(4, 3, 4), Params: 24 + 6 + 36 + 6 + 36 + 6 + 24 + 4,
			NoGradient: true}, // the bias of keys adds one number to all scores of a query
		"MultiHeadAttention/options": {New: func() nn.Layer {
			return nn.MultiHeadAttention(2, 3, nn.ValueDim(4), nn.UseGate, nn.SlidingWindow(2), nn.OutputShape(2, 2), nn.AttentionDropout(0.2), nn.NoBias,
				nn.KernelRegularizer(nn.L2(0.1)), nn.Name("m"))
		}, Ins: []tensor.Spec{f32(4, 3, 4), f32(4, 3, 6), f32(4, 3, 5)}, KeepsMask: true, Out: f32(4, 3, 2, 2), Params: 24 + 30 + 32 + 48 + 32},
		"MultiHeadAttention/axes": {New: func() nn.Layer { return nn.MultiHeadAttention(2, 3, nn.AttentionAxes(-2), nn.NoBias) },
			Ins: []tensor.Spec{f32(2, 2, 3, 4), f32(2, 2, 3, 4)}, KeepsMask: true, MaskAxes: 1, Out: f32(2, 2, 3, 4), Params: 4 * 24},
		"GroupQueryAttention": {New: func() nn.Layer { return nn.GroupQueryAttention(3, 4, 2, nn.NoBias) },
			Ins: []tensor.Spec{f32(4, 3, 4), f32(4, 5, 6)}, KeepsMask: true, Out: f32(4, 3, 4), Params: 48 + 36 + 36 + 48},
		// Without biases: that of the keys moves all scores of a query alike, and has no gradient.
		"GroupQueryAttention/options": {New: func() nn.Layer {
			return nn.GroupQueryAttention(3, 4, 1, nn.UseGate, nn.SlidingWindow(2), nn.AttentionDropout(0.1), nn.NoBias)
		}, Ins: []tensor.Spec{f32(4, 3, 4), f32(4, 3, 4)}, KeepsMask: true, Out: f32(4, 3, 4), Params: 48 + 12 + 48 + 12 + 48},
		"ScaledAdd":          {New: func() nn.Layer { return nn.ScaledAdd(0.5) }, Ins: []tensor.Spec{f32(4, 2, 3), f32(4, 2, 3)}, Outs: []tensor.Spec{f32(4, 2, 3)}},
		"LayerScale":         {New: func() nn.Layer { return nn.LayerScale(0.5, 3) }, In: f32(4, 2, 3), Out: f32(4, 2, 3), Params: 3},
		"LayerNormalization": {New: func() nn.Layer { return nn.LayerNormalization() }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5), Params: 10},
		"LayerNormalization/options": {New: func() nn.Layer {
			return nn.LayerNormalization(nn.Axes(1, 3), nn.Epsilon(0.1), nn.NoCenter, nn.GammaRegularizer(nn.L1(0.1)), nn.GammaInitializer(nn.Constant(0.5)))
		}, In: f32(4, 3, 2, 5), KeepsMask: true, Out: f32(4, 3, 2, 5), Params: 15},
		"LayerNormalization/rows": {New: func() nn.Layer { return nn.LayerNormalization(nn.Axes(-1, -2), nn.NoScale) }, In: f32(4, 3, 2), KeepsMask: true, Out: f32(4, 3, 2), Params: 6},
		"LayerNormalization/RMS":  {New: func() nn.Layer { return nn.LayerNormalization(nn.RMSScaling) }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5), Params: 5},
		"GroupNormalization":      {New: func() nn.Layer { return nn.GroupNormalization(2) }, In: f32(4, 3, 2, 6), KeepsMask: true, Out: f32(4, 3, 2, 6), Params: 12},
		"GroupNormalization/options": {New: func() nn.Layer {
			return nn.GroupNormalization(-1, nn.Axis(1), nn.Epsilon(0.1), nn.NoScale, nn.BetaRegularizer(nn.L2(0.1)))
		}, In: f32(4, 3, 5), KeepsMask: true, Out: f32(4, 3, 5), Params: 3},
		"GroupNormalization/one": {New: func() nn.Layer { return nn.GroupNormalization(1) }, In: f32(4, 6), KeepsMask: true, Out: f32(4, 6), Params: 12},
		"RMSNormalization":       {New: func() nn.Layer { return nn.RMSNormalization() }, In: f32(4, 5), Out: f32(4, 5), Params: 5},
		"RMSNormalization/options": {New: func() nn.Layer { return nn.RMSNormalization(nn.Axis(1), nn.Epsilon(0.1), nn.Name("r")) },
			In: f32(4, 3, 2), Out: f32(4, 3, 2), Params: 3},
		"UnitNormalization":      {New: func() nn.Layer { return nn.UnitNormalization() }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5)},
		"UnitNormalization/axes": {New: func() nn.Layer { return nn.UnitNormalization(nn.Axes(1, 2)) }, In: f32(4, 3, 2), KeepsMask: true, Out: f32(4, 3, 2)},
		// Its gradient is that by the divided kernel: TestSpectralNormalizationGradient.
		"SpectralNormalization": {New: func() nn.Layer { return nn.SpectralNormalization(nn.Dense(3, nn.Tanh), nn.PowerIterations(2)) },
			In: f32(4, 5), KeepsMask: true, Out: f32(4, 3), Params: 18, States: 3, NoGradient: true},
		// The merging layers, of one input.
		"Add":              {New: func() nn.Layer { return nn.Add() }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5)},
		"Multiply":         {New: func() nn.Layer { return nn.Multiply(nn.Name("m")) }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5)},
		"Average":          {New: func() nn.Layer { return nn.Average() }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5)},
		"Maximum":          {New: func() nn.Layer { return nn.Maximum() }, In: f32(4, 2, 5), KeepsMask: true, Out: f32(4, 2, 5)},
		"Minimum":          {New: func() nn.Layer { return nn.Minimum() }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5)},
		"Concatenate":      {New: func() nn.Layer { return nn.Concatenate() }, In: f32(4, 5), KeepsMask: true, Out: f32(4, 5)},
		"Concatenate/axis": {New: func() nn.Layer { return nn.Concatenate(nn.Axis(1)) }, In: f32(4, 2, 5), KeepsMask: true, Out: f32(4, 2, 5)},
		// Of several.
		"Add/two":           {New: func() nn.Layer { return nn.Add() }, Ins: []tensor.Spec{f32(4, 5), f32(4, 5)}, KeepsMask: true, Out: f32(4, 5)},
		"Subtract/two":      {New: func() nn.Layer { return nn.Subtract() }, Ins: []tensor.Spec{f32(4, 3, 5), f32(4, 3, 1)}, KeepsMask: true, Out: f32(4, 3, 5)},
		"Concatenate/three": {New: func() nn.Layer { return nn.Concatenate() }, Ins: []tensor.Spec{f32(4, 5), f32(4, 1), f32(4, 2)}, KeepsMask: true, Out: f32(4, 8)},
		"Dot/two":           {New: func() nn.Layer { return nn.Dot(nn.Normalize) }, Ins: []tensor.Spec{f32(4, 3, 5), f32(4, 2, 5)}, Out: f32(4, 3, 2)},
		"Masking":           {New: func() nn.Layer { return nn.Masking(0.5) }, In: f32(4, 3, 2), KeepsMask: true, Out: f32(4, 3, 2)},
		"of one's own":      {New: func() nn.Layer { return &halves{} }, In: f32(4, 6), Outs: []tensor.Spec{f32(4, 3), f32(4, 3)}, Params: 3, States: 6, NoConfig: true},
		"Lambda": {New: func() nn.Layer {
			return nn.Lambda(func(x *graph.Node) *graph.Node { return ops.Scale(x, 2) })
		}, In: f32(4, 5), Out: f32(4, 5), NoConfig: true},
	} {
		t.Run(name, func(t *testing.T) { nntest.Layer(t, c) })
	}
}

// halves is a layer of two outputs: the halves of x, less a mean that moves, one of them
// scaled.
type halves struct {
	nn.Base
	scale, mean *graph.Var
}

func (l *halves) BuildAll(b *nn.Builder, in []tensor.Spec) { l.Build(b, in[0]) }
func (l *halves) Build(b *nn.Builder, in tensor.Spec) {
	n := in.Shape.At(-1)
	l.scale = b.Param("scale", tensor.D(n/2), nn.Ones)
	l.mean = b.State("mean", tensor.S(tensor.Float32, n), nn.Zeros)
}

func (l *halves) Call(c *nn.Ctx, x *graph.Node) *graph.Node { return l.CallAll(c, []*graph.Node{x})[0] }
func (l *halves) CallAll(c *nn.Ctx, x []*graph.Node) []*graph.Node {
	mean := ops.Cast(c.Value(l.mean), x[0].DType())
	if c.Training {
		c.Update(l.mean, ops.Add(ops.Scale(mean, 0.9), ops.Scale(ops.ReduceMean(x[0], 0), 0.1)))
	}
	y := ops.Split(ops.Sub(x[0], mean), -1, x[0].Shape().At(-1)/2, x[0].Shape().At(-1)/2)
	return []*graph.Node{y[0], ops.Mul(y[1], c.Value(l.scale))}
}
