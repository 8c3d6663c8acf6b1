package cockroach

// Abandon is a shop's death as the next one finds it.
func (s *Server) Abandon() { s.lock.Close() }
