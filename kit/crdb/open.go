package crdb

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/souk-commerce/souk/kit/chaos"
)

// Tx is a transaction, as stores use it.
type Tx = pgx.Tx

// DB is one service's database.
type DB struct {
	*pgxpool.Pool
	name    string
	storm   *chaos.Storm
	retries atomic.Int64
	mu      sync.RWMutex
	hooks   []func()
}

// Option changes how a database is opened.
type Option func(*pgxpool.Config)

// Connections bounds the pool; 8 when not given. Small pools win on hot rows.
func Connections(most int32) Option {
	return func(c *pgxpool.Config) { c.MaxConns = most }
}

// Open connects to url at SERIALIZABLE, and makes sure that it is.
func Open(ctx context.Context, url string, options ...Option) (*DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	config.MaxConns = 8
	config.MaxConnIdleTime = 5 * time.Minute
	config.ConnConfig.RuntimeParams["default_transaction_isolation"] = "serializable"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	for _, o := range options {
		o(config)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	var level string
	if err := pool.QueryRow(ctx, "SHOW transaction_isolation").Scan(&level); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to database: %w", err)
	}
	if level != "serializable" {
		pool.Close()
		return nil, fmt.Errorf("database runs transactions at %q; want serializable", level)
	}
	return &DB{Pool: pool, name: config.ConnConfig.Database}, nil
}

// Disturb lets a storm over the transactions of InTx. To be called before any is begun.
func (db *DB) Disturb(s *chaos.Storm) { db.storm = s }

// OnCommit has f called after each transaction of InTx that was committed. It
// must not block.
func (db *DB) OnCommit(f func()) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.hooks = append(db.hooks, f)
}

func (db *DB) committed() {
	db.mu.RLock()
	defer db.mu.RUnlock()
	for _, f := range db.hooks {
		f()
	}
}

// Retries is how many transactions had to be run again so far.
func (db *DB) Retries() int64 { return db.retries.Load() }
