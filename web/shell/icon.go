//go:build !wasm

package shell

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
)

// The mark is a market stall: a striped awning over a counter.

var (
	markGround = color.RGBA{0x1f, 0x4d, 0x40, 0xff}
	markCream  = color.RGBA{0xff, 0xf6, 0xe8, 0xff}
	markCoral  = color.RGBA{0xe9, 0x74, 0x51, 0xff}
)

// markSVG is the mark for browsers' tabs.
const markSVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" height="100" rx="22" fill="#1f4d40"/>` +
	`<path d="M28 56h5v24h-5zM67 56h5v24h-5zM24 64h52v8H24z" fill="#fff6e8"/>` +
	`<path d="M28 22h11l-4 22a8 8 0 0 1-16 0zM50 22h11l4 22a8 8 0 0 1-15 0z" fill="#e97451"/>` +
	`<path d="M39 22h11v22a8 8 0 0 1-15 0zM61 22h11l9 22a8 8 0 0 1-16 0z" fill="#fff6e8"/></svg>`

// iconPNG draws the mark, size pixels wide. A maskable mark fills its square,
// since the system cuts a shape out of it; others have round corners.
func iconPNG(size int, maskable bool) []byte {
	const samples = 4
	picture := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			var r, g, b, a float64
			for i := range samples * samples {
				u := (float64(x) + (float64(i%samples)+.5)/samples) / float64(size)
				v := (float64(y) + (float64(i/samples)+.5)/samples) / float64(size)
				c, ok := markAt(u, v, maskable)
				if !ok {
					continue
				}
				r, g, b, a = r+float64(c.R), g+float64(c.G), b+float64(c.B), a+1
			}
			if a > 0 {
				picture.SetNRGBA(x, y, color.NRGBA{uint8(r / a), uint8(g / a), uint8(b / a), uint8(a * 255 / (samples * samples))})
			}
		}
	}
	var out bytes.Buffer
	_ = png.Encode(&out, picture) // writing to memory does not fail
	return out.Bytes()
}

// markAt returns the colour of the mark at a point of the unit square.
func markAt(u, v float64, maskable bool) (color.RGBA, bool) {
	if !maskable && !inRound(u, v, .22) {
		return color.RGBA{}, false
	}
	if maskable { // keep to the safe zone
		u, v = (u-.5)/.8+.5, (v-.5)/.8+.5
	}
	if c, ok := awningAt(u, v); ok {
		return c, true
	}
	pole := v > .5 && v < .8 && (math.Abs(u-.305) < .025 || math.Abs(u-.695) < .025)
	counter := v > .64 && v < .72 && u > .24 && u < .76
	if pole || counter {
		return markCream, true
	}
	return markGround, true
}

// awningAt draws four stripes that widen downwards and end in half circles.
func awningAt(u, v float64) (color.RGBA, bool) {
	const top, bottom, stripes = .22, .44, 4
	if v < top || v > bottom+.09 {
		return color.RGBA{}, false
	}
	down := math.Min((v-top)/(bottom-top), 1)
	left, right := .28-.1*down, .72+.1*down
	if u < left || u > right {
		return color.RGBA{}, false
	}
	at := (u - left) / (right - left) * stripes
	stripe := math.Min(math.Floor(at), stripes-1)
	if v > bottom {
		radius := (right - left) / stripes / 2
		center := left + (stripe+.5)*2*radius
		if math.Hypot(u-center, v-bottom) > radius {
			return color.RGBA{}, false
		}
	}
	if int(stripe)%2 == 0 {
		return markCoral, true
	}
	return markCream, true
}

// inRound reports whether a point lies in the unit square with round corners.
func inRound(u, v, radius float64) bool {
	dx := math.Max(math.Abs(u-.5)-(.5-radius), 0)
	dy := math.Max(math.Abs(v-.5)-(.5-radius), 0)
	return math.Hypot(dx, dy) <= radius
}
