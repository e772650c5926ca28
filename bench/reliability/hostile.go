package main

import (
	"fmt"
	"regexp"
)

// Lines of the test of hostile files: one for each file and command.
var (
	hostileRead = regexp.MustCompile(`(?m)^.* MB of .* status \d+: glia .*$`)
	hostileSlow = regexp.MustCompile(`(?m)^.* MB of .* SLOW, .*$`)
)

// hostile has every command read files that promise more than they hold. The memory of each
// is bounded by the test; what took more time of the processors than the limit is counted.
func hostile(r *report) error {
	for !r.over() {
		cmd := r.commandOf(r.ctx, "go", "test", "-count=1", "-v", "-timeout=20m", "-run=^TestHostile$", "./cmd/glia")
		cmd.Env = append(cmd.Environ(), "GLIA_HOSTILE=all")
		out, err := cmd.CombinedOutput()
		if r.over() {
			return nil
		}
		r.count("files that promise more than they hold, by every command", "reads", len(hostileRead.FindAll(out, -1)))
		slow := hostileSlow.FindAllString(string(out), -1)
		r.count("took longer than the limit", "reads", len(slow))
		for _, line := range slow {
			fmt.Printf("%.300s\n", line)
		}
		if err != nil {
			r.failf("%v\n%.5000s", err, out)
		}
	}
	return nil
}
