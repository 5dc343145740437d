// Package texts holds topics and strings that readers of text may judge apart.
package texts

import "strings"

// Topic names and filters as they are used, by what is special about them.
const (
	French     = "capteurs/salle-à-manger/température/été"
	Portuguese = "prédio/térreo/estação/iluminação"
	Arabic     = "محطة/سبعة/خط/حرارة"
	Chinese    = "工厂/七号/生产线/温度"
	System     = "$SYS/broker/clients/connected"
	Shared     = "$share/consumers/site/+/temperature"
)

// All are texts to be put in the place of another one: legal and illegal, as
// names, as filters, as strings.
var All = []string{
	"", "a", "a/b", "/", "//", "/a", "a/", "site/7/line/12/machine/4/temperature", French, Portuguese, Arabic,
	Chinese, System, Shared,
	"#", "+", "a/#", "a/+", "+/+", "+/a/#", "/#", "/+", "a#", "a+", "#/a", "a/#/b", "a/+b", "a+/b", "##", "++", "$SYS/#", "$", "$/+",
	"abcdefg#", "abcdefgh+", "abcdefg/+", "abcdefgh/#", "abcdefghijklmno#/", "sensors/+/température/#", "$share", "$share/", "$share//a",
	"$share/g", "$share/g/", "$share/g/a", "$share/g/#", "$share/g+/a", "$share/#/a", "$share/é/é", "$share/g/a+", "$share/gruppe/\x00",
	"é", "語", "😀", "\u0080", "\u07ff", "\u0800", "\ufffd", "\U00010000", "\U0010ffff", "\ufffe", "\uffff", "\ufdd0", "\ufeff", "\u0001", "\u001f",
	"\u007f", "\u0085", "\u009f", "\x00", "a\x00", "abcdefg\x00", "abcdefgh\x00b", "\xc0\x80", "a\xc0\x80b", "\xc1\xbf", "\xe0\x80\x80",
	"\xed\xa0\x80", "\xed\xbf\xbf", "\xed\xa0\xbd\xed\xb8\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\x80", "\xbf", "\xff",
	"\xc3", "\xe8\xaa", "\xf0\x9f\x98", "abcdef\xc3", "abcdefg\xc3\xa9", "abcdefgh\xe8\xaa", "MQTT", "MQIsdp", "SCRAM-SHA-256", "sensor-17",
	"12345678901234567890123", "123456789012345678901234", "ééééééééééééééééééééééé",
	strings.Repeat("ab/", 40), strings.Repeat("é", 70), strings.Repeat("語/", 50), strings.Repeat("+/", 30) + "#",
}
