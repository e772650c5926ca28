//go:build tools

package asm

import _ "golang.org/x/tools/go/packages"
