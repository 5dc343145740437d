package conformance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTestsAreFoundByFolderFunctionAndCase(t *testing.T) {
	for name, file := range map[string]string{
		"mqttwire.TestMatchTopic":                                    "topic_test.go",
		"packets.TestEncodingRefuses":                                "packets/refuse_test.go",
		"packets.TestEncodingRefuses/PUBLISH topic too long":         "packets/refuse_test.go",
		"internal/conformance.TestAStatementWithTwoReasonsIsNoticed": "internal/conformance/statement_rows_test.go",
	} {
		found, err := findTest(root, name)
		require.NoError(t, err)
		assert.Equal(t, GoTest{name, file}, found)
	}
}

func TestTestsThatDoNotExistAreNotFound(t *testing.T) {
	for _, name := range []string{
		"mqttwire.TestEncodingRefuses", // it is in packets
		"packets.TestEncodingRefuse",
		"packets.TestEncodingRefuses/PUBLISH topic",
		"packets.loadCorpus", // it is no test
		"nowhere.TestMatchTopic",
		"TestMatchTopic",
		"",
	} {
		_, err := findTest(root, name)
		assert.EqualError(t, err, "there is no test "+name)
	}
}
