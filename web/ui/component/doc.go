// Package component is Souk's design system: a dozen components over ui, and the
// stylesheet they share. Each is a function of its data; none keeps state.
package component
