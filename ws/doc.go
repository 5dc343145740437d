// Package ws carries MQTT over WebSocket, for clients and servers: what it returns is
// a net.Conn that reads and writes the bytes of MQTT. [MQTT-6.0.0-1]
//
// A program that imports this package, also as _, can give a client URLs of ws and wss.
// A server listens with a Listener, or with a Handler beside other things on the web.
//
// A Conn sends each packet in a binary frame of its own, and takes packets in frames
// of any alignment. [MQTT-6.0.0-2] It answers a ping and the closing of the peer; it
// refuses text frames with the code 1003, and frames that break RFC 6455 with 1002.
// The subprotocol is "mqtt", for MQTT 3.1 "mqttv3.1". [MQTT-6.0.0-3] [MQTT-6.0.0-4]
//
// The length of a frame is what the peer says, so it is only counted: a Conn holds no
// frame in memory, and between two calls no buffer.
package ws
