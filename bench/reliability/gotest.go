package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	fuzzTarget = regexp.MustCompile(`^(.*)/[^/]*_test\.go:func (Fuzz\w+)\(`)
	fuzzExecs  = regexp.MustCompile(`execs: (\d+)`)
	// fuzzTimeOver is a target that ended without a failing input, by the deadline that stops it:
	// on busy machines go test 1.26 takes its own deadline for an error.
	fuzzTimeOver = regexp.MustCompile(`--- FAIL: Fuzz\w+ \(\S+\)\n    context deadline exceeded\nFAIL\n`)
)

// fuzz runs every fuzz target of the repository for its part of the time.
func fuzz(r *report) error {
	out, err := r.commandOf(r.ctx, "grep", "-r", "--include=*_test.go", "-E", `^func Fuzz\w+\(`, ".").Output()
	if err != nil {
		return skip("grep finds no fuzz targets: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	deadline, _ := r.ctx.Deadline()
	for i, line := range lines {
		target := fuzzTarget.FindStringSubmatch(line)
		if target == nil {
			return fmt.Errorf("cannot tell the target in %q", line)
		}
		each := time.Until(deadline) / time.Duration(len(lines)-i)
		if each < time.Second || r.over() {
			return nil
		}
		cmd := r.commandOf(r.ctx, "go", "test", "-run=XXX", "-fuzz=^"+target[2]+"$", "-fuzztime="+each.Round(time.Second).String(), "-fuzzminimizetime=20x", target[1])
		text, err := cmd.CombinedOutput()
		n := 0
		for _, m := range fuzzExecs.FindAllSubmatch(text, -1) {
			n, _ = strconv.Atoi(string(m[1]))
		}
		r.count("executions of "+strconv.Itoa(len(lines))+" targets", "executions", n)
		if err != nil && !r.over() && !fuzzTimeOver.Match(text) {
			r.failf("%s %s: %v\n%s", target[1], target[2], err, text[max(0, len(text)-3000):])
		}
	}
	return nil
}

// concurrent lists the packages whose tests call from several goroutines.
var concurrent = []string{".", "./callback", "./data/...", "./internal/par", "./internal/plan", "./internal/vocab", "./remote", "./tune"}

// races runs tests under the race detector until the time is over.
func races(r *report) error {
	if _, err := exec.LookPath("gcc"); err != nil {
		return skip("the race detector needs a C compiler: %v", err)
	}
	for !r.over() {
		args := append([]string{"test", "-race", "-short", "-count=1", "-shuffle=on"}, concurrent...)
		cmd := r.commandOf(r.ctx, "go", args...)
		cmd.Env = append(cmd.Environ(), "CGO_ENABLED=1")
		out, err := cmd.CombinedOutput()
		if r.over() {
			return nil
		}
		r.count("all tests of what is concurrent", "times", 1)
		if err != nil {
			r.failf("%v\n%.5000s", err, out)
		}
	}
	return nil
}
