module github.com/souk-commerce/souk/web

go 1.26.0

replace github.com/souk-commerce/souk/api => ../api

replace github.com/souk-commerce/souk/kit => ../kit

require (
	github.com/souk-commerce/souk/api v0.0.0
	github.com/souk-commerce/souk/kit v0.0.0
)

require (
	connectrpc.com/connect v1.21.1 // indirect
	github.com/andybalholm/brotli v1.2.8 // indirect
	github.com/aperturerobotics/protobuf-go-lite v0.14.0 // indirect
	github.com/maxence-charriere/go-app/v9 v9.8.0 // indirect
	golang.org/x/net v0.62.0 // indirect
	google.golang.org/genproto/googleapis/rpc v0.0.0-20261026165753-2ffab32bce7e // indirect
	google.golang.org/protobuf v1.36.12 // indirect
	pgregory.net/rapid v1.3.0 // indirect
)
