package main

import (
	"runtime/debug"
	"syscall"
)

// hugePages asks the kernel for pages of 2 MB under the next bytes of the heap.
// Most kernels give them only where they are asked for, and a run that fills
// 200 MB in a few seconds otherwise spends a fifth of its time on being given
// fifty thousand pages, one by one. The wish sticks to the addresses, which are
// free again after the next collection; a kernel that has none to give gives
// small ones.
func hugePages(bytes int) {
	// In pieces, for the runtime clears a piece whose addresses it used before.
	const piece = 4 << 20
	percent := debug.SetGCPercent(-1)
	var room [][]byte // never touched: it takes no memory
	for range bytes / piece {
		b := make([]byte, piece)
		if syscall.Madvise(b, syscall.MADV_HUGEPAGE) != nil {
			break
		}
		room = append(room, b)
	}
	clear(room)
	debug.SetGCPercent(percent)
}
