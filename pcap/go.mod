module github.com/mqttwire/mqttwire/pcap

go 1.25.0

require (
	github.com/gopacket/gopacket v1.7.7
	github.com/mqttwire/mqttwire v0.1.0
	github.com/stretchr/testify v1.8.3
	pgregory.net/rapid v1.1.0
)

require (
	github.com/gobwas/pool v0.2.1 // indirect
	golang.org/x/sys v0.45.0 // indirect
)

require (
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/gobwas/httphead v0.1.0
	github.com/gobwas/ws v1.4.0
	github.com/klauspost/compress v1.20.4
	github.com/pmezard/go-difflib v1.0.0 // indirect
	golang.org/x/crypto v0.51.0
	gopkg.in/yaml.v3 v3.0.1 // indirect
)
