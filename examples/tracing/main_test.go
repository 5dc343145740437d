package main

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/mqttwire/mqttwire"
	"github.com/mqttwire/mqttwire/broker"
	"github.com/mqttwire/mqttwire/server"
)

func TestTheHandlersSpanBelongsToThePublishers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server.Server{Broker: broker.New(broker.Options{})}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()

	spans := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(spans))
	require.NoError(t, hello(ctx, "mqtt://"+l.Addr().String(), provider.Tracer("test")))

	all := map[string]tracetest.SpanStub{}
	for _, span := range spans.GetSpans() {
		all[span.Name] = span
	}
	require.Len(t, all, 2)
	publish, handle := all["publish a/b"], all["handle a/b"]
	assert.Equal(t, trace.SpanKindProducer, publish.SpanKind)
	assert.Equal(t, trace.SpanKindConsumer, handle.SpanKind)
	assert.Equal(t, publish.SpanContext.TraceID(), handle.SpanContext.TraceID(), "they are of one trace")
	assert.Equal(t, publish.SpanContext.SpanID(), handle.Parent.SpanID())
	assert.True(t, handle.Parent.IsRemote(), "it came with the message")
	assert.NoError(t, s.Close())
	assert.Equal(t, server.ErrServerClosed, <-ended)
}

func TestAFailureIsOnTheSpan(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(spans))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, hello(ctx, "mqtt://127.0.0.1:1", provider.Tracer("test")), context.Canceled)
	assert.Empty(t, spans.GetSpans(), "nothing was published")
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
