// Package quick answers plain questions from memory before net/http sees them.
//
// It reads each connection itself for as long as what comes is plain: GET or HEAD of
// HTTP/1.1, without a body and without anything that changes what is asked for. It
// reads strictly: whatever could be understood in two ways, it does not understand.
// All else, and what is not in memory, is handed to net/http with the connection and
// every byte that was read and not answered; so one program decides about each
// request, and there is nothing to smuggle between two.
package quick
