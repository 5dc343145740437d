package conformance

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheTablesHaveEveryStatement(t *testing.T) {
	all, err := Standards()
	require.NoError(t, err)
	require.Len(t, all, 3)
	for i, n := range []int{141, 251, 159} {
		assert.Len(t, all[i].Statements, n, all[i].Name)
		for _, s := range all[i].Statements {
			assert.NotEmpty(t, s.Text, s.ID)
		}
	}
}

func TestATableThatDoesNotParseNamesFileAndLine(t *testing.T) {
	const good = "U-1-1\tdecode+encode\tAUTH\ttext\t0x81\n"
	all, err := parseStatements("f.tsv", columns+"\n"+good)
	require.NoError(t, err)
	assert.Equal(t, []Statement{{ID: "U-1-1", Scope: "decode+encode", Text: "text"}}, all)
	for text, want := range map[string]string{
		"":                              `f.tsv:1: the columns are not "id\tscope\tpacket\tstatement\ton_violation"`,
		columns + "\nU-1-1\tdecode":     "f.tsv:2: 2 columns",
		columns + "\n" + good + "\n":    "f.tsv:3: 1 columns",
		columns + "\n" + good + good:    "f.tsv:3: U-1-1 stands twice",
		columns + "\nU\tdecode+x\t\t\t": `f.tsv:2: scope "x" is not one of decode, encode, stream, session, server, client, transport`,
		columns + "\nU\t\t\t\t":         `f.tsv:2: scope "" is not one of decode, encode, stream, session, server, client, transport`,
	} {
		_, err := parseStatements("f.tsv", text)
		assert.EqualError(t, err, want)
	}
}
