package callback

import "log/slog"

// Logger makes callbacks tell what they do, which are silent by default:
// [EarlyStopping], [ReduceLROnPlateau], [LearningRateScheduler], [TerminateOnNaN].
func Logger(l *slog.Logger) Logged { return Logged{l} }

// Logged is the option that [Logger] returns.
type Logged struct{ to *slog.Logger }
