package image

import (
	"cmp"
	"errors"
	"fmt"
	stdimage "image"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/internal/mt19937"
	"github.com/glia-ml/glia/tensor"
)

// Folder is a [data.Dataset] of the pictures in a directory that has a folder for each class.
// It holds their names alone: pictures are decoded as they are read, several at once, and Fit
// and Evaluate read them ahead of their steps. What is read does not depend on how many are
// decoded at once.
//
// A sample is float32 [Height Width Channels] of the frame, from 0 to 255, and its label is of
// the kind that [Labels] says.
type Folder struct {
	dir     string
	frame   Frame
	fit     Fitting
	kind    LabelKind
	decode  []Option
	classes []string
	files   []labeled
	ignored []string
	slots   chan struct{} // one for each picture that is decoded at a time
	room    *atomic.Int64 // bytes that samples may still be kept in
}

// labeled is a file, by its name in the directory, and the number of its class.
type labeled struct {
	name  string
	class int32
	kept  *atomic.Pointer[[]float32] // the sample's pixels, if it is kept
}

// LabelKind is a kind of labels, see [Labels].
type LabelKind int

const (
	// IntLabels are numbers of classes, int32, for sparse losses.
	IntLabels LabelKind = iota
	// CategoricalLabels are float32 [classes], 1 for the class and 0 for others.
	CategoricalLabels
	// BinaryLabels are float32 [1], 0 or 1, of two classes.
	BinaryLabels
	// NoLabels has no targets, and needs no folders of classes: pictures are those of the
	// directory and of all folders in it.
	NoLabels
)

// Fitting is a way to fit pictures to a frame.
type Fitting int

const (
	// Stretched is [Frame.Stretch], Keras's default.
	Stretched Fitting = iota
	// Cropped is [Frame.Crop], Keras's crop_to_aspect_ratio.
	Cropped
	// Padded is [Frame.Pad], Keras's pad_to_aspect_ratio.
	Padded
)

// FolderOption is an option of [OpenFolder].
type FolderOption struct{ set func(*opening) }

// opening holds the settings of OpenFolder.
type opening struct {
	*Folder
	names []string // of the classes; nil: all folders
	known []string // names that the classes have, some without a folder; nil: those of names
	found []string // the names of the folders
	skip  bool
	warn  func(warning string)
}

// Labels sets the kind of the labels, which is IntLabels otherwise.
func Labels(kind LabelKind) FolderOption { return FolderOption{func(o *opening) { o.kind = kind }} }

// Fitted sets how pictures are fitted to the frame, which is Stretched otherwise.
func Fitted(fit Fitting) FolderOption { return FolderOption{func(o *opening) { o.fit = fit }} }

// Classes sets the classes and their order: names of some of the folders, or all.
func Classes(names ...string) FolderOption {
	return FolderOption{func(o *opening) { o.names = slices.Clone(names) }}
}

// ClassesAmong numbers the classes by names, such as those of a model: a folder of another name
// is an error that names it, and classes may lack a folder.
func ClassesAmong(names ...string) FolderOption {
	return FolderOption{func(o *opening) { o.known = slices.Clone(names) }}
}

// DecodedBy has options of [Decode] for every picture.
func DecodedBy(opts ...Option) FolderOption {
	return FolderOption{func(o *opening) { o.decode = slices.Clone(opts) }}
}

// SkipUnreadable leaves pictures out that cannot be read, with one warning that lists them. It
// decodes all of them once, when the folder is opened.
var SkipUnreadable = FolderOption{func(o *opening) { o.skip = true }}

// WarnBy sends the warning of [SkipUnreadable] to f, and not to slog.Default(); nil sends it
// nowhere.
func WarnBy(f func(warning string)) FolderOption {
	return FolderOption{func(o *opening) {
		if o.warn = f; f == nil {
			o.warn = func(string) {}
		}
	}}
}

// AtOnce sets how many pictures are decoded at a time, which is GOMAXPROCS otherwise. The
// pixels are the same with any number.
func AtOnce(n int) FolderOption {
	return FolderOption{func(o *opening) { o.slots = make(chan struct{}, max(n, 1)) }}
}

// KeepDecoded keeps samples in memory once they were read, as many as take so many bytes in
// all, 4 for each number of a sample: an epoch but the first need not decode them. None are
// kept otherwise.
func KeepDecoded(bytes int64) FolderOption {
	return FolderOption{func(o *opening) { o.room.Store(max(bytes, 0)) }}
}

// OpenFolder lists the pictures of a directory for samples of a frame. Classes are the
// folders in it, but for hidden ones, in the order of their names' bytes, as in Keras's
// image_dataset_from_directory: "10" comes before "9" and "B" before "a". A picture is a file
// whose name ends as one of .bmp, .gif, .jpeg, .jpg, .png, which Keras reads, or .jfif, .tif,
// .tiff, .webp, in capitals or not; those of folders in a class's folder belong to it, behind
// its own. BMP, TIFF and WebP need a decoder, see the package's comment. Other files are
// ignored, and [Folder.Ignored] lists them.
//
// A frame's Filter that is not set is Area; Keras's default is TFBilinear. Keras takes
// pictures as they are stored, and drops transparency: DecodedBy(IgnoreOrientation, DropAlpha).
//
// OpenFolder reads the header of each picture. It returns an [*UnreadableError] that lists all
// that cannot be decoded, or not within their bounds of memory; what is wrong behind the
// header is such an error of [Folder.Read], unless [SkipUnreadable] looks for it. An error it
// is, too, if there is one class or a class without pictures; BinaryLabels want two classes.
func OpenFolder(dir string, frame Frame, opts ...FolderOption) (*Folder, error) {
	o := &opening{
		Folder: &Folder{dir: dir, frame: frame, slots: make(chan struct{}, runtime.GOMAXPROCS(0)), room: &atomic.Int64{}},
		warn:   func(warning string) { slog.Default().Warn("image: OpenFolder: " + warning) },
	}
	for i, opt := range opts {
		if opt.set == nil {
			return nil, fmt.Errorf("image: OpenFolder: option %d is empty: want one that image made", i)
		}
		opt.set(o)
	}
	err := o.check()
	if err == nil {
		err = o.list()
	}
	if err == nil {
		err = o.readable()
	}
	if err == nil {
		err = o.full()
	}
	if err != nil {
		return nil, fmt.Errorf("image: OpenFolder: %w", err)
	}
	return o.Folder, nil
}

// check returns an error unless the settings are.
func (o *opening) check() error {
	switch {
	case o.kind < IntLabels || o.kind > NoLabels:
		return fmt.Errorf("LabelKind(%d): want IntLabels, CategoricalLabels, BinaryLabels or NoLabels", int(o.kind))
	case o.fit < Stretched || o.fit > Padded:
		return fmt.Errorf("Fitting(%d): want Stretched, Cropped or Padded", int(o.fit))
	case o.kind == NoLabels && o.names != nil:
		return errors.New("Classes with NoLabels: want one of them")
	case o.kind == NoLabels && o.known != nil:
		return errors.New("ClassesAmong with NoLabels: want one of them")
	case o.names != nil && o.known != nil:
		return errors.New("Classes and ClassesAmong: want one of them")
	}
	return o.frame.check()
}

// list finds the classes and their files.
func (o *opening) list() error {
	if o.kind == NoLabels {
		return o.walk("", 0)
	}
	entries, err := os.ReadDir(o.dir)
	if err != nil {
		return err
	}
	var found []string
	for _, e := range entries {
		name := e.Name()
		info, err := os.Stat(filepath.Join(o.dir, name)) // a link to a folder is one
		switch {
		case err == nil && info.IsDir() && !strings.HasPrefix(name, "."):
			found = append(found, name)
		case err == nil && !info.IsDir():
			o.ignored = append(o.ignored, name)
		}
	}
	slices.Sort(found)
	o.found, o.classes = found, found
	if o.names != nil {
		for i, name := range o.names {
			if !slices.Contains(found, name) || slices.Contains(o.names[:i], name) {
				return fmt.Errorf("class %q: want folders of %q, each once: there are %q", name, o.dir, found)
			}
		}
		o.classes = o.names
	}
	if o.known != nil {
		if err := o.among(found); err != nil {
			return err
		}
	}
	for i, name := range o.classes {
		if !slices.Contains(found, name) {
			continue
		}
		if err := o.walk(name, int32(i)); err != nil {
			return err
		}
	}
	return nil
}

// among takes the known names for the classes, which those of the folders are to be among.
func (o *opening) among(found []string) error {
	at := make(map[string]bool, len(o.known))
	for _, name := range o.known {
		if at[name] {
			return fmt.Errorf("class %q: two of the %d classes have the name: want different names", name, len(o.known))
		}
		at[name] = true
	}
	var strange []string
	for _, name := range found {
		if !at[name] {
			strange = append(strange, name)
		}
	}
	if strange != nil {
		return fmt.Errorf("folders %s in %q: want names of classes, which are %s", shown(strange), o.dir, shown(o.known))
	}
	o.classes = o.known
	return nil
}

// shown quotes names, the first of many.
func shown(names []string) string {
	const most = 20
	if len(names) <= most {
		return fmt.Sprintf("%q", names)
	}
	return fmt.Sprintf("%q and %d more", names[:most], len(names)-most)
}

// endings are those of pictures' names.
var endings = []string{".bmp", ".gif", ".jpeg", ".jpg", ".png", ".jfif", ".tif", ".tiff", ".webp"}

const separator = string(filepath.Separator)

// walk adds the pictures of a folder and of those in it, folder after folder in the order of
// their names with those that they are in.
func (o *opening) walk(folder string, class int32) error {
	folders := []string{folder}
	var files []string
	for i := 0; i < len(folders); i++ {
		entries, err := os.ReadDir(filepath.Join(o.dir, folders[i]))
		if err != nil {
			return err
		}
		for _, e := range entries {
			name := filepath.Join(folders[i], e.Name())
			if e.IsDir() {
				folders = append(folders, name)
				continue
			}
			if info, err := os.Stat(filepath.Join(o.dir, name)); err == nil && info.IsDir() { // a link
				o.ignored = append(o.ignored, name)
				continue
			}
			files = append(files, name)
		}
	}
	slices.SortFunc(files, func(a, b string) int {
		folderA, nameA := filepath.Split(a)
		folderB, nameB := filepath.Split(b)
		folderA, folderB = strings.TrimSuffix(folderA, separator), strings.TrimSuffix(folderB, separator)
		return cmp.Or(strings.Compare(folderA, folderB), strings.Compare(nameA, nameB))
	})
	for _, name := range files {
		if slices.Contains(endings, strings.ToLower(filepath.Ext(name))) {
			o.files = append(o.files, labeled{name, class, &atomic.Pointer[[]float32]{}})
		} else {
			o.ignored = append(o.ignored, name)
		}
	}
	return nil
}

// readable looks for files that cannot be read.
func (o *opening) readable() error {
	bad := o.unreadable(o.skip)
	if len(bad) == 0 {
		return nil
	}
	err := &UnreadableError{Of: len(o.files), Files: bad}
	if !o.skip {
		return err
	}
	o.warn("left out: " + err.Error())
	o.files = slices.DeleteFunc(o.files, func(l labeled) bool {
		return slices.ContainsFunc(bad, func(f FileError) bool { return f.Name == l.name })
	})
	return nil
}

// full returns an error unless the folder has what its labels want.
func (o *opening) full() error {
	if o.kind == NoLabels {
		if len(o.files) == 0 {
			return fmt.Errorf("no pictures in %q: want files that end in one of %s", o.dir, strings.Join(endings, ", "))
		}
		return nil
	}
	if n := len(o.classes); n == 0 || n == 1 || o.kind == BinaryLabels && n != 2 {
		want := "two or more"
		if o.kind == BinaryLabels {
			want = "two, for BinaryLabels"
		}
		return fmt.Errorf("%d folders of classes in %q %q: want %s, or NoLabels", n, o.dir, o.classes, want)
	}
	if o.known != nil && len(o.files) == 0 {
		return fmt.Errorf("no pictures in folders of classes in %q: want folders of %s", o.dir, shown(o.known))
	}
	var empty []string
	for i, name := range o.classes {
		if slices.Contains(o.found, name) && !slices.ContainsFunc(o.files, func(l labeled) bool { return int(l.class) == i }) {
			empty = append(empty, name)
		}
	}
	if empty != nil {
		return fmt.Errorf("no pictures in folders %q of %q: want some of each class, or Classes without them", empty, o.dir)
	}
	return nil
}

// FileError says why a file is unreadable.
type FileError struct {
	Name string // in the directory
	Err  error
}

// UnreadableError lists the pictures of a folder that cannot be read, in the order of the
// samples.
type UnreadableError struct {
	Of    int // files of the folder
	Files []FileError
}

// Error implements error: it names all files.
func (e *UnreadableError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d pictures are unreadable; image.SkipUnreadable leaves such out:", len(e.Files), e.Of)
	for _, f := range e.Files {
		fmt.Fprintf(&b, "\n  %q: %v", f.Name, f.Err)
	}
	return b.String()
}

// Unwrap returns the errors of the files.
func (e *UnreadableError) Unwrap() []error {
	all := make([]error, len(e.Files))
	for i, f := range e.Files {
		all[i] = f.Err
	}
	return all
}

// unreadable returns the files whose header cannot be read, or pixels.
func (f *Folder) unreadable(pixels bool) []FileError {
	errs := make([]error, len(f.files))
	f.each(len(f.files), func(i int) {
		o, err := f.open(f.files[i].name)
		if err == nil && pixels {
			_, err = o.decode()
		}
		if err == nil && o.jpeg != nil {
			o.jpeg.Drop()
		}
		if o != nil {
			o.file.Close()
		}
		errs[i] = err
	})
	var bad []FileError
	for i, err := range errs {
		if err != nil {
			bad = append(bad, FileError{f.files[i].name, err})
		}
	}
	return bad
}

// each calls do for the numbers below n, as many at a time as there are slots.
func (f *Folder) each(n int, do func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		f.slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-f.slots }()
			do(i)
		})
	}
	wg.Wait()
}

// openFile is a picture whose header was read.
type openFile struct {
	*opened
	file *os.File
}

// open reads the header of a picture.
func (f *Folder) open(name string) (*openFile, error) {
	path := filepath.Join(f.dir, name)
	if info, err := os.Stat(path); err != nil {
		return nil, plain(err)
	} else if !info.Mode().IsRegular() { // reading a pipe would wait for a writer
		return nil, errors.New("no regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, plain(err)
	}
	o, err := decodingBy(f.decode).open(file)
	if err != nil {
		file.Close()
		return nil, err
	}
	return &openFile{o, file}, nil
}

// plain returns an error of a file without the name, which stands before it.
func plain(err error) error {
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

// Classes returns the names of the classes by their numbers, which are those of the folders;
// none with NoLabels.
func (f *Folder) Classes() []string { return slices.Clone(f.classes) }

// Files returns the paths of the samples.
func (f *Folder) Files() []string {
	files := make([]string, len(f.files))
	for i, l := range f.files {
		files[i] = filepath.Join(f.dir, l.name)
	}
	return files
}

// Ignored returns the files, and links to folders, that are no samples by their names.
func (f *Folder) Ignored() []string { return slices.Clone(f.ignored) }

// Len implements [data.Dataset].
func (f *Folder) Len() int { return len(f.files) }

// Specs implements [data.Dataset].
func (f *Folder) Specs() (x, y []tensor.Spec) {
	x = []tensor.Spec{tensor.S(tensor.Float32, f.frame.Height, f.frame.Width, f.frame.Channels)}
	switch f.kind {
	case IntLabels:
		y = []tensor.Spec{tensor.S(tensor.Int32)}
	case CategoricalLabels:
		y = []tensor.Spec{tensor.S(tensor.Float32, len(f.classes))}
	case BinaryLabels:
		y = []tensor.Spec{tensor.S(tensor.Float32, 1)}
	}
	return x, y
}

// Ahead implements [data.Slow]: two batches are read ahead.
func (f *Folder) Ahead() int { return 2 }

// Read implements [data.Dataset]. If pictures cannot be read it looks at all of the folder,
// and returns an [*UnreadableError] that lists every one.
func (f *Folder) Read(idx []int, b *data.Batch) error {
	specX, specY := f.Specs()
	b.X, b.Y, b.Weight = filled(b.X, specX, len(idx)), filled(b.Y, specY, len(idx)), nil
	for _, i := range idx {
		if i < 0 || i >= len(f.files) {
			return fmt.Errorf("image: Folder.Read: sample %d of %d", i, len(f.files))
		}
	}
	f.label(idx, b.Y)
	pix, n := tensor.Data[float32](b.X[0]), specX[0].Shape.Size()
	errs := make([]error, len(idx))
	f.each(len(idx), func(k int) { errs[k] = f.sample(f.files[idx[k]], pix[k*n:][:n]) })
	if err := errors.Join(errs...); err != nil {
		if bad := f.unreadable(true); bad != nil {
			return fmt.Errorf("image: Folder.Read: %w", &UnreadableError{Of: len(f.files), Files: bad})
		}
		return fmt.Errorf("image: Folder.Read: %w", err) // it was so for a moment
	}
	return nil
}

// filled returns tensors for batches of n samples, those of t that have the right specs.
func filled(t []*tensor.Tensor, specs []tensor.Spec, n int) []*tensor.Tensor {
	if len(t) != len(specs) {
		t = make([]*tensor.Tensor, len(specs))
	}
	for i, s := range specs {
		s.Shape = tensor.D(n).Append(s.Shape.Slice()...)
		if t[i] == nil || t[i].Spec() != s || !t[i].Contiguous() {
			t[i] = tensor.NewSpec(s)
		}
	}
	return t
}

// label sets the labels of samples.
func (f *Folder) label(idx []int, y []*tensor.Tensor) {
	switch f.kind {
	case IntLabels:
		for k, i := range idx {
			tensor.Data[int32](y[0])[k] = f.files[i].class
		}
	case CategoricalLabels:
		rows := tensor.Data[float32](y[0])
		clear(rows)
		for k, i := range idx {
			rows[k*len(f.classes)+int(f.files[i].class)] = 1
		}
	case BinaryLabels:
		for k, i := range idx {
			tensor.Data[float32](y[0])[k] = float32(f.files[i].class)
		}
	}
}

// sample sets the pixels of a sample to those that are kept, or decodes them, and keeps them if
// there is room.
func (f *Folder) sample(l labeled, pix []float32) error {
	if kept := l.kept.Load(); kept != nil {
		copy(pix, *kept)
		return nil
	}
	if err := f.read(l.name, pix); err != nil {
		return err
	}
	size := int64(4 * len(pix))
	kept := f.room.Add(-size) >= 0
	if kept {
		p := slices.Clone(pix)
		kept = l.kept.CompareAndSwap(nil, &p) // another read may have been as quick
	}
	if !kept {
		f.room.Add(size)
	}
	return nil
}

// read decodes a picture into the pixels of a sample.
func (f *Folder) read(name string, pix []float32) error {
	o, err := f.open(name)
	if err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	defer o.file.Close()
	p, err := o.decode()
	if err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	window := [...]func(all stdimage.Rectangle) stdimage.Rectangle{f.frame.whole, f.frame.middle, f.frame.bordered}[f.fit]
	p, at, err := f.frame.take(p, window)
	if err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	f.frame.resized(pix, p, at, f.frame.Width, f.frame.Height)
	if o.jpeg != nil {
		o.jpeg.Drop()
	}
	return nil
}

// Split returns the first samples for training and the last for validation, after it has put
// them in the order of a seed, as Keras's image_dataset_from_directory does with the same
// seed, from 0 to 2^32-1, and validation_split: floor(fraction·n) are for validation. It is an
// error if that leaves one of the two without samples.
func (f *Folder) Split(fraction float64, seed uint32) (train, validation *Folder, err error) {
	files := slices.Clone(f.files)
	mt19937.New(seed).Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
	return f.cut(files, fraction)
}

// SplitInOrder is Split of the samples as they are, Keras's shuffle=False, whose last classes
// may be in the validation alone.
func (f *Folder) SplitInOrder(fraction float64) (train, validation *Folder, err error) {
	return f.cut(f.files, fraction)
}

// cut returns the files before the last ones and those.
func (f *Folder) cut(files []labeled, fraction float64) (train, validation *Folder, err error) {
	n := len(files)
	if !(fraction > 0 && fraction < 1) {
		return nil, nil, fmt.Errorf("image: Folder.Split: fraction %v: want more than 0 and less than 1", fraction)
	}
	at := n - int(math.Floor(fraction*float64(n)))
	if at == 0 || at == n {
		return nil, nil, fmt.Errorf("image: Folder.Split: %d pictures at fraction %v: got %d for training and %d for validation, want 1 or more of each", n, fraction, at, n-at)
	}
	first, last := *f, *f
	first.files, last.files = files[:at:at], files[at:]
	return &first, &last, nil
}
