// Package mail decides what is written to whom, and how hard we try to deliver it.
//
// A Letter is what is to be said: a template, a recipient and the order it is
// about. A Delivery is a letter on its way: queued until the mail server took it
// (sent) or until we gave up (failed). An event makes at most one delivery.
package mail
