package image

import (
	"bytes"
	"errors"
	"fmt"
	stdimage "image"
	"image/color"
	_ "image/gif" // decoders that image.Decode finds
	_ "image/png"
	"io"

	"github.com/glia-ml/glia/internal/jpeg"
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
// not applied. A JPEG's pixels are those of libjpeg, which decodes for pillow, OpenCV and Keras's
// load_img: its transform, interpolation and rounding.
//
// The header tells how much memory decoding takes. More than 64 MB and four times the file's
// size, or than the bound of [LimitMemory], is an error before memory is taken, which is
// [ErrLimit]; so is what is made of the picture then. A JPEG takes 1.5 to 3 bytes a pixel, a
// progressive one three times as many, a PNG up to 8 and an interlaced one twice that. What
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
	jpeg   *jpeg.File // nil for other formats, whose marks, begin and file are set
	marks  *marks
	begin  []byte // that was read
	file   *source
	taken  memory
}

// source is a file that counts what was read of it.
type source struct {
	io.Reader
	read int64
}

// Read implements io.Reader.
func (s *source) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	s.read += int64(n)
	return n, err
}

// open reads the header of a picture. It returns an error unless the picture may be decoded
// within its bound of memory.
func (d decoding) open(r io.Reader) (*opened, error) {
	o := &opened{decoding: d, file: &source{Reader: r}}
	size := sizeOf(r)
	begin := make([]byte, 2)
	n, err := io.ReadFull(r, begin)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	o.file.Reader = io.MultiReader(bytes.NewReader(begin[:n]), r)
	if isJPEG := string(begin[:n]) == "\xff\xd8"; isJPEG {
		err = o.openJPEG()
	} else {
		err = o.openOther()
	}
	if err != nil {
		return nil, err
	}
	if err := o.afford(size); err != nil {
		return nil, err
	}
	return o, nil
}

// openJPEG reads the header of a JPEG.
func (f *opened) openJPEG() (err error) {
	f.kind = "jpeg"
	if f.jpeg, err = jpeg.Open(f.file); err != nil {
		return err
	}
	f.config.Width, f.config.Height = f.jpeg.Width, f.jpeg.Height
	if err := checkSize(f.config.Width, f.config.Height); err != nil {
		return fmt.Errorf("jpeg of %w", err)
	}
	f.taken = memory{f.jpeg.Bytes(), f.most}
	return nil
}

// openOther reads the header of a picture that a decoder of the standard library's package reads.
func (f *opened) openOther() (err error) {
	var head bytes.Buffer
	f.config, f.kind, err = stdimage.DecodeConfig(io.TeeReader(f.file, &head))
	if errors.Is(err, stdimage.ErrFormat) {
		if name := formatName(head.Bytes()); name != "" {
			return fmt.Errorf("%s is unsupported: convert to JPEG or PNG", name)
		}
	}
	if isAnimatedWebP(head.Bytes()) { // which golang.org/x/image/webp takes for a damaged one
		return errors.New("animated WebP is unsupported: convert one of its frames to PNG or JPEG")
	}
	if err != nil {
		return err
	}
	if err := checkSize(f.config.Width, f.config.Height); err != nil {
		return fmt.Errorf("%s of %w", f.kind, err)
	}
	f.marks = marksOf(f.kind)
	if _, err := f.marks.Write(head.Bytes()); err != nil {
		return err
	}
	for f.kind == "png" && !f.marks.pixels && head.Len() < mostHead {
		if _, err := io.CopyN(io.MultiWriter(&head, f.marks), f.file, 4<<10); err != nil {
			break // the decoder says what is wrong
		}
	}
	f.begin = head.Bytes()
	f.taken = memory{decodedBytes(f.kind, f.config, f.marks) + 2*int64(head.Cap()), f.most}
	return nil
}

// afford returns an error if a file of so many bytes, -1 if that is not known, takes more memory
// than it may.
func (f *opened) afford(size int64) error {
	if f.byFile {
		if size < 0 { // a stream counts by what of it can be read
			missing := (f.taken.used+rowsBytes(f.config.Width, f.config.Height)-baseMemory)/3 - f.file.read
			rest, ahead, err := readAhead(f.file.Reader, missing)
			if err != nil {
				return err
			}
			size = f.file.read + ahead
			f.file.Reader = rest
			f.taken.used += ahead
		}
		f.taken.most = baseMemory + 4*size
	}
	return f.taken.check(f.kind, f.config.Width, f.config.Height, 0)
}

// decode reads the pixels.
func (f *opened) decode() (*Picture, error) {
	img, orientation, err := f.pixels()
	if err != nil {
		return nil, err
	}
	bounds := img.Bounds()
	if f.kind == "gif" {
		bounds = stdimage.Rect(0, 0, f.config.Width, f.config.Height)
	}
	if f.opaque {
		dropAlpha(img)
	}
	if f.unturned {
		orientation = 0
	}
	p := pictureOf(img, bounds, orientation)
	p.memory = f.taken
	return p, nil
}

// pixels reads the pixels, and returns them and the orientation of EXIF.
func (f *opened) pixels() (img stdimage.Image, orientation int, err error) {
	if f.jpeg != nil {
		if err := f.jpeg.Decode(); err != nil {
			return nil, 0, err
		}
		m := marks{}
		m.tiff(f.jpeg.EXIF)
		return &jpegPicture{f.jpeg, isLuma(f.jpeg)}, m.orientation, nil
	}
	rest := io.TeeReader(f.file, f.marks)
	if img, _, err = stdimage.Decode(io.MultiReader(bytes.NewReader(f.begin), rest)); err != nil {
		return nil, 0, err
	}
	if f.kind == "webp" { // whose EXIF stands behind the pixels
		_, _ = io.CopyN(io.Discard, rest, mostEXIF)
		widen(img)
	}
	return img, f.marks.orientation, nil
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
