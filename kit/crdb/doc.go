// Package crdb is how services speak to their database, CockroachDB or
// PostgreSQL, at SERIALIZABLE.
//
// Everything runs through InTx. cockroach-go's own helper is right for
// CockroachDB only: on PostgreSQL its RELEASE succeeds, the COMMIT after it fails
// with 40001, and the failure is dropped. InTx runs cockroach-go's retry loop over
// an adapter in which RELEASE is the real COMMIT and a retry is a new transaction.
// So nil means committed, on both. Nothing else may import cockroach-go.
//
// Three tables belong to the platform and are in every service's database:
// outbox (what happened and is to be told), inbox (what was heard and handled)
// and idempotency (answers that are given again).
package crdb
