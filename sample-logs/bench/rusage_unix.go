//go:build unix

package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
)

// peakMemory is the greatest resident size of a finished process.
func peakMemory(p *os.ProcessState) int64 {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return maxrssBytes(usage)
}

// ownPeak is this process's own, which the kernel also counts for its children.
// Linux tells it without what was before the exec: rusage here would still
// know of "go run", the children's does not.
func ownPeak() int64 {
	var kb int64
	if _, err := fmt.Sscan(fieldOf("/proc/self/status", "VmHWM"), &kb); err == nil {
		return kb << 10
	}
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return maxrssBytes(&usage)
}

// maxrssBytes knows that Apple's systems count bytes and the others kilobytes.
func maxrssBytes(usage *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) << 10
}

// flushDisk writes out what earlier contestants left, so that nobody pays for
// another's pages.
func flushDisk() { syscall.Sync() }
