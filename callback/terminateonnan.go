package callback

import (
	"log/slog"
	"math"

	"github.com/glia-ml/glia"
)

// TerminateOnNaN returns a callback that ends the training, without an error, after
// the first batch that makes the loss NaN or infinite. [glia.StopOnNaN] is an error
// instead, which names the operation that made the number.
//
// Options: [Logger].
func TerminateOnNaN(opts ...TerminateOption) glia.Callback {
	t := &terminator{}
	for _, o := range opts {
		o.terminate(t)
	}
	return glia.Callback{Name: "TerminateOnNaN", OnBatchEnd: t.batchEnd}
}

// TerminateOption is an option of [TerminateOnNaN].
type TerminateOption interface{ terminate(*terminator) }

func (l Logged) terminate(t *terminator) { t.log = l.to }

type terminator struct{ log *slog.Logger }

func (t *terminator) batchEnd(_ *glia.Model, epoch, batch int, loss float64) error {
	if !math.IsNaN(loss) && !math.IsInf(loss, 0) {
		return nil
	}
	if t.log != nil {
		t.log.Warn("invalid loss, training ends", "epoch", epoch+1, "batch", batch+1, "loss", loss)
	}
	return glia.ErrStop
}
