package main

import (
	"cmp"
	"fmt"
	"slices"
	"text/tabwriter"
)

// print writes the table, the best on the test data first.
func (k *comparison) print(trials []*trial, best map[*rule]*trial) {
	sorted := slices.Clone(trials)
	slices.SortStableFunc(sorted, func(a, b *trial) int {
		return cmp.Compare(b.Number("test_accuracy").Mean, a.Number("test_accuracy").Mean) // NaN last
	})
	w := tabwriter.NewWriter(k.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "Optimizer\tLearning rate\tTrain loss\t")
	if k.validation > 0 {
		fmt.Fprint(w, "Val accuracy\t")
	}
	fmt.Fprint(w, "Test loss\tTest accuracy\tSeconds\tTrainings\n")
	for _, t := range sorted {
		fmt.Fprintf(w, "%s\t%v", t.rule.name, t.lr)
		if len(best) < len(trials) && best[t.rule] == t {
			fmt.Fprint(w, " *")
		}
		fmt.Fprintf(w, "\t%s\t", t.Number("loss"))
		if k.validation > 0 {
			fmt.Fprintf(w, "%s\t", t.Number("val_accuracy"))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", t.Number("test_loss"), t.Number("test_accuracy"), t.seconds().Format("%.1f"), t.counted())
	}
	w.Flush()
	if len(best) < len(trials) {
		by := "accuracy in validation"
		if k.validation == 0 {
			by = "loss in training"
		}
		fmt.Fprintf(k.stdout, "* best learning rate of the optimizer, by %s\n", by)
	}
}

// counted says how many trainings there are.
func (t *trial) counted() string {
	if n := t.Diverged(); n > 0 {
		return fmt.Sprintf("%d, %d diverged", len(t.Runs), n)
	}
	return fmt.Sprint(len(t.Runs))
}
