module github.com/souk-commerce/souk/cmd

go 1.26

replace github.com/souk-commerce/souk/api => ../api

require (
	github.com/souk-commerce/souk/api v0.0.0
	github.com/souk-commerce/souk/edge v0.0.0
	github.com/souk-commerce/souk/kit v0.0.0
	github.com/souk-commerce/souk/services v0.0.0
	github.com/souk-commerce/souk/web v0.0.0
)

replace github.com/souk-commerce/souk/kit => ../kit

replace github.com/souk-commerce/souk/services => ../services

replace github.com/souk-commerce/souk/edge => ../edge

replace github.com/souk-commerce/souk/web => ../web
