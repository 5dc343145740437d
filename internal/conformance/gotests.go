package conformance

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// gotests are the Go tests that show statements which the bytes of a packet
// cannot show, because an encoder keeps them or because they are about more than
// one packet or less. A test is named by its folder ("mqttwire" for the root),
// its function and, behind a slash, the case of its table.
var gotests = []note{
	{"internal/conformance.TestPublishOfQoS0IsWrittenWithoutItsPacketIdentifier", "MQTT-2.3.1-5", "MQTT-2.2.1-2"},
	{"mqttwire.TestTopicLengthLimits", "MQTT-4.7.3-3", "MQTT-4.7.3-3"},
	{"packets.TestEncodingRefuses/PUBLISH topic too long", "", "MQTT-4.7.3-3"},
	{"packets.TestEncodingRefuses/SUBSCRIBE filter too long", "MQTT-4.7.3-3", ""},
	{"mqttwire.TestMatchTopic", "MQTT-4.7.2-1", "MQTT-4.7.2-1"},
	{"internal/conformance.TestMatchingTakesTheCharactersAsTheyAre", "MQTT-4.7.3-4", "MQTT-4.7.3-4"},
	{"mqttwire.TestReaderGivesTheSamePacketsInAnyChunks", "MQTT-6.0.0-2", "MQTT-6.0.0-2"},
	{"internal/conformance.TestConnackIsWrittenWithoutWhatDoesNotFit", "", "MQTT-3.2.2-19 MQTT-3.2.2-20"},
	{dropping + "/PUBACK", "", "MQTT-3.4.2-2 MQTT-3.4.2-3"},
	{dropping + "/PUBREC", "", "MQTT-3.5.2-2 MQTT-3.5.2-3"},
	{dropping + "/PUBREL", "", "MQTT-3.6.2-2 MQTT-3.6.2-3"},
	{dropping + "/PUBCOMP", "", "MQTT-3.7.2-2 MQTT-3.7.2-3"},
	{dropping + "/SUBACK", "", "MQTT-3.9.2-1 MQTT-3.9.2-2"},
	{dropping + "/UNSUBACK", "", "MQTT-3.11.2-1 MQTT-3.11.2-2"},
	{dropping + "/DISCONNECT", "", "MQTT-3.14.2-3 MQTT-3.14.2-4"},
	{dropping + "/AUTH", "", "MQTT-3.15.2-2 MQTT-3.15.2-3"},
}

// dropping is the test of what an encoder leaves out to keep to the peer's
// Maximum Packet Size, which has a case for each packet.
const dropping = "packets.TestEncoderDropsReasonStringAndUserPropertiesToFit"

// ruleTests are the Go tests for the rules that no bytes can break, because only
// a caller can.
var ruleTests = map[string][]string{
	"frame-type":   {"packets.TestFramesThatDoNotFit/another type"},
	"frame-length": {"packets.TestFramesThatDoNotFit/a body that is short", "packets.TestFramesThatDoNotFit/a body that is long"},
	"version": {"packets.TestEncodingRefuses/version 0", "packets.TestEncodingRefuses/CONNECT without a version",
		"packets.TestFramesThatDoNotFit/a version that is none"},
	"properties-reset": {"packets.TestEncodingRefuses/PUBACK with a list that was built over"},
	"connect-version":  {"packets.TestEncodingRefuses/CONNECT of another version"},
	"remaining-length": {"packets.TestEncodingRefuses/PUBLISH too large", "mqttwire.TestAppendFrameWritesWhatItIsGiven"},
	"not-in-version": {"packets.TestEncodingRefuses/CONNACK session present in 3.1", "packets.TestEncodingRefuses/SUBSCRIBE no local in 3.1.1",
		"packets.TestEncodingRefuses/CONNECT with a bridge bit in 5.0"},
}

// GoTest is a test function, or a case of its table, and the file it is in.
type GoTest struct {
	Name string // as gotests has it
	File string // below the root, with slashes
}

// findTest looks for the test in the files below root.
func findTest(root, name string) (GoTest, error) {
	dir, rest, _ := strings.Cut(name, ".")
	if dir == "mqttwire" {
		dir = "."
	}
	function, row, _ := strings.Cut(rest, "/")
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		return GoTest{}, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return GoTest{}, err
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
		if err != nil {
			return GoTest{}, err
		}
		if hasTest(f, function, row) {
			return GoTest{name, path.Join(dir, filepath.Base(file))}, nil
		}
	}
	return GoTest{}, fmt.Errorf("there is no test %s", name)
}

// hasTest reports whether the file has the test function and, if row is not
// empty, whether the function has it for a string.
func hasTest(file *ast.File, function, row string) bool {
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if ok && f.Recv == nil && f.Name.Name == function && strings.HasPrefix(function, "Test") {
			return row == "" || hasString(f.Body, row)
		}
	}
	return false
}

func hasString(body ast.Node, want string) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, err := strconv.Unquote(lit.Value)
			found = found || err == nil && text == want
		}
		return !found
	})
	return found
}
