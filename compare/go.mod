module github.com/mqttwire/mqttwire/compare

go 1.26

require (
	github.com/256dpi/gomqtt v0.14.4
	github.com/eclipse/paho.golang v0.23.0
	github.com/eclipse/paho.mqtt.golang v1.5.1
	github.com/mochi-mqtt/server/v2 v2.7.9
	github.com/mqttwire/mqttwire v0.1.0
	github.com/mqttwire/mqttwire/pcap v0.1.0
	github.com/mqttwire/mqttwire/ws v0.1.0
	github.com/soypat/natiu-mqtt v0.6.0
	github.com/stretchr/testify v1.11.1
)

require (
	github.com/256dpi/mercury v0.2.0 // indirect
	github.com/davecgh/go-spew v1.1.1 // indirect
	github.com/gobwas/httphead v0.1.0 // indirect
	github.com/gobwas/ws v1.5.0 // indirect
	github.com/gopacket/gopacket v1.7.7 // indirect
	github.com/gorilla/websocket v1.5.3 // indirect
	github.com/klauspost/compress v1.20.4 // indirect
	github.com/pmezard/go-difflib v1.0.0 // indirect
	github.com/rs/xid v1.4.0 // indirect
	golang.org/x/crypto v0.51.0 // indirect
	golang.org/x/net v0.55.0 // indirect
	golang.org/x/sync v0.17.0 // indirect
	golang.org/x/sys v0.45.0 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
	pgregory.net/rapid v1.3.0 // indirect
)

replace (
	github.com/mqttwire/mqttwire => ..
	github.com/mqttwire/mqttwire/pcap => ../pcap
	github.com/mqttwire/mqttwire/ws => ../ws
)
