package front

import "sync"

// buffers are what answers of private calls are copied through. A new one for each
// was half of all that the edge allocated.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte {
	if kept, ok := b.pool.Get().(*[]byte); ok {
		return *kept
	}
	return make([]byte, bufferSize)
}

// Put implements httputil.BufferPool.
func (b *buffers) Put(used []byte) { b.pool.Put(&used) }
