module github.com/souk-commerce/souk/cmd

go 1.26.0

replace github.com/souk-commerce/souk/api => ../api

require (
	github.com/souk-commerce/souk/api v0.0.0
	github.com/souk-commerce/souk/edge v0.0.0
	github.com/souk-commerce/souk/kit v0.0.0
	github.com/souk-commerce/souk/services v0.0.0
	github.com/souk-commerce/souk/web v0.0.0
)

require (
	github.com/alecthomas/kong v1.17.0 // indirect
	github.com/chromedp/cdproto v0.159.0 // indirect
	github.com/chromedp/chromedp v0.23.0 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/jackc/pgpassfile v1.0.0 // indirect
	github.com/jackc/pgservicefile v0.0.0-20240606120523-5a60cdf6a761 // indirect
	github.com/jackc/pgx/v5 v5.12.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/souk-commerce/souk/kit => ../kit

replace github.com/souk-commerce/souk/services => ../services

replace github.com/souk-commerce/souk/edge => ../edge

replace github.com/souk-commerce/souk/web => ../web
