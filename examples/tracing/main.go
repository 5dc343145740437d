// Tracing lets a trace of OpenTelemetry go through a broker: the publisher's span goes with
// the message as user properties of MQTT 5.0, and the spans of its handlers belong to it.
//
//	go run ./examples/tracing mqtt://127.0.0.1:1883
package main

import (
	"context"
	"log"
	"os"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/propagation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: tracing URL")
	}
	exporter, err := stdouttrace.New(stdouttrace.WithPrettyPrint())
	if err != nil {
		log.Fatal(err)
	}
	provider := sdk.NewTracerProvider(sdk.WithSyncer(exporter))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := hello(ctx, os.Args[1], provider.Tracer("tracing")); err != nil {
		log.Print(err)
	}
	if err := provider.Shutdown(ctx); err != nil {
		log.Print(err)
	}
}

// hello publishes a message to itself, and waits until it was handled and all spans have ended.
func hello(ctx context.Context, url string, tracer trace.Tracer) error {
	c, err := client.New(url, traced(tracer, client.Options{Version: mqttwire.V5}))
	if err != nil {
		return err
	}
	closed := make(chan struct{}) // after the last handler has returned, and so after its span
	c.On(client.Events{Close: func(*client.Client, error) { close(closed) }})
	if err := c.Connect(ctx); err != nil {
		return err
	}
	handled := make(chan struct{}, 1)
	if _, err := c.Subscribe(ctx, func(*client.Message) { handled <- struct{}{} }, client.Sub("a/b", 1)); err != nil {
		return err
	}
	if err := c.Publish(ctx, "a/b", []byte("hello"), client.QoS(1)); err != nil {
		return err
	}
	select {
	case <-handled:
		err := c.Close(ctx)
		<-closed
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// carrier has the context of a trace in the user properties of a message. Section 3.3.2.3.7.
type carrier struct{ *mqttwire.Properties }

var _ propagation.TextMapCarrier = carrier{}

// Get returns a value, or "".
func (c carrier) Get(key string) string {
	for p := range c.All() {
		if p.ID == mqttwire.UserProperty && string(p.Name()) == key {
			return string(p.Value())
		}
	}
	return ""
}

// Set adds a value.
func (c carrier) Set(key, value string) { c.AddUser([]byte(key), []byte(value)) }

// Keys returns the names of all.
func (c carrier) Keys() (keys []string) {
	for p := range c.All() {
		if p.ID == mqttwire.UserProperty {
			keys = append(keys, string(p.Name()))
		}
	}
	return keys
}

// traced adds a span to each Publish, and one to each handler.
func traced(tracer trace.Tracer, o client.Options) client.Options {
	var spread propagation.TraceContext
	o.AroundPublish = func(ctx context.Context, p *packets.Publish, publish func(context.Context, *packets.Publish) error) error {
		ctx, span := tracer.Start(ctx, "publish "+string(p.Topic), trace.WithSpanKind(trace.SpanKindProducer))
		defer span.End()
		spread.Inject(ctx, carrier{&p.Properties})
		err := publish(ctx, p)
		if err != nil {
			span.SetStatus(codes.Error, err.Error())
		}
		return err
	}
	o.AroundHandler = func(ctx context.Context, m *client.Message, handle func(context.Context)) {
		ctx = spread.Extract(ctx, carrier{&m.Properties})
		ctx, span := tracer.Start(ctx, "handle "+m.Topic, trace.WithSpanKind(trace.SpanKindConsumer))
		defer span.End()
		handle(ctx)
	}
	return o
}
