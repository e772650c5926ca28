#!/usr/bin/env bash
# golang.org/x/image v0.47.0: the decoder of lossy WebP gives every picture paler than it is.
# White is read as 235, black as 16.
#
# Lossy WebP stores luma from 16 to 235 and chroma from 16 to 240, as video does (RFC 9649
# and RFC 6386, section 9.2). golang.org/x/image/webp hands these numbers out as an
# image.YCbCr, whose colors Go computes by JPEG's rule, from 0 to 255. libwebp, and with it
# Pillow 13.0.0 and browsers, stretch the range. Lossless WebP agrees in both.
#
# One would expect the same colors from both, to a level or two: a network trained on what
# Python reads sees other pictures in Go, with four fifths of the contrast, and no error.
#
# Output seen (red, green, blue of the middle of each picture):
#   white pillow 255 255 255 go 235 235 235
#   black pillow 0 0 0 go 16 16 16
#   red pillow 255 1 0 go 239 15 14
#
# Run by hand; it fails if that changes. Wants Go, python3 with venv, and the network.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q pillow==13.0.0
cat >"$dir/try.py" <<'PY'
import os, sys
from PIL import Image

for name, color in [("white", (255, 255, 255)), ("black", (0, 0, 0)), ("red", (255, 0, 0))]:
    path = os.path.join(sys.argv[1], name + ".webp")
    Image.new("RGB", (32, 32), color).save(path, quality=90)
    print(name, "pillow", *Image.open(path).convert("RGB").getpixel((16, 16)))
PY
"$dir/venv/bin/python" "$dir/try.py" "$dir" >"$dir/pillow"
mkdir "$dir/go"
cat >"$dir/go/main.go" <<'GO'
package main

import (
	"fmt"
	"image"
	"log"
	"os"

	_ "golang.org/x/image/webp"
)

func main() {
	for _, path := range os.Args[1:] {
		f, err := os.Open(path)
		if err != nil {
			log.Fatal(err)
		}
		img, _, err := image.Decode(f)
		if err != nil {
			log.Fatal(err)
		}
		r, g, b, _ := img.At(16, 16).RGBA()
		fmt.Println("go", r>>8, g>>8, b>>8)
	}
}
GO
cd "$dir/go"
export GOFLAGS=-mod=mod
go mod init try 2>/dev/null
go get golang.org/x/image@v0.47.0 2>/dev/null
go run . "$dir/white.webp" "$dir/black.webp" "$dir/red.webp" >"$dir/decoded"
paste -d ' ' "$dir/pillow" "$dir/decoded" | tee "$dir/got"
diff "$dir/got" - <<'WANT'
white pillow 255 255 255 go 235 235 235
black pillow 0 0 0 go 16 16 16
red pillow 255 1 0 go 239 15 14
WANT
