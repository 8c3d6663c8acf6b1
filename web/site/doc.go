// Package site is what all pages share: how an address finds its page, how a page
// is loaded and drawn, and what it tells the document's head.
//
// A page is loaded and drawn by the same code on the server and in the browser.
// The server draws it once (package shell). In the browser Run draws the first
// frame from the answers that the server drew it from, and then follows links
// without leaving the document.
package site
