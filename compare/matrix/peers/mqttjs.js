// MQTT.js, driven by lines of JSON: a command on each line of the input, and what has
// become of it, or a message, on each line of the output. scripted.go has the commands.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import mqtt from 'mqtt'

const versions = {
  3.1: { protocolVersion: 3, protocolId: 'MQIsdp' },
  '3.1.1': { protocolVersion: 4 },
  '5.0': { protocolVersion: 5, properties: { sessionExpiryInterval: 3600, topicAliasMaximum: 10 } }
}
const schemes = { tcp: 'mqtt', tls: 'mqtts', ws: 'ws' }
const say = (what) => process.stdout.write(JSON.stringify(what) + '\n')
let client
let unacked = 0
let flushing = false

function flushed () {
  if (flushing && unacked === 0) {
    flushing = false
    say({ done: 'flush' })
  }
}

const commands = {
  connect (c) {
    client = mqtt.connect(`${schemes[c.transport]}://${c.host}:${c.port}${c.transport === 'ws' ? '/mqtt' : ''}`, {
      ...versions[c.version],
      clientId: c.id,
      clean: false,
      resubscribe: false,
      reconnectPeriod: 10,
      ...(c.transport === 'tls' && { ca: readFileSync(c.ca) }),
      ...(c.will && { will: { ...c.will, payload: Buffer.from(c.will.payload) } })
    })
    client.on('connect', () => say({ done: 'connect' }))
    client.on('error', () => {})
    client.on('message', (topic, payload, packet) => say({ topic, payload: payload.toString(), qos: packet.qos, retain: packet.retain }))
  },
  subscribe (c) {
    client.subscribe(c.topic, { qos: c.qos }, (error) => say(error ? { failed: String(error) } : { done: 'subscribe' }))
  },
  publish (c) {
    unacked++
    client.publish(c.topic, c.payload, { qos: c.qos, retain: c.retain, ...(c.alias && { properties: { topicAlias: c.alias } }) }, (error) => {
      if (error && c.qos > 0) say({ failed: String(error) })
      unacked--
      flushed()
    })
  },
  flush () {
    flushing = true
    flushed()
  },
  close () {
    client.end(false, () => say({ done: 'close' }))
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const c = JSON.parse(line)
  commands[c.do](c)
}
