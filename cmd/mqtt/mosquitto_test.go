package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mqttwire/mqttwire/internal/mosquitto"
)

// toMosquitto starts its server, and returns the flags that lead to it.
func toMosquitto(t *testing.T) []string {
	t.Helper()
	mosquitto.Needs(t, "mosquitto_pub", "mosquitto_sub")
	return []string{"-h", "127.0.0.1", "-p", mosquitto.Start(t, "max_queued_messages 0").Port()}
}

// The flags that both families of programs have mean the same: each talks to the other,
// with the same ones.
func TestMosquittosProgramsAndOursTakeTheSameFlags(t *testing.T) {
	t.Parallel()
	to := toMosquitto(t)
	ours := func(ctx context.Context, args ...string) string {
		p := &process{}
		assert.Equal(t, statusDone, p.run(ctx, args...), "%s: %s", args, p.errs.String())
		return p.out.String()
	}
	theirs := func(ctx context.Context, args ...string) string {
		out, err := exec.CommandContext(ctx, "mosquitto_"+args[0], args[1:]...).CombinedOutput()
		assert.NoError(t, err, "%s: %s", args, out)
		return string(out)
	}
	type program = func(context.Context, ...string) string
	for _, version := range []string{"mqttv31", "mqttv311", "mqttv5"} {
		for qos := range 3 {
			for name, programs := range map[string][2]program{"ours to theirs": {ours, theirs}, "theirs to ours": {theirs, ours}} {
				t.Run(fmt.Sprint(name, ", ", version, ", QoS ", qos), func(t *testing.T) {
					topic := strings.ReplaceAll(t.Name(), " ", "_")
					common := append([]string{"-t", topic, "-V", version, "-q", fmt.Sprint(qos)}, to...)
					pub := append([]string{"pub", "-r", "-m", "hello", "-i", "p"}, common...)
					sub := append([]string{"sub", "-C", "1", "-W", "20", "-F", `%t|%p|%q|%r|%l|%10p|%x`, "-i", "s"}, common...)
					if version == "mqttv5" {
						pub = append(pub, "-D", "publish", "user-property", "k", "v", "-D", "publish", "content-type", "text/plain")
						sub[6] += "|%P|%C"
					}
					programs[0](t.Context(), pub...)
					got := programs[1](t.Context(), sub...)
					want := fmt.Sprintf("%s|hello|%d|1|5|     hello|68656c6c6f", topic, qos)
					if version == "mqttv5" {
						want += "|k:v|text/plain"
					}
					assert.Equal(t, want+"\n", got)
				})
			}
		}
	}
}

func TestManyLinesThroughMosquittoKeepTheirOrder(t *testing.T) {
	to := toMosquitto(t)
	var lines strings.Builder
	for i := range 3000 {
		fmt.Fprintln(&lines, i)
	}
	sub := &process{}
	status := sub.begin(t.Context(), append([]string{"sub", "-t", "a", "-q", "2", "-C", "3000", "-W", "60", "-d"}, to...)...)
	sub.errs.await(t, "SUBACK")
	pub := &process{in: lines.String()}
	require.Equal(t, statusDone, pub.run(t.Context(), append([]string{"pub", "-t", "a", "-l", "-q", "2"}, to...)...), pub.errs.String())
	assert.Equal(t, statusDone, <-status)
	assert.Equal(t, lines.String(), sub.out.String())
}
