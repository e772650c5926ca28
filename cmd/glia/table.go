package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/glia-ml/glia/tensor"
)

// table reads lines of numbers, a sample each. Only three kinds of lines are no samples:
// comments, which begin with #, the names of columns in the first other line, and empty
// lines, of which a table of one column has none but at its end. Whatever else is not a
// number in every column is an error, in the first line too.
type table struct {
	all           []float64
	rows, columns int
	names         int // the line with the names of columns, 0 if there is none
	empty         int // the last empty line behind a row, 0 if there is none
}

// readTable reads at most limit lines of numbers, all if it is 0, with an optional remark.
func readTable(file io.ReadSeeker, limit int) (x *tensor.Tensor, remark string, err error) {
	t := &table{}
	if limit == 0 { // else the rest of the file may be long
		n, err := countNumbers(file)
		if err != nil {
			return nil, "", err
		}
		t.all = make([]float64, 0, n) // a slice that grows takes twice as much
	}
	r := bufio.NewReader(file)
	for line := 1; limit == 0 || t.rows < limit; line++ {
		text, readErr := readLine(r)
		if readErr != nil && !errors.Is(readErr, io.EOF) {
			return nil, "", fmt.Errorf("line %d: %w", line, readErr)
		}
		if err := t.add(line, strings.Trim(strings.TrimPrefix(text, "\ufeff"), " \r\n")); err != nil {
			return nil, "", fmt.Errorf("line %d: %w", line, err)
		}
		if readErr != nil {
			break
		}
	}
	if t.rows == 0 {
		return nil, "", errors.New("got no numbers: want a sample a line")
	}
	if t.names > 0 {
		remark = fmt.Sprintf("line %d holds the names of columns, no sample", t.names)
	}
	x, err = tensor.FromSlice(t.all, t.rows, t.columns)
	return x, remark, err
}

// countNumbers returns how many numbers a table has at most, and goes back to its start.
func countNumbers(file io.ReadSeeker) (n int, err error) {
	b := make([]byte, 64<<10)
	for {
		k, err := file.Read(b)
		for _, c := range b[:k] {
			if strings.IndexByte(",;\t \n", c) >= 0 {
				n++
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			_, err := file.Seek(0, io.SeekStart)
			return n + 1, err
		case err != nil:
			return 0, err
		}
	}
}

// longestLine bounds the bytes of a line: a sample is no longer.
const longestLine = 4 << 20

// readLine returns the next line. The last one comes with io.EOF.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		piece, err := r.ReadSlice('\n')
		line = append(line, piece...)
		switch {
		case len(line) > longestLine:
			return "", fmt.Errorf("it is longer than %d bytes: want a sample a line", longestLine)
		case !errors.Is(err, bufio.ErrBufferFull):
			return string(line), err
		}
	}
}

// add adds a line to the table.
func (t *table) add(line int, text string) error {
	fields := fieldsOf(text)
	switch {
	case text == "":
		if t.rows > 0 {
			t.empty = line
		}
		return nil
	case isComment(text):
		return nil
	case strings.Count(text, `"`)%2 != 0:
		return errors.New("a quotation mark is not closed: want both in one line")
	case t.rows == 0 && t.names == 0 && areNames(fields):
		t.names = line
		return nil
	}
	for i, f := range fields {
		v, err := strconv.ParseFloat(f, 64)
		switch {
		case errors.Is(err, strconv.ErrRange):
			return fmt.Errorf("column %d: got %.40q, want a number that float64 holds", i+1, f)
		case err != nil && t.rows == 0 && t.names == 0:
			return fmt.Errorf("column %d: got %.40q, want a number; a line of names has a name, and no number, in every column", i+1, f)
		case err != nil:
			return fmt.Errorf("column %d: got %.40q, want a number", i+1, f)
		}
		t.all = append(t.all, v)
	}
	switch {
	case t.rows > 0 && len(fields) != t.columns:
		return fmt.Errorf("got %d numbers, want %d as in the line before", len(fields), t.columns)
	case len(fields) == 1 && t.empty > 0:
		return fmt.Errorf("line %d before it is empty: want a number in every line of one column", t.empty)
	}
	t.columns = len(fields)
	t.rows++
	return nil
}

// fieldsOf returns the fields of a line with commas, semicolons, tabs or spaces between,
// those in quotation marks being whole.
func fieldsOf(line string) []string {
	for _, separator := range ",;\t" {
		if fields := splitOutside(line, func(r rune) bool { return r == separator }); len(fields) > 1 {
			for i, f := range fields {
				fields[i] = unquoted(strings.Trim(f, " "))
			}
			return fields
		}
	}
	fields := slices.DeleteFunc(splitOutside(line, unicode.IsSpace), func(f string) bool { return f == "" })
	if len(fields) == 0 { // of other spaces, which no one means for an empty line
		return []string{""}
	}
	for i, f := range fields {
		fields[i] = unquoted(f)
	}
	return fields
}

// splitOutside splits a line at separators that do not stand in quotation marks.
func splitOutside(line string, isSeparator func(r rune) bool) []string {
	var fields []string
	quoted, begin := false, 0
	for i, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case !quoted && isSeparator(r):
			fields = append(fields, line[begin:i])
			begin = i + utf8.RuneLen(r)
		}
	}
	return append(fields, line[begin:])
}

// unquoted returns a field without the quotation marks around it.
func unquoted(f string) string {
	if len(f) >= 2 && f[0] == '"' && f[len(f)-1] == '"' {
		return strings.Trim(f[1:len(f)-1], " ")
	}
	return f
}

// noValue holds what stands in a table for a value that is not known, beside nothing.
var noValue = []string{"-", "?", ".", "NA", "N/A", "n/a", "<NA>", "NULL", "null", "None", "none"}

// excelErrors holds what spreadsheets write for a value that they cannot compute.
var excelErrors = []string{"#N/A", "#NA", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"}

// areNames reports whether fields are names of columns: none of them is a number or empty,
// and not all stand for missing values.
func areNames(fields []string) bool {
	named := false
	for _, f := range fields {
		if _, err := strconv.ParseFloat(f, 64); f == "" || err == nil || errors.Is(err, strconv.ErrRange) {
			return false
		}
		named = named || !slices.Contains(noValue, f) && !slices.Contains(excelErrors, f)
	}
	return named
}

// isComment reports whether a line is a comment, and not a row that begins with the error
// of a spreadsheet.
func isComment(line string) bool {
	return line[0] == '#' && !slices.ContainsFunc(excelErrors, func(e string) bool {
		return strings.HasPrefix(line, e) && fieldsOf(line)[0] == e
	})
}
