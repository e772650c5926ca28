package metric

// Direction says which results of a metric are better.
type Direction int

const (
	// Unknown is the direction of a metric that has none, or does not tell.
	Unknown Direction = iota
	// Down means that less is better, as of losses and errors.
	Down
	// Up means that more is better, as of accuracies.
	Up
)

// String returns the name of the constant.
func (d Direction) String() string {
	switch d {
	case Down:
		return "Down"
	case Up:
		return "Up"
	}
	return "Unknown"
}

// Directed is a [Metric] that knows its direction. All of this package do, but for
// counts, sums and functions of the user's that were not told.
type Directed interface {
	Metric
	// Direction says which results are better.
	Direction() Direction
}

// DirectionOf returns the direction of a metric, [Unknown] if it does not tell.
func DirectionOf(m Metric) Direction {
	if w, ok := m.(*WeightedMetric); ok {
		m = w.Metric
	}
	if d, ok := m.(Directed); ok {
		return d.Direction()
	}
	return Unknown
}

// Direction implements [Directed].
func (m *MeanMetric) Direction() Direction { return m.direction }

// Direction implements [Directed].
func (m *FScoreMetric) Direction() Direction { return Up }

// Direction implements [Directed].
func (m *AUCMetric) Direction() Direction { return Up }

// Direction implements [Directed].
func (m *TradeoffMetric) Direction() Direction { return Up }

// Direction implements [Directed].
func (m *IoUMetric) Direction() Direction { return Up }

// Direction implements [Directed].
func (m *R2Metric) Direction() Direction { return Up }

// Direction implements [Directed]: more is better of precision and recall, while
// counts are [Unknown], as in Keras.
func (m *ThresholdMetric) Direction() Direction {
	if m.class == "Precision" || m.class == "Recall" {
		return Up
	}
	return Unknown
}
