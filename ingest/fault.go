package ingest

import (
	"archive/zip"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// fault is why a file cannot be read, and what to do. As an error it is only
// the first half: whoever reports it names the file and adds the second.
type fault struct{ what, do string }

func (f *fault) Error() string { return f.what }

var errCutShort = &fault{"the file is cut short", "copy it again"}

const copyArchive = "copy the archive again"

// explain puts the errors of unpacking into words. Others, io.EOF among them,
// stay as they are.
func explain(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case err == nil || err == io.EOF:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errCutShort
	case errors.Is(err, zip.ErrChecksum), errors.Is(err, gzip.ErrChecksum):
		return &fault{"damaged (its checksum is wrong)", copyArchive}
	case errors.Is(err, zip.ErrFormat), errors.Is(err, gzip.ErrHeader):
		return &fault{"cut short or damaged", copyArchive}
	case errors.As(err, &corrupt):
		return &fault{"damaged", copyArchive}
	case errors.Is(err, zip.ErrAlgorithm):
		return &fault{"packed by a method that is not read", "unpack it and give the files"}
	}
	return err
}

// openDisk opens a file that was there when the paths were walked. Whoever
// reports the error names the file.
func openDisk(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, &diskError{err}
	}
	return f, nil
}

// diskError puts the error of opening a file into words that do not name it.
type diskError struct{ err error }

func (e *diskError) Unwrap() error { return e.err }

func (e *diskError) Error() string {
	var inner *fs.PathError
	switch {
	case errors.Is(e.err, fs.ErrNotExist):
		return "no such file or folder; check the path"
	case errors.Is(e.err, fs.ErrPermission):
		return "permission denied; let this account read it"
	case errors.As(e.err, &inner):
		return inner.Err.Error() + "; check the disk and run again"
	}
	return e.err.Error()
}

// ReadError says why a file or folder cannot be read, and what to do.
func ReadError(name string, err error) error {
	name = shownName(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: no such file or folder; check the path", name)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: permission denied; let this account read it", name)
	}
	var f *fault
	if errors.As(explain(err), &f) {
		return fmt.Errorf("%s: %s; %s", name, f.what, f.do)
	}
	var inner *fs.PathError // it names the file once more
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return fmt.Errorf("%s: %w; check the disk and run again", name, err)
}
