package obs

import (
	"net/http"
	"net/http/pprof"
)

// ProfilePath is where Profile answers.
const ProfilePath = "/debug/pprof/"

// Profile shows where the program's time and memory go, to go tool pprof. It is
// for the inside only.
func Profile() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(ProfilePath, pprof.Index)
	mux.HandleFunc(ProfilePath+"profile", pprof.Profile)
	mux.HandleFunc(ProfilePath+"trace", pprof.Trace)
	mux.HandleFunc(ProfilePath+"symbol", pprof.Symbol)
	return mux
}
