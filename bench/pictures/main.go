// Command pictures measures how many pictures a second glia decodes, augments and batches from a
// folder, as bench/peers/keras_pictures.py measures Keras's loader with the same layers.
//
//	pictures make DIR [N]           writes N files like photographs, 300 by default
//	pictures read DIR [-side 224]   prints pictures a second, and cores in use, as JSON
//	pictures read DIR -plain        without augmentation
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/glia-ml/glia/data"
	"github.com/glia-ml/glia/data/image"
	"github.com/glia-ml/glia/preprocess"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("got %q: want make DIR or read DIR", args)
	}
	command, dir, args := args[0], args[1], args[2:]
	switch command {
	case "make":
		n := 300
		if len(args) > 0 {
			var err error
			if n, err = strconv.Atoi(args[0]); err != nil {
				return err
			}
		}
		return makePhotos(dir, n)
	case "read":
		flags := flag.NewFlagSet("read", flag.ContinueOnError)
		side := flags.Int("side", 224, "height and width of the pictures")
		plain := flags.Bool("plain", false, "without augmentation")
		epochs := flags.Int("epochs", 3, "passes through the folder, the first a warm-up")
		if err := flags.Parse(args); err != nil {
			return err
		}
		return measure(dir, *side, *epochs, *plain)
	}
	return fmt.Errorf("command %q: want make or read", command)
}

const batch = 32

// measure reads all pictures several times, and prints the rate of all passes but the first.
func measure(dir string, side, epochs int, plain bool) error {
	folder, err := image.OpenFolder(dir, image.Frame{Width: side, Height: side, Channels: 3, Filter: image.TFBilinear},
		image.DecodedBy(image.IgnoreOrientation, image.DropAlpha))
	if err != nil {
		return err
	}
	read := func(epoch uint64) func(idx []int, b *data.Batch) error { return folder.Read }
	if !plain {
		augmented, err := preprocess.Augment(folder,
			preprocess.RandomFlip(preprocess.Along(preprocess.Horizontal)),
			preprocess.RandomRotation(preprocess.Factor{0.05}),
			preprocess.RandomZoom(preprocess.Factor{0.1}, nil),
			preprocess.RandomContrast(preprocess.Factor{0.2}))
		if err != nil {
			return err
		}
		read = func(epoch uint64) func(idx []int, b *data.Batch) error {
			return func(idx []int, b *data.Batch) error { return augmented.ReadEpoch(1, epoch, idx, b) }
		}
	}
	var reader data.Reader
	defer reader.Stop()
	var wall, cpu float64
	pictures := 0
	for epoch := range epochs {
		began, used := time.Now(), cpuSeconds()
		order := rand.New(rand.NewPCG(1, uint64(epoch))).Perm(folder.Len())
		const ahead = 2 // as Fit reads
		next := 0
		for at := 0; at < len(order); at += batch {
			for ; next < len(order) && next <= at+ahead*batch; next += batch {
				reader.Start(order[next:min(next+batch, len(order))], read(uint64(epoch)))
			}
			b, _, err := reader.Next(order[at:min(at+batch, len(order))])
			if err != nil {
				return err
			}
			if epoch > 0 {
				pictures += b.X[0].Shape().At(0)
			}
		}
		if epoch > 0 {
			wall, cpu = wall+time.Since(began).Seconds(), cpu+cpuSeconds()-used
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"framework": "glia", "side": side, "augmented": !plain, "threads": runtime.GOMAXPROCS(0),
		"pictures_per_second": float64(pictures) / wall, "cpu_ms_per_picture": 1e3 * cpu / float64(pictures), "cores_used": cpu / wall,
	})
}
