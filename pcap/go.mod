module github.com/mqttwire/mqttwire/pcap

go 1.25.0

require (
	github.com/gopacket/gopacket v1.7.7
	github.com/mqttwire/mqttwire v0.1.0
	github.com/stretchr/testify v1.12.1
	pgregory.net/rapid v1.3.0
)

require (
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/net v0.55.0 // indirect
	golang.org/x/sys v0.45.0 // indirect
)
