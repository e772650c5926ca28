package resample

// Table holds the runs of a filter: element i is made of those from At[i] on, by Of(i).
type Table struct {
	At     []int     // where a run begins, in ascending order
	Length []int     // of a run
	Most   int       // the longest
	Weight []float64 // Most for each element, those of its run first
}

func newTable(to, most int) *Table {
	return &Table{At: make([]int, to), Length: make([]int, to), Most: most, Weight: make([]float64, to*most)}
}

// Of returns the weights of the run of element i.
func (t *Table) Of(i int) []float64 { return t.Weight[i*t.Most:][:t.Length[i]] }

// Table returns the runs of to elements that are made of from.
func (f *Filter) Table(from, to int) *Table {
	t := newTable(to, f.Most(from, to))
	f.Runs(from, to, func(i, at int, weights []float64) {
		t.At[i], t.Length[i] = at, len(weights)
		copy(t.Of(i), weights)
	})
	return t
}

// Transposed returns the runs of the gradient: of each of the from elements that t's are made
// of, the sum over those into which it counts.
func (t *Table) Transposed(from int) *Table {
	first, last := make([]int, from), make([]int, from)
	most := 0
	for i, at := range t.At {
		for j := at; j < at+t.Length[i]; j++ {
			if last[j] == 0 {
				first[j] = i
			}
			last[j] = i + 1
			most = max(most, last[j]-first[j])
		}
	}
	u := newTable(from, most)
	for j := range u.At {
		u.At[j], u.Length[j] = first[j], last[j]-first[j]
	}
	for i, at := range t.At {
		for k, w := range t.Of(i) {
			j := at + k
			u.Weight[j*most+i-first[j]] = w
		}
	}
	return u
}
