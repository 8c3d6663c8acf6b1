package rpc

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// read takes what is known of an error detail. The messages are read by hand: of
// each we need two or three fields, and their generated code is not small.
func (e *Error) read(name string, value []byte) {
	switch name {
	case "google.rpc.ErrorInfo":
		e.readInfo(value)
	case "google.rpc.BadRequest":
		fieldsIn(value, func(number int, violation []byte) {
			if number == 1 {
				e.Fields = append(e.Fields, badField(violation))
			}
		})
	case "buf.validate.Violations":
		fieldsIn(value, func(number int, violation []byte) {
			if number == 1 {
				e.Fields = append(e.Fields, violated(violation))
			}
		})
	}
}

func (e *Error) readInfo(value []byte) {
	fieldsIn(value, func(number int, data []byte) {
		switch number {
		case 1:
			e.Reason = string(data)
		case 3:
			var key, value string
			fieldsIn(data, func(number int, data []byte) {
				switch number {
				case 1:
					key = string(data)
				case 2:
					value = string(data)
				}
			})
			if e.Meta == nil {
				e.Meta = map[string]string{}
			}
			e.Meta[key] = value
		}
	})
}

func badField(violation []byte) (f Field) {
	fieldsIn(violation, func(number int, data []byte) {
		switch number {
		case 1:
			f.Path = string(data)
		case 2:
			f.Sentence = string(data)
		}
	})
	return f
}

// violated reads a buf.validate.Violation.
func violated(violation []byte) (f Field) {
	fieldsIn(violation, func(number int, data []byte) {
		switch number {
		case 3:
			f.Sentence = string(data)
		case 5:
			f.Path = fieldPath(data)
		}
	})
	return f
}

// fieldPath reads a buf.validate.FieldPath: "lines[2].sku".
func fieldPath(path []byte) string {
	var b strings.Builder
	fieldsIn(path, func(number int, element []byte) {
		if number != 1 {
			return
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		scan(element, func(number int, varint uint64, data []byte) {
			switch number {
			case 2:
				b.Write(data)
			case 6:
				b.WriteString("[" + strconv.FormatUint(varint, 10) + "]")
			case 10:
				b.WriteString("[" + strconv.Quote(string(data)) + "]")
			}
		})
	})
	return b.String()
}

// fieldsIn calls each for the length-delimited fields of a protobuf message.
func fieldsIn(message []byte, each func(number int, data []byte)) {
	scan(message, func(number int, _ uint64, data []byte) {
		if data != nil {
			each(number, data)
		}
	})
}

// scan calls each for the fields of a protobuf message, up to the first that is
// malformed. data is nil for numbers.
func scan(message []byte, each func(number int, varint uint64, data []byte)) {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return
		}
		message = message[n:]
		number := int(tag >> 3)
		switch tag & 7 {
		case 0:
			value, n := binary.Uvarint(message)
			if n <= 0 {
				return
			}
			message = message[n:]
			each(number, value, nil)
		case 2:
			size, n := binary.Uvarint(message)
			if n <= 0 || size > uint64(len(message)-n) {
				return
			}
			each(number, 0, message[n:n+int(size):n+int(size)])
			message = message[n+int(size):]
		case 1:
			if len(message) < 8 {
				return
			}
			message = message[8:]
		case 5:
			if len(message) < 4 {
				return
			}
			message = message[4:]
		default:
			return
		}
	}
}
