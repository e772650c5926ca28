package metric_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/glia-ml/glia/graph"
	"github.com/glia-ml/glia/loss"
	"github.com/glia-ml/glia/metric"
	"github.com/glia-ml/glia/nn/nntest"
	"github.com/glia-ml/glia/ops"
	"github.com/glia-ml/glia/tensor"
)

func rows(t *testing.T, v []float32, n int) *tensor.Tensor {
	t.Helper()
	x, err := tensor.FromSlice(v, n, len(v)/n)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// measure adds batches of labels, predictions and maybe weights to a new state.
func measure(t *testing.T, m metric.Metric, batches ...[]*tensor.Tensor) *tensor.Tensor {
	t.Helper()
	s, err := m.New(batches[0][0].Spec(), batches[0][1].Spec())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if err := update(s, b); err != nil {
			t.Fatal(err)
		}
	}
	return s.Result()
}

// update adds a batch to a state.
func update(s metric.State, args []*tensor.Tensor) error {
	g := graph.New()
	in := make([]*graph.Node, 3)
	for i, a := range args {
		in[i] = g.Input("", a.Spec())
	}
	return graph.Catch(func() {
		s.Update(g, in[0], in[1], in[2])
		nntest.Run(g, nil, args...)
	})
}

func TestAccuracyBySpecs(t *testing.T) {
	p := rows(t, []float32{0.1, 0.8, 0.1, 0.5, 0.2, 0.3, 0.2, 0.2, 0.6, 0.9, 0.1, 0}, 4)
	hot := rows(t, []float32{0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0}, 4)
	column := rows(t, []float32{1, 1, 2, 0}, 4)
	for name, b := range map[string][]*tensor.Tensor{
		"categorical":    {hot, p},
		"sparse":         {tensor.Of[int32](1, 1, 2, 0), p},
		"sparse column":  {column, p},
		"sparse pixels":  {tensor.Of[uint8](1, 1, 2, 0), p},
		"binary":         {tensor.Of[float32](1, 0, 0, 1), rows(t, []float32{0.9, 0.4, 0.7, 0.8}, 4)},
		"binary vector":  {tensor.Of[int32](1, 0, 0, 1), tensor.Of[float32](0.9, 0.4, 0.7, 0.8)},
		"binary, column": {rows(t, []float32{1, 0, 0, 1}, 4), tensor.Of[float32](0.9, 0.4, 0.7, 0.8)},
	} {
		if got := measure(t, metric.Accuracy(), b).Item(); got != 0.75 {
			t.Errorf("%s: accuracy is %v, want 0.75", name, got)
		}
	}
}

// TestEpoch checks that batches of different lengths count by their samples.
func TestEpoch(t *testing.T) {
	m := metric.BinaryAccuracy(0.5)
	got := measure(t, m,
		[]*tensor.Tensor{tensor.Of[float32](1, 1, 1, 1), tensor.Of[float32](1, 1, 1, 1)},
		[]*tensor.Tensor{tensor.Of[float32](1), tensor.Of[float32](0)}).Item()
	if got != 0.8 {
		t.Errorf("accuracy of 4 right and 1 wrong is %v, want 0.8", got)
	}
}

func TestReset(t *testing.T) {
	m := metric.FromLoss(loss.MeanSquaredError())
	b := []*tensor.Tensor{tensor.Of[float32](1, 2), tensor.Of[float32](3, 4)}
	s, err := m.New(b[0].Spec(), b[1].Spec())
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Result().Item(); got != 0 {
		t.Errorf("result before the first batch is %v, want 0", got)
	}
	for range 2 {
		if err := update(s, b); err != nil {
			t.Fatal(err)
		}
		if got := s.Result().Item(); got != 4 {
			t.Errorf("result is %v, want 4", got)
		}
		s.Reset()
	}
	if s.Vars()[0].Path != "mean_squared_error/total" {
		t.Errorf("first variable is %s", s.Vars()[0].Path)
	}
}

func TestConfusionMatrix(t *testing.T) {
	p := rows(t, []float32{0.1, 0.8, 0.1, 0.5, 0.2, 0.3, 0.2, 0.2, 0.6, 0.9, 0.1, 0}, 4)
	labels := tensor.Of[int32](1, 1, 2, 0)
	for name, c := range map[string]struct {
		m    metric.Metric
		b    []*tensor.Tensor
		want []float64
	}{
		"numbers": {metric.ConfusionMatrix(3), []*tensor.Tensor{labels, p}, []float64{1, 0, 0, 1, 1, 0, 0, 0, 1}},
		"weights": {metric.ConfusionMatrix(3), []*tensor.Tensor{labels, p, tensor.Of[float32](1, 2, 3, 4)},
			[]float64{4, 0, 0, 2, 1, 0, 0, 0, 3}},
		"binary": {metric.ConfusionMatrix(2), []*tensor.Tensor{tensor.Of[int32](1, 0, 0), tensor.Of[float32](0.9, 0.8, 0.1)},
			[]float64{1, 1, 0, 1}},
	} {
		got := measure(t, c.m, c.b)
		for i, v := range got.Float64s() {
			if v != c.want[i] {
				t.Errorf("%s: got\n%v\nwant %v", name, got, c.want)
				break
			}
		}
	}
}

func TestTopK(t *testing.T) {
	p := rows(t, []float32{0.1, 0.5, 0.4, 0.3, 0.3, 0.3}, 2)
	for k, want := range map[int]float64{1: 0.5, 2: 1, 3: 1} { // in a tie, all are among the greatest
		if got := measure(t, metric.SparseTopKCategoricalAccuracy(k), []*tensor.Tensor{tensor.Of[int32](2, 2), p}).Item(); got != want {
			t.Errorf("top %d: %v, want %v", k, got, want)
		}
	}
}

func TestMean(t *testing.T) {
	bias := metric.Mean("bias", func(yTrue, yPred *graph.Node) *graph.Node { return ops.Sub(yPred, yTrue) })
	b := []*tensor.Tensor{tensor.Of[float32](1, 2, 3, 4), tensor.Of[float32](2, 3, 4, 6)}
	if got := measure(t, bias, b).Item(); got != 1.25 {
		t.Errorf("mean is %v, want 1.25", got)
	}
	if got := measure(t, bias, append(b, tensor.Of[float32](0, 0, 1, 1))).Item(); got != 1.5 {
		t.Errorf("weighted mean is %v, want 1.5", got)
	}
}

// TestLossOfBatches has a loss of the batch as a whole count once a batch, or with the
// weights of its samples, as keras.metrics.MeanMetricWrapper does.
func TestLossOfBatches(t *testing.T) {
	m := metric.FromLoss(loss.Func("most", func(_, yPred *graph.Node) *graph.Node { return ops.ReduceMax(yPred) }))
	four, one := tensor.Of[float32](1, 7, 3, 4), tensor.Of[float32](2)
	if got := measure(t, m, []*tensor.Tensor{four, four}, []*tensor.Tensor{one, one}).Item(); got != (7.0+2)/2 {
		t.Errorf("mean is %v, want 4.5", got)
	}
	w := tensor.Of[float32](0, 0.5, 0.5, 0)
	if got := measure(t, m, []*tensor.Tensor{four, four, w}, []*tensor.Tensor{one, one, tensor.Of[float32](3)}).Item(); got != (7.0+3*2)/4 {
		t.Errorf("weighted mean is %v, want 3.25", got)
	}
	if _, err := metric.FromLoss(loss.Dice()).New(tensor.S(tensor.Float32, 1, 3), tensor.S(tensor.Float32, 1, 3)); err != nil {
		t.Error(err)
	}
}

func TestMistakes(t *testing.T) {
	f32 := func(dims ...int) tensor.Spec { return tensor.S(tensor.Float32, dims...) }
	i32 := func(dims ...int) tensor.Spec { return tensor.S(tensor.Int32, dims...) }
	for name, c := range map[string]struct {
		m    metric.Metric
		y, p tensor.Spec
		want string
	}{
		"batches":   {metric.Accuracy(), f32(3, 2), f32(4, 2), "the same batch"},
		"scalars":   {metric.Accuracy(), f32(), f32(), "the same batch"},
		"rows":      {metric.CategoricalAccuracy(), f32(4, 3), f32(4, 2), "want one shape"},
		"numbers":   {metric.SparseCategoricalAccuracy(), f32(4, 3), f32(4, 2), "one class number"},
		"top":       {metric.SparseTopKCategoricalAccuracy(0), f32(4), f32(4, 2), "1 or more"},
		"class":     {metric.Precision(metric.ClassID(2)), f32(4, 2), f32(4, 2), "class 2"},
		"f1":        {metric.F1Score(), f32(4), f32(4), "[B classes]"},
		"threshold": {metric.F1Score(metric.Threshold(2)), f32(4, 2), f32(4, 2), "up to 1"},
		"at 0":      {metric.F1Score(metric.Threshold(0)), f32(4, 2), f32(4, 2), "a threshold over 0"},
		"binary":    {metric.BinaryAccuracy(50), f32(4), f32(4), "threshold 50: want more than 0 and less than 1"},
		"number":    {metric.BinaryAccuracy(math.NaN()), f32(4), f32(4), "threshold NaN"},
		"scalar":    {metric.Mean("m", func(_, p *graph.Node) *graph.Node { return ops.ReduceMean(p) }), f32(4), f32(4, 2), "want one for every sample"},
		"classes":   {metric.ConfusionMatrix(3), f32(4), f32(4, 2), "[B ... 3]"},
		"nothing":   {metric.Mean("m", nil), f32(4), f32(4, 2), "the function is nil"},
		"nil value": {metric.Mean("m", func(_, _ *graph.Node) *graph.Node { return nil }), f32(4), f32(4, 2), "got a nil node"},
		"none":      {metric.ConfusionMatrix(0), f32(4), f32(4, 2), "0 classes"},

		"class numbers":      {metric.CategoricalAccuracy(), i32(4), f32(4, 2), "look like class numbers: want metric.SparseCategoricalAccuracy, or rows of probabilities as ops.OneHot makes them"},
		"class numbers, top": {metric.TopKCategoricalAccuracy(1), i32(4, 1), f32(4, 2), "want metric.SparseTopKCategoricalAccuracy, or rows"},
		"class numbers, f1":  {metric.F1Score(), i32(4), f32(4, 2), "look like class numbers: want rows of probabilities as ops.OneHot makes them"},
		"class numbers, auc": {metric.AUC(), i32(4), f32(4, 2), "look like class numbers: want rows"},
		"class numbers, hit": {metric.TruePositives(), i32(4, 1), f32(4, 2), "look like class numbers: want rows"},
		"class numbers, iou": {metric.OneHotIoU(2, []int{0}), i32(4), f32(4, 2), "look like class numbers: want metric.IoU with metric.DensePredictions, or rows"},
		"one-hot":            {metric.SparseCategoricalAccuracy(), f32(4, 2), f32(4, 2), "look like rows of probabilities: want metric.CategoricalAccuracy, or class numbers as ops.ArgMax makes them"},
		"one-hot, top":       {metric.SparseTopKCategoricalAccuracy(1), f32(4, 2), f32(4, 2), "want metric.TopKCategoricalAccuracy, or class numbers"},
		"rows, iou":          {metric.MeanIoU(2), i32(4), f32(4, 2), "the predictions look like rows of probabilities: want metric.MeanIoU with metric.DensePredictions, or class numbers"},
		"values":             {metric.RootMeanSquaredError(), f32(4), f32(4, 2), "want one shape"},

		"average":        {metric.F1Score(metric.Average("mean")), f32(4, 2), f32(4, 2), `average "mean"`},
		"a threshold":    {metric.Precision(metric.Thresholds(0.5, 1.5)), f32(4), f32(4), "threshold 1.5: want 0 to 1"},
		"no threshold":   {metric.Recall(metric.Thresholds(math.NaN())), f32(4), f32(4), "threshold NaN"},
		"top of":         {metric.Recall(metric.TopK(3)), f32(4, 2), f32(4, 2), "top 3 of predictions [4 2]: want 1 to 2"},
		"shapes":         {metric.Recall(), f32(4, 2), f32(4, 3), "want one shape"},
		"curve":          {metric.AUC(metric.Curve("roc")), f32(4), f32(4), `curve "roc"`},
		"summation":      {metric.AUC(metric.Summation("")), f32(4), f32(4), `summation ""`},
		"one threshold":  {metric.AUC(metric.NumThresholds(1)), f32(4), f32(4), "metric.auc: num_thresholds of AUC is 1: want 2 to 1048576"},
		"thresholds":     {metric.AUC(metric.NumThresholds(math.MaxInt32)), f32(4), f32(4), "metric.auc: num_thresholds of AUC is 2147483647: want 2 to 1048576"},
		"inner":          {metric.AUC(metric.Thresholds(-0.1)), f32(4), f32(4), "threshold -0.1"},
		"multi label":    {metric.AUC(metric.MultiLabel), f32(4), f32(4), "want [B labels]"},
		"label weights":  {metric.AUC(metric.MultiLabel, metric.LabelWeights(1, 2, 3)), f32(4, 2), f32(4, 2), "3 weights"},
		"weight":         {metric.AUC(metric.LabelWeights(1, -2)), f32(4, 2), f32(4, 2), "label weight -2"},
		"many":           {metric.AUC(metric.MultiLabel, metric.NumThresholds(1<<20)), f32(1, 10), f32(1, 10), "less than 16777216 counters"},
		"at":             {metric.PrecisionAtRecall(1.1), f32(4), f32(4), "at 1.1"},
		"at nothing":     {metric.RecallAtPrecision(0.5, metric.NumThresholds(0)), f32(4), f32(4), "num_thresholds of RecallAtPrecision is 0: want 1 to 1048576"},
		"at many":        {metric.RecallAtPrecision(0.5, metric.NumThresholds(1<<20+1)), f32(4), f32(4), "num_thresholds of RecallAtPrecision is 1048577: want 1 to 1048576"},
		"at class":       {metric.RecallAtPrecision(0.5, metric.ClassID(2)), f32(4, 2), f32(4, 2), "class 2"},
		"iou":            {metric.MeanIoU(0), f32(4), f32(4), "num_classes of MeanIoU is 0: want 1 to 4096"},
		"iou of many":    {metric.IoU(1<<20, []int{0}), f32(4), f32(4), "num_classes of IoU is 1048576: want 1 to 4096"},
		"many classes":   {metric.ConfusionMatrix(4097), f32(4), f32(4, 2), "4097 classes: want 1 to 4096"},
		"target":         {metric.IoU(2, []int{0, 2}), f32(4), f32(4), "target class 2: want 0 to 1"},
		"no target":      {metric.IoU(2, []int{}), f32(4), f32(4), "no target classes"},
		"dense":          {metric.OneHotMeanIoU(2), f32(4), f32(4), "want classes on axis -1"},
		"widths":         {metric.OneHotMeanIoU(3), f32(4, 3), f32(4, 5), "predictions float32[4 5]: 5 classes on axis -1: want 3"},
		"wide labels":    {metric.IoU(2, []int{0}, metric.DenseLabels), f32(4, 3), f32(4), "labels float32[4 3]: 3 classes on axis -1: want 2"},
		"aggregation":    {metric.R2Score(metric.Aggregation("sum")), f32(4, 2), f32(4, 2), `aggregation "sum"`},
		"regressors":     {metric.R2Score(metric.NumRegressors(-1)), f32(4, 2), f32(4, 2), "-1 regressors"},
		"r2":             {metric.R2Score(), f32(4, 2, 2), f32(4, 2, 2), "want both [B outputs]"},
		"axis":           {metric.PearsonCorrelation(metric.Axis(2)), f32(4, 2), f32(4, 2), "axis 2"},
		"axis of cosine": {metric.CosineSimilarity(metric.Axes(0, -3)), f32(4, 2), f32(4, 2), "axis -3"},
		"sorted":         {metric.SparseTopKCategoricalAccuracy(3, metric.FromSortedIDs), f32(4), f32(4, 2), "top 3"},
	} {
		if _, err := c.m.New(c.y, c.p); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want %q in it", name, err, c.want)
		}
	}
}

// TestSmallUpdate counts the operations that accuracy adds to a training step.
func TestSmallUpdate(t *testing.T) {
	g := graph.New()
	y, p := g.Input("y", tensor.S(tensor.Float32, 128, 10)), g.Input("p", tensor.S(tensor.Float32, 128, 10))
	s, err := metric.Accuracy().New(y.Spec(), p.Spec())
	if err != nil {
		t.Fatal(err)
	}
	before := len(g.Nodes())
	s.Update(g, y, p, nil)
	if n := len(g.Nodes()) - before; n > 10 {
		t.Errorf("accuracy takes %d nodes, want 10 at most:\n%v", n, g)
	}
}

func TestBadLabels(t *testing.T) {
	f32 := func(dims ...int) tensor.Spec { return tensor.S(tensor.Float32, dims...) }
	numbers := tensor.Of[int32](0, 2, 3)
	for name, c := range map[string]struct {
		m    metric.Metric
		y    *tensor.Tensor
		p    tensor.Spec
		want int
	}{
		"accuracy":        {metric.Accuracy(), numbers, f32(1, 3), 2},
		"right":           {metric.Accuracy(), numbers, f32(1, 4), -1},
		"binary accuracy": {metric.Accuracy(), numbers, f32(1), -1},
		"fraction":        {metric.SparseCategoricalAccuracy(), tensor.Of[float32](1, 0.5), f32(1, 3), 1},
		"negative":        {metric.SparseTopKCategoricalAccuracy(2), tensor.Of[int64](-1, 0), f32(1, 3), 0},
		"NaN":             {metric.SparseTopKCategoricalAccuracy(2), tensor.Of(0, math.NaN()), f32(1, 3), 1},
		"sorted":          {metric.SparseTopKCategoricalAccuracy(2, metric.FromSortedIDs), numbers, f32(1, 3), -1},
		"confusion":       {metric.ConfusionMatrix(3), tensor.Of[uint8](2, 255), f32(1, 3), 1},
		"confusion of 2":  {metric.ConfusionMatrix(2), tensor.Of[uint8](1, 2), f32(1), 1},
		"negative id":     {metric.SparseTopKCategoricalAccuracy(2, metric.FromSortedIDs), tensor.Of[int32](0, -1), f32(1, 3), 1},
		"IoU":             {metric.IoU(3, []int{0}), numbers, f32(1), 2},
		"mean IoU":        {metric.MeanIoU(3), tensor.Of[uint8](2, 255, 1), f32(1), 1},
		"ignored":         {metric.MeanIoU(3, metric.IgnoreClass(255)), tensor.Of[uint8](2, 255, 3), f32(1), 2},
		"binary IoU":      {metric.BinaryIoU(0.5, nil), tensor.Of[float32](1, 2), f32(1), 1},
		"sparse IoU":      {metric.OneHotMeanIoU(2), rows(t, []float32{5, 0, 0, 5}, 2), f32(1, 2), -1},
		"loss":            {metric.FromLoss(loss.SparseCategoricalCrossentropy()), numbers, f32(1, 3), 2},
		"loss ignores":    {metric.FromLoss(loss.SparseCategoricalCrossentropy(loss.IgnoreClass(3))), numbers, f32(1, 3), -1},
		"rows":            {metric.ConfusionMatrix(2), rows(t, []float32{5, 0, 0, 5}, 2), f32(1, 2), -1},
	} {
		spec := c.y.Spec()
		spec.Shape = spec.Shape.With(0, 1)
		s, err := c.m.New(spec, c.p)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		l, ok := s.(metric.LabelChecker)
		if !ok {
			t.Errorf("%s: the state does not check labels", name)
		} else if got := l.BadLabel(c.y); got != c.want {
			t.Errorf("%s: first bad label of %v is %d, want %d", name, c.y, got, c.want)
		}
	}
}

// TestAllowedLabels has metrics take a label that the loss ignores: it is wrong, or does
// not count in pairs.
func TestAllowedLabels(t *testing.T) {
	p := rows(t, []float32{0.1, 0.2, 0.7, 0.6, 0.3, 0.1}, 2)
	for name, c := range map[string]struct {
		m    metric.Metric
		y, p *tensor.Tensor
		want float64
	}{
		"accuracy":   {metric.Accuracy(), tensor.Of[int32](2, -1), p, 0.5},
		"top":        {metric.SparseTopKCategoricalAccuracy(3), tensor.Of[int32](2, -1), p, 0.5},
		"top beyond": {metric.SparseTopKCategoricalAccuracy(5), tensor.Of[int32](2, 255), p, 0.5},
		"sorted":     {metric.SparseTopKCategoricalAccuracy(1, metric.FromSortedIDs), tensor.Of[int32](2, -1), rows(t, []float32{2, -1}, 2), 0.5},
		"IoU":        {metric.MeanIoU(3), tensor.Of[int32](2, 255), tensor.Of[int32](2, 0), 1},
	} {
		s, err := c.m.New(c.y.Spec(), c.p.Spec())
		if err != nil {
			t.Fatal(err)
		}
		l := s.(metric.ClassLabels)
		if got := l.BadLabel(c.y); got != 1 {
			t.Errorf("%s: bad label %d, want 1", name, got)
		}
		l.AllowLabel(-1)
		l.AllowLabel(255)
		if got := l.BadLabel(c.y); got != -1 {
			t.Errorf("%s, allowed: bad label %d, want none", name, got)
		}
		if err := update(s, []*tensor.Tensor{c.y, c.p}); err != nil {
			t.Fatal(err)
		}
		if got := s.Result().Item(); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// TestOutside has predictions that are no class count as wrong ones, where Keras drops
// their places: of the classes 0 and 1, once and twice labeled, each is found once.
func TestOutside(t *testing.T) {
	for _, p := range []*tensor.Tensor{tensor.Of[float32](0, 1, 5), tensor.Of[float32](0, 1, -1), tensor.Of[float32](0, 1, 2), tensor.Of(0, 1, float32(math.NaN()))} {
		y := tensor.Of[int32](0, 1, 1)
		if got := measure(t, metric.MeanIoU(2), []*tensor.Tensor{y, p}).Item(); math.Abs(got-0.75) > 1e-6 {
			t.Errorf("predictions %v: got %v, want (1 + 1/2) / 2", p.Float64s(), got)
		}
		if got := measure(t, metric.IoU(2, []int{1}), []*tensor.Tensor{y, p}, []*tensor.Tensor{y, tensor.Of[float32](0, 1, 1)}).Item(); math.Abs(got-0.75) > 1e-6 {
			t.Errorf("predictions %v: class 1: got %v, want 3/4", p.Float64s(), got)
		}
	}
}

// TestWeightShapes wants weights of samples, of places and of numbers, and no others.
func TestWeightShapes(t *testing.T) {
	y, p := tensor.New(tensor.Float32, 3, 2, 4), tensor.New(tensor.Float32, 3, 2, 4)
	for _, m := range []metric.Metric{metric.Precision(), metric.AUC(), metric.OneHotMeanIoU(4), metric.Accuracy(), metric.Sum("sum", metric.Predictions)} {
		for _, shape := range [][]int{{3}, {3, 1}, {3, 2}, {4}, {2, 2}} {
			s, err := m.New(y.Spec(), p.Spec())
			if err != nil {
				t.Fatal(err)
			}
			err = update(s, []*tensor.Tensor{y, p, tensor.New(tensor.Float32, shape...)})
			if good := shape[0] == 3; (err == nil) != good || err != nil && !strings.Contains(err.Error(), "weights") {
				t.Errorf("%s: weights %v of predictions %v: error is %v", m.Name(), shape, p.Spec(), err)
			}
		}
	}
}

// TestBeyond checks predictions outside of 0 to 1 and NaN.
func TestBeyond(t *testing.T) {
	y := tensor.Of[float32](1, 1, 1, 1, 1)
	p := tensor.Of(float32(math.NaN()), -1, 0.6, 2, float32(math.Inf(1)))
	for name, c := range map[string]struct {
		m    metric.Metric
		want []float64
	}{
		"one":    {metric.TruePositives(), []float64{3}},
		"even":   {metric.TruePositives(metric.Thresholds(0, 0.5, 1)), []float64{3, 3, 0}},
		"uneven": {metric.TruePositives(metric.Thresholds(1, 0.5, 0.5, 0.3)), []float64{2, 3, 3, 3}},
	} {
		got := measure(t, c.m, []*tensor.Tensor{y, p})
		if !slices.Equal(got.Float64s(), c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// TestDirections has every metric tell the direction that Keras gives it.
func TestDirections(t *testing.T) {
	for d, metrics := range map[metric.Direction][]metric.Metric{
		metric.Up: {metric.Accuracy(), metric.ExactAccuracy(), metric.BinaryAccuracy(0.5), metric.CategoricalAccuracy(), metric.SparseCategoricalAccuracy(),
			metric.TopKCategoricalAccuracy(5), metric.SparseTopKCategoricalAccuracy(5), metric.AUC(), metric.Precision(), metric.Recall(),
			metric.PrecisionAtRecall(1), metric.RecallAtPrecision(1), metric.SensitivityAtSpecificity(1), metric.SpecificityAtSensitivity(1),
			metric.F1Score(), metric.FBetaScore(1), metric.IoU(2, nil), metric.MeanIoU(2), metric.BinaryIoU(0.5, nil), metric.R2Score(),
			metric.CosineSimilarity(), metric.PearsonCorrelation(), metric.ConcordanceCorrelation(), metric.WithWeights(metric.F1Score())},
		metric.Down: {metric.RootMeanSquaredError(), metric.LogCoshError(), metric.FromLoss(loss.BinaryCrossentropy()), metric.Mean("m", metric.Predictions, metric.Down)},
		metric.Unknown: {metric.TruePositives(), metric.FalsePositives(), metric.TrueNegatives(), metric.FalseNegatives(), metric.ConfusionMatrix(2),
			metric.Mean("m", metric.Predictions), metric.Sum("m", metric.Predictions)},
	} {
		for _, m := range metrics {
			if got := metric.DirectionOf(m); got != d {
				t.Errorf("%s: direction is %v, want %v", m.Name(), got, d)
			}
		}
	}
}

func TestConfigMistakes(t *testing.T) {
	for _, c := range []struct{ class, config, want string }{
		{"AUC", `{"curve": 3}`, "curve"},
		{"AUC", `{"label_weights": "x"}`, "label_weights"},
		{"AUC", `{"more": 1}`, `option "AUC.more"`},
		{"IoU", `{"num_classes": 2}`, "num_classes and target_class_ids"},
		{"MeanIoU", `{}`, "num_classes"},
		{"PearsonCorrelation", `{"axis": "x"}`, "axis"},
		{"R2Score", `{"class_aggregation": 1}`, "class_aggregation"},
		{"MeanMetricWrapper", `{"name": "m"}`, "fn"},
		{"MeanMetricWrapper", `[`, "want JSON"},
		{"MeanMetricWrapper", `{"fn": {"class_name": "function", "config": "my_fn"}}`, `metric "my_fn"`},
	} {
		if _, err := metric.FromConfig(c.class, []byte(c.config)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: error is %v, want %q in it", c.class, c.config, err, c.want)
		}
	}
	m, err := metric.FromConfig("MeanMetricWrapper", []byte(`{"name": "m", "fn": {"module": "builtins", "class_name": "function", "config": "binary_accuracy"}, "threshold": 0.75}`))
	if err != nil || m.Name() != "m" {
		t.Fatalf("got %v, %v", m, err)
	}
	if got := measure(t, m, []*tensor.Tensor{tensor.Of[float32](1, 0), tensor.Of[float32](0.7, 0.7)}).Item(); got != 0.5 {
		t.Errorf("binary accuracy at 0.75 is %v, want 0.5", got)
	}
}

// TestPairs gives labels [B] with predictions [B 1], and the other way round, to functions
// of a user's: each sample meets its own label alone.
func TestPairs(t *testing.T) {
	gap := func(yTrue, yPred *graph.Node) *graph.Node { return ops.Abs(ops.Sub(yTrue, yPred)) }
	y, p := tensor.Of[float32](1, 2, 3, 4), tensor.Of[float32](2, 2, 3, 0)
	for _, k := range []struct {
		m    metric.Metric
		want float64
	}{
		{metric.Mean("gap", gap), 1.25}, {metric.Sum("gap", gap), 5}, {metric.FromLoss(loss.Func("gap", gap)), 1.25},
		{metric.WithWeights(metric.Mean("gap", gap)), 1.25},
	} {
		m, want := k.m, k.want
		for _, c := range [][]*tensor.Tensor{{y, p}, {y, rows(t, []float32{2, 2, 3, 0}, 4)}, {rows(t, []float32{1, 2, 3, 4}, 4), p}} {
			if got := measure(t, m, c).Item(); got != want {
				t.Errorf("%T of labels %v, predictions %v: got %v, want %v", m, c[0].Spec(), c[1].Spec(), got, want)
			}
		}
		_, err := m.New(tensor.S(tensor.Float32, 4), tensor.S(tensor.Float32, 4, 1, 1))
		if err == nil || !strings.Contains(err.Error(), "gap: labels float32[4], predictions float32[4 1 1]: want shapes that do not broadcast") {
			t.Errorf("%T: error %v", m, err)
		}
	}
}

// TestConverted gives labels of other dtypes than the predictions to functions of a user's.
// The numbers are those of Keras 3.15.1's MeanMetricWrapper.
func TestConverted(t *testing.T) {
	gap := func(yTrue, yPred *graph.Node) *graph.Node { return ops.Abs(ops.Sub(yTrue, yPred)) }
	p := rows(t, []float32{0.5, 0.25}, 2)
	for _, y := range []*tensor.Tensor{tensor.Of[int64](1, 0), tensor.Of[uint8](1, 0), tensor.Of(true, false), tensor.Of[float64](1, 0)} {
		for _, m := range []metric.Metric{metric.Mean("gap", gap), metric.FromLoss(loss.Func("gap", gap))} {
			if got := measure(t, m, []*tensor.Tensor{y, p}).Item(); got != 0.375 {
				t.Errorf("%T of labels %v: got %v, want 0.375", m, y.Spec(), got)
			}
		}
	}
	hit := func(yTrue, yPred *graph.Node) *graph.Node {
		return ops.Equal(yTrue, ops.Cast(ops.Greater(yPred, ops.ScalarLike(yPred, 0.3)), tensor.Int64))
	}
	if got := measure(t, metric.Mean("hit", hit), []*tensor.Tensor{tensor.Of[int64](1, 0), p}).Item(); got != 1 {
		t.Errorf("a comparison of integers: got %v, want 1", got)
	}
}

// TestValuesOfSamples refuses values that are none of the samples, whatever the length of the
// batch that New is asked with.
func TestValuesOfSamples(t *testing.T) {
	for name, c := range map[string]struct {
		f    func(yTrue, yPred *graph.Node) *graph.Node
		want string
	}{
		"columns": {func(_, p *graph.Node) *graph.Node { return ops.ReduceMean(p, 0) }, "value is float32[3] for "},
		"flat":    {func(_, p *graph.Node) *graph.Node { return ops.Reshape(p, -1) }, "value is float32["},
		"one":     {func(_, p *graph.Node) *graph.Node { return ops.ExpandDims(ops.ReduceMean(p), 0) }, "value is float32[1] for "},
		"scalar":  {func(_, p *graph.Node) *graph.Node { return ops.ReduceMean(p) }, "value is float32[] for "},
		"rows":    {func(_, p *graph.Node) *graph.Node { return ops.ReduceMean(p, 1) }, ""},
		"all":     {func(_, p *graph.Node) *graph.Node { return p }, ""},
	} {
		for _, m := range []metric.Metric{metric.Mean("gap", c.f), metric.Sum("gap", c.f)} {
			for _, n := range []int{1, 3, 7} {
				_, err := m.New(tensor.S(tensor.Float32, n), tensor.S(tensor.Float32, n, 3))
				if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), "metric.gap: "+c.want)) {
					t.Errorf("%s of %d samples: error %v, want %q", name, n, err, c.want)
				}
			}
		}
	}
}

// TestUnregistered says how to register a function of the user's.
func TestUnregistered(t *testing.T) {
	for want, m := range map[string]metric.Metric{
		`metric: "gap" is a function of your own: want it registered by its method Register`: metric.Mean("gap", metric.Predictions),
		`metric: "gap" is the sum of a function of your own: Keras's files have means`:       metric.Sum("gap", metric.Predictions),
	} {
		if _, _, _, err := metric.ToConfig(m); err == nil || err.Error() != want {
			t.Errorf("got error %v, want %s", err, want)
		}
	}
}
