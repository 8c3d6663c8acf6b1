// Package dirlock keeps a data directory to one process.
package dirlock

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/souk-commerce/souk/kit/fault"
)

// ErrInUse is returned when another process, or another holder in this one, uses
// the directory.
var ErrInUse = fault.New(fault.Refused, "data_in_use", "The data directory is in use.")

// Take locks a directory for this process until the file is closed. The kernel
// gives it back when the process ends, however it ends, so what is still running
// in a directory that can be locked belongs to nobody.
func Take(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		by, _ := io.ReadAll(io.LimitReader(f, 20))
		f.Close()
		return nil, ErrInUse.Saying("%s is in use by process %s: stop that one, or choose another data directory.", dir, strings.TrimSpace(string(by))).Because(err)
	}
	if err := f.Truncate(0); err != nil {
		f.Close()
		return nil, err
	}
	if _, err := f.WriteAt(fmt.Appendln(nil, os.Getpid()), 0); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
