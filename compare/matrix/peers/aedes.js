// A broker of aedes with three listeners, until it is killed. It is given the files of a
// certificate and its key, and prints the ports: of tcp, tls and ws.
import { readFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import tls from 'node:tls'
import { Aedes } from 'aedes'
import { WebSocketServer, createWebSocketStream } from 'ws'

const [cert, key] = process.argv.slice(2)
const broker = await Aedes.createBroker()
const web = http.createServer()
new WebSocketServer({ server: web, handleProtocols: (offered) => [...offered][0] }).on('connection', (socket, request) => {
  broker.handle(createWebSocketStream(socket), request)
})
const ports = []
for (const server of [
  net.createServer(broker.handle),
  tls.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, broker.handle),
  web
]) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.on('error', () => {}).on('tlsClientError', () => {})
  ports.push(server.address().port)
}
console.log(ports.join(' '))
