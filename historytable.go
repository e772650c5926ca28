package glia

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/glia-ml/glia/internal/plaintext"
)

// String returns a table with a row for the loss and each metric: its name and its number, or
// the mean and the numbers of a metric with one per class.
func (r Result) String() string {
	rows := [][]string{{"loss", number(r.Loss)}}
	for _, m := range r.Metrics {
		row := []string{plaintext.Text(m.Name), number(m.Value)}
		if m.Tensor != nil && m.Tensor.Shape().Rank() > 0 {
			row = append(row, numbers(m.Tensor.Float64s()))
		}
		rows = append(rows, row)
	}
	return alignedRows(rows, "lrl")
}

// numbers returns the first of several numbers in brackets.
func numbers(all []float64) string {
	const most = 12
	var s []string
	for _, v := range all[:min(most, len(all))] {
		s = append(s, number(v))
	}
	if len(all) > most {
		s = append(s, fmt.Sprintf("and %d more", len(all)-most))
	}
	return "[" + strings.Join(s, " ") + "]"
}

// String returns the epoch as a table of one row.
func (e Epoch) String() string { return (&History{Epochs: []Epoch{e}}).String() }

// String returns a table with a row for each epoch: its number, loss and metrics, and those of
// the validation, with - in epochs without one.
func (h *History) String() string {
	names := h.Names()
	head := []string{"epoch"}
	for _, n := range names {
		head = append(head, plaintext.Text(n))
	}
	rows := [][]string{head}
	for _, e := range h.Epochs {
		row := []string{fmt.Sprint(e.Epoch)}
		for _, n := range names {
			v, ok := e.Number(n)
			if ok {
				row = append(row, number(v))
			} else {
				row = append(row, "-")
			}
		}
		rows = append(rows, row)
	}
	return alignedRows(rows, "r")
}

// alignedRows returns rows as text. Each column is aligned to the left or right as its character
// in sides has it, l or r; the last character stands for all that follow.
func alignedRows(rows [][]string, sides string) string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if sides[min(i, len(sides)-1)] == 'r' {
				line.WriteString(pad + cell)
			} else {
				line.WriteString(cell + pad)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}
