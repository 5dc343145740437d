// Command mqttdump prints the MQTT packets in files of recorded traffic, one
// line for each packet. mqttdump -h says all about it.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
