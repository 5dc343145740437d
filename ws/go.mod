module github.com/mqttwire/mqttwire/ws

go 1.26

require (
	github.com/gobwas/ws v1.5.0
	github.com/mqttwire/mqttwire v0.1.0
	github.com/stretchr/testify v1.8.3
	pgregory.net/rapid v1.1.0
)

require (
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)
