package importer

import (
	"bufio"
	"io"
	"maps"
	"slices"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// encodings are the ways in which files of shops are written.
var encodings = map[string]encoding.Encoding{
	"":             nil,
	"utf-8":        nil,
	"utf-16":       unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"windows-1252": charmap.Windows1252,
	"windows-1250": charmap.Windows1250,
	"windows-1251": charmap.Windows1251,
	"iso-8859-1":   charmap.ISO8859_1,
	"iso-8859-15":  charmap.ISO8859_15,
	"macintosh":    charmap.Macintosh,
}

func encodingNames() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(encodings)), func(n string) bool { return n == "" })
}

const byteOrderMark = "\uFEFF"

// decoded reads text as UTF-8. A file that begins with a byte order mark says by
// itself what it is.
func decoded(in io.Reader, name string) io.Reader {
	buffered := bufio.NewReader(in)
	begin, _ := buffered.Peek(3)
	switch {
	case string(begin) == byteOrderMark:
		return buffered
	case len(begin) >= 2 && (begin[0] == 0xff && begin[1] == 0xfe || begin[0] == 0xfe && begin[1] == 0xff):
		return encodings["utf-16"].NewDecoder().Reader(buffered)
	case encodings[name] == nil:
		return buffered
	}
	return encodings[name].NewDecoder().Reader(buffered)
}
