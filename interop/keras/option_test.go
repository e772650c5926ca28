package keras_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/nn"
	"github.com/glia-ml/glia/preprocess"
	"github.com/glia-ml/glia/tensor"
)

// TestOptionsOfEveryLayer gives the constructor of every class in nn's table, to which this
// package links all that add to it, the options that every layer takes.
func TestOptionsOfEveryLayer(t *testing.T) {
	name, policy := nn.Name("given"), nn.MixedBFloat16
	made := map[string]nn.Layer{
		"Activation":               nn.Tanh.Layer(name, nn.Frozen, policy),
		"ActivityRegularization":   nn.ActivityRegularization(1, 1, name, nn.Frozen, policy),
		"Add":                      nn.Add(name, nn.Frozen, policy),
		"AlphaDropout":             nn.AlphaDropout(0.5, name, nn.Frozen, policy),
		"Average":                  nn.Average(name, nn.Frozen, policy),
		"BatchNormalization":       nn.BatchNormalization(name, nn.Frozen, policy),
		"GroupNormalization":       nn.GroupNormalization(2, name, nn.Frozen, policy),
		"LayerNormalization":       nn.LayerNormalization(name, nn.Frozen, policy),
		"RMSNormalization":         nn.RMSNormalization(name, nn.Frozen, policy),
		"SpectralNormalization":    nn.SpectralNormalization(nn.Dense(2), name, nn.Frozen, policy),
		"UnitNormalization":        nn.UnitNormalization(name, nn.Frozen, policy),
		"SimpleRNN":                nn.SimpleRNN(1, name, nn.Frozen, policy),
		"LSTM":                     nn.LSTM(1, name, nn.Frozen, policy),
		"GRU":                      nn.GRU(1, name, nn.Frozen, policy),
		"SimpleRNNCell":            nn.SimpleRNNCell(1, name, nn.Frozen, policy),
		"LSTMCell":                 nn.LSTMCell(1, name, nn.Frozen, policy),
		"GRUCell":                  nn.GRUCell(1, name, nn.Frozen, policy),
		"RNN":                      nn.RNN(nn.LSTMCell(1), name, nn.Frozen, policy),
		"StackedRNNCells":          nn.StackedRNNCells([]nn.Cell{nn.GRUCell(1)}, name, nn.Frozen, policy),
		"Bidirectional":            nn.Bidirectional(nn.LSTM(1), name, nn.Frozen, policy),
		"TimeDistributed":          nn.TimeDistributed(nn.Dense(1), name, nn.Frozen, policy),
		"ConvLSTM1D":               nn.ConvLSTM1D(1, 1, name, nn.Frozen, policy),
		"ConvLSTM2D":               nn.ConvLSTM2D(1, 1, name, nn.Frozen, policy),
		"ConvLSTM3D":               nn.ConvLSTM3D(1, 1, name, nn.Frozen, policy),
		"Concatenate":              nn.Concatenate(name, nn.Frozen, policy),
		"Conv1D":                   nn.Conv1D(1, 1, name, nn.Frozen, policy),
		"Conv1DTranspose":          nn.Conv1DTranspose(1, 1, name, nn.Frozen, policy),
		"Conv2D":                   nn.Conv2D(1, 1, name, nn.Frozen, policy),
		"Conv2DTranspose":          nn.Conv2DTranspose(1, 1, name, nn.Frozen, policy),
		"Conv3D":                   nn.Conv3D(1, 1, name, nn.Frozen, policy),
		"Conv3DTranspose":          nn.Conv3DTranspose(1, 1, name, nn.Frozen, policy),
		"AdditiveAttention":        nn.AdditiveAttention(name, nn.Frozen, policy),
		"Attention":                nn.Attention(name, nn.Frozen, policy),
		"EinsumDense":              nn.EinsumDense("ab,bc->ac", []int{1}, name, nn.Frozen, policy),
		"Embedding":                nn.Embedding(1, 1, name, nn.Frozen, policy),
		"GroupQueryAttention":      nn.GroupQueryAttention(1, 1, 1, name, nn.Frozen, policy),
		"MultiHeadAttention":       nn.MultiHeadAttention(1, 1, name, nn.Frozen, policy),
		"ReversibleEmbedding":      nn.ReversibleEmbedding(1, 1, name, nn.Frozen, policy),
		"Dense":                    nn.Dense(1, name, nn.Frozen, policy),
		"DepthwiseConv1D":          nn.DepthwiseConv1D(1, name, nn.Frozen, policy),
		"DepthwiseConv2D":          nn.DepthwiseConv2D(1, name, nn.Frozen, policy),
		"Dot":                      nn.Dot(name, nn.Frozen, policy),
		"Dropout":                  nn.Dropout(0.5, name, nn.Frozen, policy),
		"ELU":                      nn.ELU.Layer(name, nn.Frozen, policy),
		"Flatten":                  nn.Flatten(name, nn.Frozen, policy),
		"GaussianDropout":          nn.GaussianDropout(0.5, name, nn.Frozen, policy),
		"GaussianNoise":            nn.GaussianNoise(1, name, nn.Frozen, policy),
		"InputLayer":               nn.Input(2).With(name, nn.Frozen),
		"LeakyReLU":                nn.LeakyReLU.Layer(name, nn.Frozen, policy),
		"Masking":                  nn.Masking(0, name, nn.Frozen, policy),
		"TextVectorization":        preprocess.TextVectorization(name, nn.Frozen, policy),
		"Normalization":            preprocess.Normalization(name, nn.Frozen, policy),
		"Maximum":                  nn.Maximum(name, nn.Frozen, policy),
		"Minimum":                  nn.Minimum(name, nn.Frozen, policy),
		"Multiply":                 nn.Multiply(name, nn.Frozen, policy),
		"PReLU":                    nn.PReLU(name, nn.Frozen, policy),
		"Permute":                  nn.Permute(1).With(name, nn.Frozen, policy),
		"ReLU":                     nn.ReLU.Layer(name, nn.Frozen, policy),
		"RepeatVector":             nn.RepeatVector(2, name, nn.Frozen, policy),
		"RandomFlip":               preprocess.RandomFlip(name, nn.Frozen, policy),
		"Resizing":                 preprocess.Resizing(2, 3, name, nn.Frozen, policy),
		"RandAugment":              preprocess.RandAugment(name, nn.Frozen, policy),
		"AugMix":                   preprocess.AugMix(name, nn.Frozen, policy),
		"AutoContrast":             preprocess.AutoContrast(name, nn.Frozen, policy),
		"Equalization":             preprocess.Equalization(name, nn.Frozen, policy),
		"RandomBrightness":         preprocess.RandomBrightness(preprocess.Factor{0.5}, name, nn.Frozen, policy),
		"RandomContrast":           preprocess.RandomContrast(preprocess.Factor{0.5}, name, nn.Frozen, policy),
		"RandomHue":                preprocess.RandomHue(preprocess.Factor{0.5}, name, nn.Frozen, policy),
		"RandomSaturation":         preprocess.RandomSaturation(preprocess.Factor{0.5}, name, nn.Frozen, policy),
		"RandomColorJitter":        preprocess.RandomColorJitter(name, nn.Frozen, policy),
		"RandomColorDegeneration":  preprocess.RandomColorDegeneration(preprocess.Factor{0.5}, name, nn.Frozen, policy),
		"RandomGrayscale":          preprocess.RandomGrayscale(0.5, name, nn.Frozen, policy),
		"RandomInvert":             preprocess.RandomInvert(preprocess.Factor{0.5}, name, nn.Frozen, policy),
		"RandomPosterization":      preprocess.RandomPosterization(preprocess.Factor{3}, name, nn.Frozen, policy),
		"Solarization":             preprocess.Solarization(name, nn.Frozen, policy),
		"RandomSharpness":          preprocess.RandomSharpness(preprocess.Factor{0.5}, name, nn.Frozen, policy),
		"RandomGaussianBlur":       preprocess.RandomGaussianBlur(preprocess.Factor{0.5}, name, nn.Frozen, policy),
		"RandomRotation":           preprocess.RandomRotation(preprocess.Factor{1}, name, nn.Frozen, policy),
		"RandomShear":              preprocess.RandomShear(preprocess.Factor{1}, preprocess.Factor{1}, name, nn.Frozen, policy),
		"RandomTranslation":        preprocess.RandomTranslation(preprocess.Factor{1}, preprocess.Factor{1}, name, nn.Frozen, policy),
		"RandomZoom":               preprocess.RandomZoom(preprocess.Factor{1}, nil, name, nn.Frozen, policy),
		"CenterCrop":               preprocess.CenterCrop(1, 1, name, nn.Frozen, policy),
		"CutMix":                   preprocess.CutMix(preprocess.Factor{1}, name, nn.Frozen, policy),
		"MaxNumBoundingBoxes":      preprocess.MaxNumBoundingBoxes(1, name, nn.Frozen, policy),
		"MixUp":                    preprocess.MixUp(1, name, nn.Frozen, policy),
		"Pipeline":                 preprocess.Pipeline(nn.Flatten()).With(name, nn.Frozen, policy),
		"RandomCrop":               preprocess.RandomCrop(1, 1, name, nn.Frozen, policy),
		"RandomElasticTransform":   preprocess.RandomElasticTransform(preprocess.Factor{1}, name, nn.Frozen, policy),
		"RandomErasing":            preprocess.RandomErasing(preprocess.Factor{1}, name, nn.Frozen, policy),
		"RandomPerspective":        preprocess.RandomPerspective(preprocess.Factor{1}, name, nn.Frozen, policy),
		"Rescaling":                preprocess.Rescaling(1, 0, name, nn.Frozen, policy),
		"Reshape":                  nn.Reshape(1).With(name, nn.Frozen, policy),
		"SeparableConv1D":          nn.SeparableConv1D(1, 1, name, nn.Frozen, policy),
		"SeparableConv2D":          nn.SeparableConv2D(1, 1, name, nn.Frozen, policy),
		"Sequential":               nn.Sequential().With(name, nn.Frozen, policy),
		"Softmax":                  nn.Softmax.Layer(name, nn.Frozen, policy),
		"SpatialDropout1D":         nn.SpatialDropout1D(0.5, name, nn.Frozen, policy),
		"SpatialDropout2D":         nn.SpatialDropout2D(0.5, name, nn.Frozen, policy),
		"SpatialDropout3D":         nn.SpatialDropout3D(0.5, name, nn.Frozen, policy),
		"Subtract":                 nn.Subtract(name, nn.Frozen, policy),
		"AdaptiveAveragePooling1D": nn.AdaptiveAveragePooling1D(2, name, nn.Frozen, policy),
		"AdaptiveAveragePooling2D": nn.AdaptiveAveragePooling2D(2, name, nn.Frozen, policy),
		"AdaptiveAveragePooling3D": nn.AdaptiveAveragePooling3D(2, name, nn.Frozen, policy),
		"AdaptiveMaxPooling1D":     nn.AdaptiveMaxPooling1D(2, name, nn.Frozen, policy),
		"AdaptiveMaxPooling2D":     nn.AdaptiveMaxPooling2D(2, name, nn.Frozen, policy),
		"AdaptiveMaxPooling3D":     nn.AdaptiveMaxPooling3D(2, name, nn.Frozen, policy),
		"AveragePooling1D":         nn.AveragePooling1D(2, name, nn.Frozen, policy),
		"AveragePooling2D":         nn.AveragePooling2D(2, name, nn.Frozen, policy),
		"AveragePooling3D":         nn.AveragePooling3D(2, name, nn.Frozen, policy),
		"Cropping1D":               nn.Cropping1D(1).With(name, nn.Frozen, policy),
		"Cropping2D":               nn.Cropping2D(1).With(name, nn.Frozen, policy),
		"Cropping3D":               nn.Cropping3D(1).With(name, nn.Frozen, policy),
		"GlobalAveragePooling1D":   nn.GlobalAveragePooling1D(name, nn.Frozen, policy),
		"GlobalAveragePooling2D":   nn.GlobalAveragePooling2D(name, nn.Frozen, policy),
		"GlobalAveragePooling3D":   nn.GlobalAveragePooling3D(name, nn.Frozen, policy),
		"GlobalMaxPooling1D":       nn.GlobalMaxPooling1D(name, nn.Frozen, policy),
		"GlobalMaxPooling2D":       nn.GlobalMaxPooling2D(name, nn.Frozen, policy),
		"GlobalMaxPooling3D":       nn.GlobalMaxPooling3D(name, nn.Frozen, policy),
		"MaxPooling1D":             nn.MaxPooling1D(2, name, nn.Frozen, policy),
		"MaxPooling2D":             nn.MaxPooling2D(2, name, nn.Frozen, policy),
		"MaxPooling3D":             nn.MaxPooling3D(2, name, nn.Frozen, policy),
		"UpSampling1D":             nn.UpSampling1D(2, name, nn.Frozen, policy),
		"UpSampling2D":             nn.UpSampling2D(2, name, nn.Frozen, policy),
		"UpSampling3D":             nn.UpSampling3D(2, name, nn.Frozen, policy),
		"ZeroPadding1D":            nn.ZeroPadding1D(1).With(name, nn.Frozen, policy),
		"ZeroPadding2D":            nn.ZeroPadding2D(1).With(name, nn.Frozen, policy),
		"ZeroPadding3D":            nn.ZeroPadding3D(1).With(name, nn.Frozen, policy),
	}
	classes := layerClasses(t)
	if len(classes) != len(made) {
		t.Errorf("the table has %d classes, this test %d", len(classes), len(made))
	}
	for _, class := range classes {
		l := made[class]
		if l == nil {
			t.Errorf("%s: want its constructor with the options in this test", class)
			continue
		}
		base := nn.BaseOf(l)
		if _, input := l.(*nn.InputLayer); !input && base.DType != policy { // it has a dtype instead
			t.Errorf("%s: policy %q, want %q", class, base.DType, policy)
		}
		if base.Name != "given" || !bool(base.Frozen) {
			t.Errorf("%s: named %q, frozen %v: want what the options say", class, base.Name, base.Frozen)
		}
		base.DType = "int8"
		err := graph.Catch(func() { nn.Sequential(l).Build(nn.NewBuilder(1), tensor.S(tensor.Float32, 1, 2)) })
		if err == nil || !strings.HasPrefix(err.Error(), "option_test.go:") || !strings.Contains(err.Error(), `"int8"`) {
			t.Errorf("%s: error %v, want one of the policy with the line that made the layer", class, err)
		}
	}
	if l := nn.Input(2).With(nn.Float16); l.DType.String() != "float16" {
		t.Errorf("an input with policy float16 has dtype %v", l.DType)
	}
}

// layerClasses returns the names of Keras's layers that glia has.
func layerClasses(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/names.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vocabulary
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	classes := []string{"Sequential"} // of keras.models
	for _, m := range v.Modules {
		for _, n := range m.Names {
			if m.Module == "keras.layers" && nn.HasLayer(n.Name) {
				classes = append(classes, n.Name)
			}
		}
	}
	return classes
}
