package callback

import "log/slog"

// Logger makes callbacks log their actions; without it they are silent:
// [EarlyStopping], [ReduceLROnPlateau], [LearningRateScheduler], [TerminateOnNaN].
func Logger(l *slog.Logger) Logged { return Logged{l} }

// Logged is the option that [Logger] returns.
type Logged struct{ to *slog.Logger }
