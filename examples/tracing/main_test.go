package main

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/client"
	"github.com/mqttwire/mqttwire/packets"
	"github.com/mqttwire/mqttwire/server"
)

// serves serves a broker until the test ends, and returns its URL.
func serves(t *testing.T, hooks broker.Hooks) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server.Server{Broker: broker.New(broker.Options{Hooks: hooks})}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		assert.NoError(t, s.Close())
		assert.Equal(t, server.ErrServerClosed, <-ended)
	})
	return "mqtt://" + l.Addr().String()
}

// run runs the program, and returns its spans by their names.
func run(t *testing.T, url string) (spans map[string]tracetest.SpanStub, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	exporter := tracetest.NewInMemoryExporter()
	err = hello(ctx, url, sdk.NewTracerProvider(sdk.WithSyncer(exporter)).Tracer("test"))
	spans = map[string]tracetest.SpanStub{}
	for _, span := range exporter.GetSpans() {
		spans[span.Name] = span
	}
	return spans, err
}

func TestTheHandlersSpanBelongsToThePublishers(t *testing.T) {
	spans, err := run(t, serves(t, broker.Hooks{}))
	require.NoError(t, err)
	require.Len(t, spans, 2)
	publish, handle := spans["publish a/b"], spans["handle a/b"]
	assert.Equal(t, trace.SpanKindProducer, publish.SpanKind)
	assert.Equal(t, trace.SpanKindConsumer, handle.SpanKind)
	assert.Equal(t, codes.Unset, publish.Status.Code)
	assert.Equal(t, publish.SpanContext.TraceID(), handle.SpanContext.TraceID(), "they are of one trace")
	assert.Equal(t, publish.SpanContext.SpanID(), handle.Parent.SpanID())
	assert.True(t, handle.Parent.IsRemote(), "it came with the message")
}

func TestAFailureIsOnTheSpan(t *testing.T) {
	spans, err := run(t, serves(t, broker.Hooks{Publish: func(*broker.Peer, *packets.Publish) mqttwire.ReasonCode {
		return mqttwire.ReasonNotAuthorized
	}}))
	assert.ErrorIs(t, err, client.ErrRefused)
	require.Len(t, spans, 1)
	assert.Equal(t, codes.Error, spans["publish a/b"].Status.Code)
	assert.Contains(t, spans["publish a/b"].Status.Description, "Not authorized")
}

func TestACarrierHasWhatWasSet(t *testing.T) {
	c := carrier{&mqttwire.Properties{}}
	c.SetContentType([]byte("text/plain"))
	c.Set("traceparent", "a")
	c.Set("tracestate", "b")
	assert.Equal(t, []string{"traceparent", "tracestate"}, c.Keys())
	assert.Equal(t, "b", c.Get("tracestate"))
	assert.Empty(t, c.Get("text/plain"))
}
