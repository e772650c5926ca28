package graph

import (
	"fmt"
	"runtime"
	"strings"
)

// Error is a mistake in a model or a traced function. Building a graph panics
// with *Error and with nothing else; [Catch] turns it into an error.
type Error struct {
	// Where is the line of the user's program, "model.go:42", if it is known.
	Where string
	// Layer is the path of the layer that was being traced, if any.
	Layer string
	// Text names the operation, the values it got, and those that are wanted.
	Text string
}

// Error joins place, layer and text.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Where != "" {
		b.WriteString(e.Where + ": ")
	}
	if e.Layer != "" {
		fmt.Fprintf(&b, "layer %q: ", e.Layer)
	}
	b.WriteString(e.Text)
	return b.String()
}

// Errorf returns an *Error at the user's line that led here.
func Errorf(format string, args ...any) *Error {
	return &Error{Where: Caller(), Text: fmt.Sprintf(format, args...)}
}

// Catch runs f and returns the *Error that it panicked with, if it did. Other
// panics are bugs and pass through.
func Catch(f func()) (err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			err = e
		default:
			panic(e)
		}
	}()
	f()
	return nil
}

// Caller returns file and line of the innermost function on the stack that is not glia's
// own: the user's. Tests and examples count as users. It is empty if there is none, and
// inside glia's own commands, whose users did not write the code.
func Caller() string { return userLine(3) }

// ConstructorCaller returns the user's line that uses a constructor, which may be the
// user's own, for what the constructor calls: the innermost line of the user's above the
// function from which ConstructorCaller's caller was called. It returns [Caller]'s line
// if no function of the user's called that one: main and tests have no caller.
func ConstructorCaller() string {
	if line := userLine(5); line != "" {
		return line
	}
	return userLine(4)
}

// userLine returns file and line of the innermost function that is the user's, skip functions
// up the stack: 2 is userLine's caller.
func userLine(skip int) string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(skip, pcs[:])])
	for {
		f, more := frames.Next()
		if f.File != "" && !internal(f.Function, f.File) {
			if command(f.File) {
				return ""
			}
			return fmt.Sprintf("%s:%d", f.File[strings.LastIndexByte(f.File, '/')+1:], f.Line)
		}
		if !more {
			return ""
		}
	}
}

// root is where glia's files are. It tells them from the user's, which names of
// functions do not: a closure of ours that the compiler inlines into a function of
// the user's is named after that.
var root = func() string {
	_, file, _, _ := runtime.Caller(0)
	return strings.TrimSuffix(file, "graph/error.go")
}()

func internal(function, file string) bool {
	for _, pkg := range []string{"runtime.", "reflect.", "testing."} { // what calls main, methods and tests
		if strings.HasPrefix(function, pkg) {
			return true
		}
	}
	rest, ours := strings.CutPrefix(file, root)
	return ours && !strings.HasSuffix(file, "_test.go") &&
		!strings.HasPrefix(rest, "examples/") && !strings.HasPrefix(rest, "cmd/")
}

// command reports whether a file is one of glia's commands'.
func command(file string) bool {
	rest, ours := strings.CutPrefix(file, root)
	return ours && strings.HasPrefix(rest, "cmd/") && !strings.HasSuffix(rest, "_test.go")
}
