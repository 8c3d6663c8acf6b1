//go:build !wasm

package component

import _ "embed"

// Style is the stylesheet.
//
//go:embed style.css
var Style []byte
