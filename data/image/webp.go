package image

import (
	stdimage "image"
	"strings"
	"sync"
)

// widen makes the colors of a lossy WebP those of JPEG, which the standard library takes all
// YCbCr for, if the decoder leaves them as WebP has them: 16 to 235 for black to white, 16 to
// 240 for colors. golang.org/x/image/webp does, as of v0.47.0; white would be a light grey.
//
// Source: RFC 6386, section 9.2, color space; ITU-R BT.601.
func widen(img stdimage.Image) {
	p := planesOf(img)
	if p == nil || !leavesNarrow() {
		return
	}
	var luma, color [256]uint8
	for i := range 256 {
		luma[i] = level(float64(i-16) * 255 / 219)
		color[i] = level(float64(i-128)*255/224 + 128)
	}
	for i, y := range p.Y {
		p.Y[i] = luma[y]
	}
	for i, c := range p.Cb {
		p.Cb[i] = color[c]
	}
	for i, c := range p.Cr {
		p.Cr[i] = color[c]
	}
}

// level rounds a number to one of 0 to 255.
func level(v float64) uint8 { return uint8(min(max(v, 0), 255) + 0.5) }

// isAnimatedWebP reports whether a file that begins so is a WebP of several frames.
//
// Source: RFC 9649, section 2.7, extended file format.
func isAnimatedWebP(head []byte) bool {
	const flags, animation = 20, 1 << 1
	return len(head) > flags && string(head[:4]) == "RIFF" && string(head[8:16]) == "WEBPVP8X" && head[flags]&animation != 0
}

// planesOf returns the planes of a picture that has some, or nil.
func planesOf(img stdimage.Image) *stdimage.YCbCr {
	switch img := img.(type) {
	case *stdimage.YCbCr:
		return img
	case *stdimage.NYCbCrA:
		return &img.YCbCr
	}
	return nil
}

// leavesNarrow reports whether the program's decoder of WebP leaves white at 235, by a white
// pixel.
var leavesNarrow = sync.OnceValue(func() bool {
	const white = "RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x000\x01\x00\x9d\x01*\x01\x00\x01\x00\x02\xc0L%\xa4\x00\x03p\x00\xfe\xf7\x8c\x00\x00"
	img, _, err := stdimage.Decode(strings.NewReader(white))
	p := planesOf(img)
	return err == nil && p != nil && p.Y[0] < 245
})
