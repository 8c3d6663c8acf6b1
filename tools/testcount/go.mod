module github.com/souk-commerce/souk/tools/testcount

go 1.26.0
