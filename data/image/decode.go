package image

import (
	"bytes"
	"errors"
	"fmt"
	stdimage "image"
	"image/color"
	_ "image/gif" // decoders that image.Decode finds
	_ "image/jpeg"
	_ "image/png"
	"io"
	"slices"
)

// Option is an option to [Decode].
type Option struct{ set func(*decoding) }

// LimitMemory bounds the bytes that a picture may take: decoding it, and what is made of it
// then. By default they are 64 MB and four times the file's size. 0 is no bound.
func LimitMemory(bytes int64) Option {
	return Option{func(d *decoding) { d.most, d.byFile = bytes, false }}
}

// IgnoreOrientation leaves a picture as it is stored, whatever EXIF says of the camera, as
// Keras's, TensorFlow's and pillow's readers do.
var IgnoreOrientation = Option{func(d *decoding) { d.unturned = true }}

// DropAlpha takes transparent pixels for opaque ones of the colors that they are stored with,
// whatever these are, as Keras's, TensorFlow's and pillow's readers of three channels do.
var DropAlpha = Option{func(d *decoding) { d.opaque = true }}

// decoding holds how a picture is decoded.
type decoding struct {
	most     int64 // bytes, 0 for any
	byFile   bool  // as many as go with the file's size, instead of most
	unturned bool
	opaque   bool
}

// decodingBy returns what options say.
func decodingBy(opts []Option) decoding {
	d := decoding{byFile: true}
	for _, o := range opts {
		if o.set != nil {
			o.set(&d)
		}
	}
	return d
}

// Decode reads a picture as a person sees it: turned as the camera noted in EXIF's
// orientation, in files of JPEG, PNG, WebP and TIFF; without transparency, see [Pixels]; the
// first of several frames or pages, on the whole canvas of a GIF; colors of 16 bits as the
// next lower of 8, and those of ink, CMYK and YCCK, as Adobe's programs store them; those of a
// lossy WebP in their full range, which golang.org/x/image/webp leaves out. Color profiles are
// not applied. Colors of a JPEG are interpolated and rounded as libjpeg does it for pillow,
// OpenCV and Keras's load_img, of which the standard library's inverse transform leaves a
// level or two, rarely three.
//
// The header tells how much memory decoding takes. More than 64 MB and four times the file's
// size, or than the bound of [LimitMemory], is an error before memory is taken, which is
// [ErrLimit]; so is what is made of the picture then. A JPEG takes 1.5 to 3 bytes a pixel, a
// progressive one five times as many, a PNG up to 8 and an interlaced one twice that. What
// decoders of other packages take is estimated. More than 64 Mi pixels are an error in any
// case, and so are more than 100 scans of a JPEG.
//
// A file of no format that the program has a decoder for is an error that wraps the standard
// library's image.ErrFormat, or one that names its format, as HEIC.
func Decode(r io.Reader, opts ...Option) (*Picture, error) {
	p, err := decodingBy(opts).decode(r)
	if err != nil {
		return nil, fmt.Errorf("image: Decode: %w", err)
	}
	return p, nil
}

func (d decoding) decode(r io.Reader) (*Picture, error) {
	f, err := d.open(r)
	if err != nil {
		return nil, err
	}
	return f.decode()
}

// opened is a file whose header was read.
type opened struct {
	decoding
	kind   string // of its format
	config stdimage.Config
	marks  *marks
	begin  []byte    // that was read
	rest   io.Reader // behind that
	taken  memory
}

// open reads the header of a picture. It returns an error unless the picture may be decoded
// within its bound of memory.
func (d decoding) open(r io.Reader) (*opened, error) {
	size := sizeOf(r)
	var head bytes.Buffer
	config, kind, err := stdimage.DecodeConfig(io.TeeReader(r, &head))
	if errors.Is(err, stdimage.ErrFormat) {
		if name := formatName(head.Bytes()); name != "" {
			return nil, fmt.Errorf("%s is unsupported: convert to JPEG or PNG", name)
		}
	}
	if isAnimatedWebP(head.Bytes()) { // which golang.org/x/image/webp takes for a damaged one
		return nil, errors.New("animated WebP is unsupported: convert one of its frames to PNG or JPEG")
	}
	if err != nil {
		return nil, err
	}
	if err := checkSize(config.Width, config.Height); err != nil {
		return nil, fmt.Errorf("%s of %w", kind, err)
	}
	m := marksOf(kind)
	if _, err := m.Write(head.Bytes()); err != nil {
		return nil, err
	}
	ink := kind == "jpeg" && config.ColorModel == color.CMYKModel
	for (kind == "png" || ink) && !m.pixels && head.Len() < mostHead {
		if _, err := io.CopyN(io.MultiWriter(&head, m), r, 4<<10); err != nil {
			break // the decoder says what is wrong
		}
	}
	taken, rest := memory{decodedBytes(kind, config, m) + 2*int64(head.Cap()), d.most}, r
	if d.byFile {
		if size < 0 { // a stream counts by what of it can be read
			missing := (taken.used+rowsBytes(config.Width, config.Height)-baseMemory)/3 - int64(head.Len())
			var ahead int64
			if rest, ahead, err = readAhead(r, missing); err != nil {
				return nil, err
			}
			size = int64(head.Len()) + ahead
			taken.used += ahead
		}
		taken.most = baseMemory + 4*size
	}
	if err := taken.check(kind, config.Width, config.Height, 0); err != nil {
		return nil, err
	}
	begin := head.Bytes()
	m.counted = true
	switch {
	case ink && !m.adobe:
		begin = slices.Concat(begin[:2], adobe, begin[2:])
	case ink && m.transform != 0: // for the components as they are, which jpegOf makes colors of
		begin[m.transformAt] = 0
	}
	return &opened{d, kind, config, m, begin, io.TeeReader(rest, m), taken}, nil
}

// decode reads the pixels.
func (f *opened) decode() (*Picture, error) {
	img, _, err := stdimage.Decode(io.MultiReader(bytes.NewReader(f.begin), f.rest))
	if err != nil {
		return nil, err
	}
	if f.kind == "webp" { // whose EXIF stands behind the pixels
		_, _ = io.CopyN(io.Discard, f.rest, mostEXIF)
		widen(img)
	}
	if f.kind == "jpeg" {
		img = jpegOf(img, f.marks)
	}
	bounds := img.Bounds()
	if f.kind == "gif" {
		bounds = stdimage.Rect(0, 0, f.config.Width, f.config.Height)
	}
	if f.opaque {
		dropAlpha(img)
	}
	if f.unturned {
		f.marks.orientation = 0
	}
	p := pictureOf(img, bounds, f.marks.orientation)
	p.memory = f.taken
	return p, nil
}

// dropAlpha makes the pixels of a picture opaque, in the colors that they are stored with.
func dropAlpha(img stdimage.Image) {
	every := func(pix []uint8, from, step int) {
		for ; from < len(pix); from += step {
			pix[from] = 0xff
		}
	}
	switch img := img.(type) {
	case *stdimage.NRGBA:
		every(img.Pix, 3, 4)
	case *stdimage.NRGBA64:
		every(img.Pix, 6, 8)
		every(img.Pix, 7, 8)
	case *stdimage.NYCbCrA:
		every(img.A, 0, 1)
	case *stdimage.Paletted:
		for i, c := range img.Palette {
			if c, ok := c.(color.NRGBA); ok {
				c.A = 0xff
				img.Palette[i] = c
			}
		}
	}
}

// adobe is the marker of a JPEG of CMYK. The standard library does not decode one without
// it; others, libjpeg among them, take it for given.
var adobe = []byte("\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00")

// formats lists the first bytes of formats that the standard library does not decode, '?'
// for any byte.
var formats = []struct{ begins, name string }{
	{"????ftypheic", "HEIC"}, {"????ftypheix", "HEIC"}, {"????ftyphevc", "HEIC"}, {"????ftyphevx", "HEIC"},
	{"????ftypheim", "HEIC"}, {"????ftypheis", "HEIC"}, {"????ftypmif1", "HEIF"}, {"????ftypmsf1", "HEIF"},
	{"????ftypavif", "AVIF"}, {"????ftypavis", "AVIF"},
	{"RIFF????WEBP", "WebP"}, {"II*\x00", "TIFF"}, {"MM\x00*", "TIFF"}, {"BM", "BMP"},
	{"\xff\x0a", "JPEG XL"}, {"\x00\x00\x00\x0cJXL ", "JPEG XL"}, {"\x00\x00\x00\x0cjP  ", "JPEG 2000"}, {"8BPS", "PSD"},
}

// formatName returns the name of the format of a file that begins so, and "" for one that
// is no picture's.
func formatName(head []byte) string {
	for _, f := range formats {
		if len(head) < len(f.begins) {
			continue
		}
		same := true
		for i := range len(f.begins) {
			same = same && (f.begins[i] == '?' || f.begins[i] == head[i])
		}
		if same {
			return f.name
		}
	}
	return ""
}
