module github.com/mqttwire/mqttwire/examples/durable

go 1.25.0

require (
	github.com/mqttwire/mqttwire v0.1.0
	github.com/mqttwire/mqttwire/store v0.1.0
	github.com/stretchr/testify v1.11.1
)

require (
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	go.etcd.io/bbolt v1.5.0 // indirect
	golang.org/x/sys v0.45.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)
