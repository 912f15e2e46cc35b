//go:build unix

package ingest

import (
	"syscall"
	"time"
)

// cpuTime is what this process has used so far: figures in wall time say little
// on a machine with other work to do.
func cpuTime() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
