package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
)

// profile is a CPU profile in a file. Package pprof drops the errors of its writer.
type profile struct {
	file *os.File
	err  error
}

// newProfile makes the file, before the work; nil if path is empty.
func newProfile(path string) (*profile, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("--cpuprofile: %w", err)
	}
	return &profile{file: f}, nil
}

// Write implements io.Writer.
func (p *profile) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	if p.err == nil {
		p.err = err
	}
	return n, err
}

// start begins the profile.
func (p *profile) start() error {
	if p == nil {
		return nil
	}
	if err := pprof.StartCPUProfile(p); err != nil {
		return fmt.Errorf("--cpuprofile: %w", err)
	}
	return nil
}

// stop ends the profile and returns the first error of writing it. More calls do nothing.
func (p *profile) stop() error {
	if p == nil || p.file == nil {
		return nil
	}
	pprof.StopCPUProfile()
	err := errors.Join(p.err, p.file.Close())
	p.file = nil
	if err != nil {
		return fmt.Errorf("--cpuprofile: %w", err)
	}
	return nil
}
