module github.com/mqttwire/mqttwire/cmd

go 1.25.0

require (
	github.com/fatih/color v1.19.0
	github.com/google/go-cmp v0.5.9
	github.com/mqttwire/mqttwire v0.1.0
	github.com/mqttwire/mqttwire/pcap v0.1.0
	github.com/stretchr/testify v1.8.3
	pgregory.net/rapid v1.1.0
)

require (
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/gobwas/pool v0.2.1 // indirect
	github.com/gobwas/ws v1.4.0 // indirect
	github.com/gopacket/gopacket v1.7.7 // indirect
	github.com/klauspost/compress v1.20.4 // indirect
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	golang.org/x/sys v0.45.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)
