package digits

import "github.com/glia-ml/glia/data"

// New draws samples 0 to n-1 of a seed as a data set: x uint8 [n 28 28], y uint8
// [n], to be read as floats after [data.Memory.Scale] by 1.0/255. It returns an
// error if n is negative or above [MaxSamples].
func New(n int, seed uint64) (*data.Memory, error) { return load(0, n, seed) }

// firstTest is the index of the first test sample, far behind any for training.
const firstTest = 1_000_000_000_000_000_000

// Load draws a set for training and one for testing that share no sample; MNIST
// has 60,000 and 10,000. The training set is [New]'s, and neither set depends on
// how large the other is. It returns an error if a number is negative or above
// [MaxSamples].
func Load(train, test int, seed uint64) (training, testing *data.Memory, err error) {
	training, err = New(train, seed)
	if err != nil {
		return nil, nil, err
	}
	testing, err = load(firstTest, test, seed)
	if err != nil {
		return nil, nil, err
	}
	return training, testing, nil
}

func load(first uint64, n int, seed uint64) (*data.Memory, error) {
	images, labels, err := generate(first, n, seed)
	if err != nil {
		return nil, err
	}
	return data.New(images, labels)
}
