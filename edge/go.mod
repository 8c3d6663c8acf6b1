module github.com/souk-commerce/souk/edge

go 1.26

replace github.com/souk-commerce/souk/api => ../api

replace github.com/souk-commerce/souk/kit => ../kit

require (
	github.com/souk-commerce/souk/api v0.0.0
	github.com/souk-commerce/souk/kit v0.0.0
)
