"""Paho's client, driven by lines of JSON: a command on each line of the input, and what has
become of it, or a message, on each line of the output. scripted.go has the commands."""

import json
import ssl
import sys
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

VERSIONS = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311, "5.0": mqtt.MQTTv5}

lock = threading.Condition()
client = None
version = None
unacked = set()
acked_early = set()


def say(**what):
    with lock:
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()


def on_publish(_client, _userdata, mid):
    with lock:
        if mid in unacked:
            unacked.discard(mid)
        else:
            acked_early.add(mid)
        lock.notify_all()


def on_message(_client, _userdata, m):
    say(topic=m.topic, payload=m.payload.decode(), qos=m.qos, retain=bool(m.retain))


def connect(c):
    global client, version
    version = VERSIONS[c["version"]]
    session = {} if version == mqtt.MQTTv5 else {"clean_session": False}
    transport = "websockets" if c["transport"] == "ws" else "tcp"
    client = mqtt.Client(client_id=c["id"], protocol=version, transport=transport, **session)
    client.on_connect = lambda *_: say(done="connect")
    client.on_subscribe = lambda *_: say(done="subscribe")
    client.on_publish = on_publish
    client.on_message = on_message
    client.max_inflight_messages_set(c["inflight"])
    client.reconnect_delay_set(min_delay=0.01, max_delay=0.02)
    if c["transport"] == "tls":
        client.tls_set(ca_certs=c["ca"], cert_reqs=ssl.CERT_REQUIRED)
    if c["transport"] == "ws":
        client.ws_set_options(path="/mqtt")
    if c.get("will"):
        w = c["will"]
        client.will_set(w["topic"], w["payload"], w["qos"], w["retain"])
    more = {}
    if version == mqtt.MQTTv5:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600
        more = {"clean_start": False, "properties": properties}
    client.connect_async(c["host"], c["port"], **more)
    client.loop_start()


def publish(c):
    more = {}
    if c.get("alias"):
        more["properties"] = Properties(PacketTypes.PUBLISH)
        more["properties"].TopicAlias = c["alias"]
    info = client.publish(c["topic"], c["payload"].encode(), c["qos"], c["retain"], **more)
    if c["qos"] == 0:
        return
    with lock:
        if info.mid in acked_early:
            acked_early.discard(info.mid)
        else:
            unacked.add(info.mid)


def flush():
    with lock:
        while unacked:
            lock.wait()
    say(done="flush")


for line in sys.stdin:
    c = json.loads(line)
    what = c["do"]
    if what == "connect":
        connect(c)
    elif what == "subscribe":
        client.subscribe(c["topic"], c["qos"])
    elif what == "publish":
        publish(c)
    elif what == "flush":
        threading.Thread(target=flush, daemon=True).start()
    elif what == "close":
        client.disconnect()
        client.loop_stop()
        say(done="close")
