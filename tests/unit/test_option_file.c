/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_option_file.c - every rule of the description language is told with its line.
 *
 * Each row is a description with one thing wrong with it (or several, where that is the idea) and
 * the messages that a person gets, one a line. Lines count from the [option] line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/option_set.h"

struct row {
    const char *idea;
    const char *text;
    const char *faults; /* "" when the description is right */
};

/* A right beginning of six lines, to which a row adds what it is about. */
#define EXID8  "[option]\nname = x\ncarrier = exid\nid = 0x1234\nlength = 8\n\n"
#define MPTCP8 "[option]\nname = x\ncarrier = mptcp\nid = 12\nlength = 8\n\n"
#define EXP8   "[option]\nname = x\ncarrier = mptcp-exp\nid = 7\nlength = 8\n\n"

static const struct row rows[] = {
    /* right ones: what looks odd and is allowed */
    {"ten lines are enough",
     "[option]\nname = pace\ntitle = Pacing hint\ncarrier = exid\nid = 0x5043\nlength = 8\n\n"
     "[field rate]\nbits = 32\nunit = kbit/s\n",
     ""},
    {"comments, blank lines, spaces and CRLF",
     "# what it is\r\n\r\n[option]\r\n  name=x  \r\n\tcarrier = exid\r\nid=0x1234\r\n"
     "length = 4\r\n",
     ""},
    {"no newline at the end", "[option]\nname=x\ncarrier=kind\nid=99\nlength=2", ""},
    {"a byte order mark", "\xEF\xBB\xBF[option]\nname=x\ncarrier=kind\nid=99\nlength=2", ""},
    {"a field's group before [option]",
     "[field a]\nbits = 16\n[option]\nname=x\ncarrier=kind\nid=99\nlength=4\n", ""},
    {"UTF-8 in texts",
     "[option]\nname=x\ntitle=Größe\ncarrier=kind\nid=99\nlength=2\nreference=Bücher\n", ""},
    {"mptcp fields start in the low nibble", MPTCP8 "[field a]\nbits = 4\n[field b]\nbits = 40\n",
     ""},
    {"fields may be left out whole",
     "[option]\nname=x\ncarrier=exid\nid=0x1234\nlength=4-8\n[field a]\nbits=16\n[field b]\n"
     "bits=16\n",
     ""},
    {"addresses and bool need no bits",
     "[option]\nname=x\ncarrier=kind\nid=99\nlength=23\n[field a]\ntype=ipv4\n[field b]\n"
     "type=ipv6\n[field c]\ntype=bool\n[field d]\nbits=7\ntype=reserved\n",
     ""},
    {"a list may end with its separator",
     EXID8 "[field a]\nbits = 32\ntype = enum\nvalues = 0:zero;1:one;\n", ""},

    {"a rule that does not fit its field", EXID8 "[field a]\nbits = 32\nmin = 0x100000000\n",
     "x.opt:9: min = '0x100000000': does not fit into the field"},
    {"an escaped backslash in a text",
     "[option]\nname=x\ntitle=a\\\\b\ncarrier=kind\nid=99\nlength=2\n", ""},

    /* the text */
    {"an empty file", "", "x.opt:1: there is no group [option]"},
    {"not UTF-8", "[option]\nname = x\n\xFF\n", "x.opt:3: not UTF-8 text"},
    {"a NUL", "[option]\nname = \1\n", "x.opt:2: control character 0x01"},
    {"a terminal's escape", "[option]\ntitle = \033[2J\n", "x.opt:2: control character 0x1b"},
    {"a line that is nothing", EXID8 "[field a]\nbits = 32\nwhat is this\n",
     "x.opt:9: neither a [group], a key = value, nor a # comment"},
    {"a key before any group", "name = x\n" EXID8 "[field a]\nbits = 32\n",
     "x.opt:1: a key before the first group; a description starts with [option]"},
    {"a group without its bracket", EXID8 "[field a\nbits = 32\n",
     "x.opt:7: the group's name has no closing ]"},
    {"a group without a name", EXID8 "[field a]\nbits = 32\n[]\n",
     "x.opt:9: a group's name is not empty and holds no brackets"},
    {"a group twice", EXID8 "[field a]\nbits = 32\n[option]\nname = y\n",
     "x.opt:9: group 'option' stands twice; the first is on line 1"},
    {"a key twice", EXID8 "[field a]\nbits = 32\nbits = 32\n",
     "x.opt:9: key 'bits' stands twice; the first is on line 8"},
    {"an unknown group", EXID8 "[field a]\nbits = 32\n[fields]\nb = 1\n",
     "x.opt:9: unknown group 'fields'; there are [option] and [field NAME]"},
    {"an unknown key in [option]", "[option]\nname=x\ncarrier=kind\nid=99\nlength=2\nsize=2\n",
     "x.opt:6: unknown key 'size' in [option]"},
    {"an unknown key in a field", EXID8 "[field a]\nbits = 32\nwidth = 32\n",
     "x.opt:9: unknown key 'width' in [field a]"},
    {"a bad escape", EXID8 "[field a]\nbits = 32\ndescription = a\\b\n",
     "x.opt:9: description = 'a\\b': a backslash stands before s, n, t, r or another backslash "
     "only"},

    /* [option] */
    {"no name", "[option]\ncarrier=kind\nid=99\nlength=2\n", "x.opt:1: [option] has no key 'name'"},
    {"no carrier", "[option]\nname=x\nid=99\nlength=2\n", "x.opt:1: [option] has no key 'carrier'"},
    {"no id", "[option]\nname=x\ncarrier=kind\nlength=2\n", "x.opt:1: [option] has no key 'id'"},
    {"no length", "[option]\nname=x\ncarrier=kind\nid=99\n",
     "x.opt:1: [option] has no key 'length'"},
    {"a name in capitals", "[option]\nname=Pace\ncarrier=kind\nid=99\nlength=2\n",
     "x.opt:2: name = 'Pace': a name is a-z, then a-z, 0-9, _ and -, at most 40 characters"},
    {"a name that is too long",
     "[option]\nname=aaaaaaaaaabbbbbbbbbbccccccccccdddddddddde\ncarrier=kind\nid=99\nlength=2\n",
     "x.opt:2: name = 'aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd...': a name is a-z, then a-z, 0-9, "
     "_ and -, at most 40 characters"},
    {"a name that filters have already", "[option]\nname=hook\ncarrier=kind\nid=99\nlength=2\n",
     "x.opt:2: name = 'hook': the filter field optrail.hook means something else"},
    {"an unknown carrier", "[option]\nname=x\ncarrier=udp\nid=99\nlength=2\n",
     "x.opt:3: carrier = 'udp': must be one of kind, exid, mptcp, mptcp-exp"},
    {"an id that is no number", "[option]\nname=x\ncarrier=kind\nid=nine\nlength=2\n",
     "x.opt:4: id = 'nine': not a number (decimal, or hexadecimal behind 0x)"},
    {"a negative id", "[option]\nname=x\ncarrier=kind\nid=-9\nlength=2\n",
     "x.opt:4: id = '-9': not a number (decimal, or hexadecimal behind 0x)"},
    {"kind 1 has no length", "[option]\nname=x\ncarrier=kind\nid=1\nlength=2\n",
     "x.opt:4: id = '1': a kind with a length is 2 to 255"},
    {"kind 256", "[option]\nname=x\ncarrier=kind\nid=256\nlength=2\n",
     "x.opt:4: id = '256': a kind with a length is 2 to 255"},
    {"kind 254 by itself", "[option]\nname=x\ncarrier=kind\nid=254\nlength=4\n",
     "x.opt:4: id = '254': kinds 253 and 254 are shared by ExID: use carrier = exid"},
    {"kind 30 by itself", "[option]\nname=x\ncarrier=kind\nid=30\nlength=4\n",
     "x.opt:4: id = '30': kind 30 is Multipath TCP: use carrier = mptcp or mptcp-exp"},
    {"an ExID in decimal", "[option]\nname=x\ncarrier=exid\nid=1234\nlength=4\n",
     "x.opt:4: id = '1234': an ExID is 0x and 4 hexadecimal digits (16 bits) or 8 (32 bits)"},
    {"an ExID of 24 bits", "[option]\nname=x\ncarrier=exid\nid=0x123456\nlength=7\n",
     "x.opt:4: id = '0x123456': an ExID is 0x and 4 hexadecimal digits (16 bits) or 8 (32 bits)"},
    {"a subtype of five bits", "[option]\nname=x\ncarrier=mptcp\nid=16\nlength=4\n",
     "x.opt:4: id = '16': a subtype of Multipath TCP is 0 to 15"},
    {"an experiment id of nine bits", "[option]\nname=x\ncarrier=mptcp-exp\nid=256\nlength=4\n",
     "x.opt:4: id = '256': an experiment id is 0 to 255"},
    {"kinds without exid", "[option]\nname=x\ncarrier=kind\nid=99\nkinds=253\nlength=2\n",
     "x.opt:5: kinds = '253': only an option with carrier = exid has kinds"},
    {"a kind that is not shared",
     "[option]\nname=x\ncarrier=exid\nid=0x1234\nkinds=252\nlength=4\n",
     "x.opt:5: kinds = '252': must be 253, 254, or 253;254"},
    {"a kind twice", "[option]\nname=x\ncarrier=exid\nid=0x1234\nkinds=253;253\nlength=4\n",
     "x.opt:5: kinds = '253;253': must be 253, 254, or 253;254"},
    {"no kinds", "[option]\nname=x\ncarrier=exid\nid=0x1234\nkinds=\nlength=4\n",
     "x.opt:5: kinds = '': must be 253, 254, or 253;254"},
    {"a length that is no number", "[option]\nname=x\ncarrier=kind\nid=99\nlength=four\n",
     "x.opt:5: length = 'four': must be octets (6) or a range of them (4-16)"},
    {"a length of three numbers", "[option]\nname=x\ncarrier=kind\nid=99\nlength=2-3-4\n",
     "x.opt:5: length = '2-3-4': must be octets (6) or a range of them (4-16)"},
    {"a length that no header has room for", "[option]\nname=x\ncarrier=kind\nid=99\nlength=41\n",
     "x.opt:5: length = '41': a header has room for 40 octets of options, the lower end first"},
    {"a range upside down", "[option]\nname=x\ncarrier=kind\nid=99\nlength=8-4\n",
     "x.opt:5: length = '8-4': a header has room for 40 octets of options, the lower end first"},
    {"a length below its header", "[option]\nname=x\ncarrier=exid\nid=0x12345678\nlength=4\n",
     "x.opt:5: length = '4': kind, length and what names the option take 6 octets"},
    {"an unknown segment", "[option]\nname=x\ncarrier=kind\nid=99\nlength=2\nsegments=ack;push\n",
     "x.opt:6: segments = 'ack;push': 'push' is unknown; segments are syn, synack, ack, data, fin "
     "and rst, with ; between them"},
    {"a segment twice", "[option]\nname=x\ncarrier=kind\nid=99\nlength=2\nsegments=ack;ack\n",
     "x.opt:6: segments = 'ack;ack': 'ack' stands twice; segments are syn, synack, ack, data, fin "
     "and rst, with ; between them"},
    {"no segment", "[option]\nname=x\ncarrier=kind\nid=99\nlength=2\nsegments=\n",
     "x.opt:6: segments = '': no segment; leave the key out for anywhere but RST"},
    {"an unknown direction", "[option]\nname=x\ncarrier=kind\nid=99\nlength=2\ndirection=up\n",
     "x.opt:6: direction = 'up': must be one of client, server, both"},
    {"an unknown answer", "[option]\nname=x\ncarrier=kind\nid=99\nlength=2\nanswer=yes\n",
     "x.opt:6: answer = 'yes': must be one of none, same, echo"},
    {"an echo without an echo bit",
     "[option]\nname=x\ncarrier=kind\nid=99\nlength=2\nanswer=echo\n",
     "x.opt:6: answer = 'echo': only carrier = mptcp-exp has an echo bit"},
    {"an empty profile", "[option]\nname=x\ncarrier=kind\nid=99\nlength=2\nprofile=\n",
     "x.opt:6: profile = '': no profile; leave the key out for an option that is always active"},
    {"a profile's name", "[option]\nname=x\ncarrier=kind\nid=99\nlength=2\nprofile=a;B\n",
     "x.opt:6: profile = 'a;B': 'B' is no name of a profile: a-z, then a-z, 0-9, _ and -"},

    /* fields */
    {"a field's name", EXID8 "[field a-b]\nbits = 32\n",
     "x.opt:7: field 'a-b': a name is a-z, then a-z, 0-9 and _, at most 40 characters"},
    {"a field that the header has", EXID8 "[field length]\nbits = 32\n",
     "x.opt:7: field 'length': the option's own header has that name"},
    {"an echo field where there is an echo bit", EXP8 "[field echo]\nbits = 32\n",
     "x.opt:7: field 'echo': the option's own header has that name"},
    {"an echo field where there is none", EXID8 "[field echo]\nbits = 32\n", ""},
    {"a name that the C header makes", EXID8 "[field a_be]\nbits = 32\n",
     "x.opt:7: field 'a_be': in the C header names get _be at their end; none may have it"},
    {"a field twice", EXID8 "[field a]\nbits = 16\n[field  a]\nbits = 16\n",
     "x.opt:9: field 'a' stands twice; the first is on line 7"},
    {"neither bits nor of", EXID8 "[field a]\ntype = uint\n",
     "x.opt:7: [field a] has neither 'bits' nor 'of'"},
    {"bits that are no number", EXID8 "[field a]\nbits = all\n",
     "x.opt:8: bits = 'all': must be a number of bits, or rest"},
    {"no bits", EXID8 "[field a]\nbits = 0\n", "x.opt:8: bits = '0': uint is 1 to 64 bits wide"},
    {"too many bits", EXID8 "[field a]\nbits = 65\n",
     "x.opt:8: bits = '65': uint is 1 to 64 bits wide"},
    {"an address of another width", EXID8 "[field a]\nbits = 31\ntype = ipv4\n",
     "x.opt:8: bits = '31': ipv4 is 32 bits wide"},
    {"octets that are not whole", EXID8 "[field a]\nbits = 31\ntype = bytes\n",
     "x.opt:8: bits = '31': bytes is whole octets: a multiple of 8 bits"},
    {"a number that takes the rest", EXID8 "[field a]\nbits = rest\n",
     "x.opt:8: bits = 'rest': only bytes and string can take the rest, not uint"},
    {"an unknown type", EXID8 "[field a]\nbits = 32\ntype = int\n",
     "x.opt:9: type = 'int': must be one of uint, enum, bool, bytes, ipv4, ipv6, string, "
     "reserved"},
    {"an unknown base", EXID8 "[field a]\nbits = 32\nbase = oct\n",
     "x.opt:9: base = 'oct': must be one of dec, hex"},
    {"a base for octets", EXID8 "[field a]\nbits = 32\ntype = bytes\nbase = hex\n",
     "x.opt:10: key 'base' is for numbers"},
    {"a rule for octets", EXID8 "[field a]\nbits = 32\ntype = bytes\nmax = 1\n",
     "x.opt:10: key 'max' is for fields of type uint"},
    {"a unit for an enum", EXID8 "[field a]\nbits = 32\ntype = enum\nvalues = 0:a\nunit = s\n",
     "x.opt:11: key 'unit' is for fields of type uint"},
    {"values for a uint", EXID8 "[field a]\nbits = 32\nvalues = 0:zero\n",
     "x.opt:9: key 'values' is for fields of type enum"},
    {"an enum without values", EXID8 "[field a]\nbits = 32\ntype = enum\n",
     "x.opt:7: [field a] has no key 'values'"},
    {"an enum with an empty list", EXID8 "[field a]\nbits = 32\ntype = enum\nvalues =\n",
     "x.opt:10: values = '': an empty list"},
    {"a value without a name", EXID8 "[field a]\nbits = 32\ntype = enum\nvalues = 0:zero;1\n",
     "x.opt:10: values: '1' is not NUMBER:NAME"},
    {"a value's name", EXID8 "[field a]\nbits = 32\ntype = enum\nvalues = 0:2nd\n",
     "x.opt:10: values: '0:2nd' has a name that is not a letter, then letters, digits and _ . + -"},
    {"a value that does not fit",
     EXID8 "[field a]\nbits = 2\ntype = enum\nvalues = 3:a;4:b\n[field b]\nbits = 30\n",
     "x.opt:10: values: '4:b' has a number that does not fit into the field"},
    {"a value twice", EXID8 "[field a]\nbits = 32\ntype = enum\nvalues = 1:a;0x1:b\n",
     "x.opt:10: values: '0x1:b' has a number that stands twice"},
    {"a value's name twice", EXID8 "[field a]\nbits = 32\ntype = enum\nvalues = 1:a;2:a\n",
     "x.opt:10: values: '2:a' has a name that stands twice"},
    {"a rule that does not fit", EXID8 "[field a]\nbits = 32\nmax = 0x100000000\n",
     "x.opt:9: max = '0x100000000': does not fit into the field"},
    {"a rule that is no number", EXID8 "[field a]\nbits = 32\nmin = some\n",
     "x.opt:9: min = 'some': not a number (decimal, or hexadecimal behind 0x)"},
    {"a rule that nothing fulfils", EXID8 "[field a]\nbits = 32\nmin = 5\nmax = 4\n",
     "x.opt:10: max = '4': smaller than min"},

    /* computed fields */
    {"computed from nothing", EXID8 "[field a]\nbits = 32\n[field b]\nof = c\nfactor = 2\n",
     "x.opt:10: of: there is no field 'c'"},
    {"computed from octets",
     EXID8 "[field a]\nbits = 32\ntype = bytes\n[field b]\nof = a\nfactor = 2\n",
     "x.opt:11: of: field 'a' is not a uint on the wire"},
    {"computed from itself", EXID8 "[field a]\nbits = 32\n[field b]\nof = b\nfactor = 2\n",
     "x.opt:10: of: field 'b' is not a uint on the wire"},
    {"computed from computed",
     EXID8 "[field a]\nbits = 32\n[field b]\nof = a\nfactor = 2\n[field c]\nof = b\nfactor = 2\n",
     "x.opt:13: of: field 'b' is not a uint on the wire"},
    {"computed without how", EXID8 "[field a]\nbits = 32\n[field b]\nof = a\n",
     "x.opt:10: a computed field has one of 'factor', 'factor-by' and 'exp2'"},
    {"computed in two ways", EXID8 "[field a]\nbits = 32\n[field b]\nof = a\nfactor=2\nexp2=yes\n",
     "x.opt:10: a computed field has one of 'factor', 'factor-by' and 'exp2'"},
    {"a factor of nothing", EXID8 "[field a]\nbits = 32\n[field b]\nof = a\nfactor = 0\n",
     "x.opt:11: factor = '0': must be a number from 1 up"},
    {"a factor on the wire", EXID8 "[field a]\nbits = 32\nfactor = 2\n",
     "x.opt:9: key 'factor' is for computed fields, which have 'of'"},
    {"exp2 that is not yes", EXID8 "[field a]\nbits = 32\n[field b]\nof = a\nexp2 = no\n",
     "x.opt:11: exp2 = 'no': must be yes"},
    {"bits of a computed field",
     EXID8 "[field a]\nbits = 32\n[field b]\nof = a\nfactor = 2\nbits = 8\n",
     "x.opt:12: key 'bits' is for fields on the wire, not for computed ones"},
    {"a computed string",
     EXID8 "[field a]\nbits = 32\n[field b]\nof = a\nfactor = 2\ntype = string\n",
     "x.opt:12: type = 'string': a computed field is a uint"},
    {"factor-by without a field", EXID8 "[field a]\nbits = 32\n[field b]\nof = a\nfactor-by=1=2\n",
     "x.opt:11: factor-by = '1=2': must be FIELD:NUMBER=FACTOR;NUMBER=FACTOR"},
    {"factor-by an unknown field",
     EXID8 "[field a]\nbits = 32\n[field b]\nof = a\nfactor-by = g:0=1\n",
     "x.opt:11: factor-by: there is no field 'g'"},
    {"factor-by its own field", EXID8 "[field a]\nbits = 32\n[field b]\nof = a\nfactor-by=a:0=1\n",
     "x.opt:11: factor-by = 'a:0=1': a field cannot select its own factor"},
    {"factor-by a number that does not fit",
     EXID8 "[field g]\nbits=1\n[field a]\nbits=31\n[field b]\nof=a\nfactor-by = g:0=1;2=60\n",
     "x.opt:13: factor-by: '2=60' has a number that does not fit into the field"},
    {"factor-by a factor of nothing",
     EXID8 "[field g]\nbits=1\n[field a]\nbits=31\n[field b]\nof=a\nfactor-by = g:0=0\n",
     "x.opt:13: factor-by: '0=0' has a factor that is not a number from 1 up"},

    /* what does not add up */
    {"fields wider than the length", EXID8 "[field a]\nbits = 40\n",
     "x.opt:5: header and fields take 9 octets, the length is 8"},
    {"fields narrower than the length", EXID8 "[field a]\nbits = 24\n",
     "x.opt:5: header and fields take 7 octets, the length is 8"},
    {"no fields where there should be", EXID8,
     "x.opt:5: header and fields take 4 octets, the "
     "length is 8"},
    {"octets that are not full", EXID8 "[field a]\nbits = 31\n",
     "x.opt:5: header and fields take 63 bits, which is no whole number of octets"},
    {"mptcp without the low nibble", MPTCP8 "[field a]\nbits = 40\n",
     "x.opt:5: header and fields take 60 bits, which is no whole number of octets"},
    {"octets within an octet", MPTCP8 "[field a]\nbits = 40\ntype = bytes\n",
     "x.opt:7: field 'a' must start on an octet, but starts at bit 4 of octet 2"},
    {"the rest within an octet", MPTCP8 "[field a]\nbits = rest\ntype = bytes\n",
     "x.opt:7: field 'a' must start on an octet, but starts at bit 4 of octet 2"},
    {"a range that ends within a field",
     "[option]\nname=x\ncarrier=exid\nid=0x1234\nlength=5-8\n[field a]\nbits=16\n[field b]\n"
     "bits=16\n",
     "x.opt:5: a length of 5 octets ends within a field; fields may only be left out whole"},
    {"a range that is wider than its fields",
     "[option]\nname=x\ncarrier=exid\nid=0x1234\nlength=4-9\n[field a]\nbits=16\n[field b]\n"
     "bits=16\n",
     "x.opt:5: header and fields take 8 octets, the length is 9"},
    {"more before the rest than the length allows",
     "[option]\nname=x\ncarrier=exid\nid=0x1234\nlength=4-9\n[field a]\nbits=16\n[field b]\n"
     "bits=rest\ntype=bytes\n",
     "x.opt:5: what stands before 'b' takes 6 octets, but the length may be 4"},
    {"nothing left for the rest",
     "[option]\nname=x\ncarrier=exid\nid=0x1234\nlength=6\n[field a]\nbits=16\n[field b]\n"
     "bits=rest\ntype=bytes\n",
     "x.opt:5: a length of 6 leaves nothing for 'b'"},
    {"a field behind the rest",
     "[option]\nname=x\ncarrier=exid\nid=0x1234\nlength=8\n[field a]\nbits=rest\ntype=bytes\n"
     "[field b]\nbits=16\n",
     "x.opt:9: field 'b' stands after 'a', which takes all the rest"},

    /* several at once */
    {"what stands beside a carrier that is none",
     "[option]\nname=x\ncarrier=knd\nid=zz\nlength=q\n",
     "x.opt:3: carrier = 'knd': must be one of kind, exid, mptcp, mptcp-exp\n"
     "x.opt:4: id = 'zz': not a number (decimal, or hexadecimal behind 0x)\n"
     "x.opt:5: length = 'q': must be octets (6) or a range of them (4-16)"},
    {"all faults of a file, by line",
     "[option]\nname = X\ncarrier = exid\nid = 1\nlength = 99\nanswer = echo\nfoo = 1\n"
     "[field a]\nbits = 65\nbar = 2\n",
     "x.opt:2: name = 'X': a name is a-z, then a-z, 0-9, _ and -, at most 40 characters\n"
     "x.opt:4: id = '1': an ExID is 0x and 4 hexadecimal digits (16 bits) or 8 (32 bits)\n"
     "x.opt:5: length = '99': a header has room for 40 octets of options, the lower end first\n"
     "x.opt:6: answer = 'echo': only carrier = mptcp-exp has an echo bit\n"
     "x.opt:7: unknown key 'foo' in [option]\n"
     "x.opt:9: bits = '65': uint is 1 to 64 bits wide\n"
     "x.opt:10: unknown key 'bar' in [field a]"},
};

static char *faults_of(const char *text, size_t length, size_t *size)
{
    g_autoptr(option_set) set = option_set_new();
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    unsigned count = option_set_add_text(set, "x.opt", text, length, faults);
    *size = option_set_size(set);
    assert_int_equal(count > 0, faults->len > 0);
    g_ptr_array_add(faults, NULL);
    return g_strjoinv("\n", (char **)faults->pdata);
}

static void says_what_is_wrong(void **state)
{
    const struct row *row = *state;
    size_t size = 0;
    g_autofree char *faults = faults_of(row->text, strlen(row->text), &size);
    assert_string_equal(faults, row->faults);
    assert_int_equal(size, row->faults[0] == '\0' ? 1 : 0);
}

static void a_nul_octet_is_refused(void **state)
{
    (void)state;
    static const char text[] = "[option]\nname = x\0y\n";
    size_t size;
    g_autofree char *faults = faults_of(text, sizeof(text) - 1, &size);
    assert_string_equal(faults, "x.opt:2: not UTF-8 text");
}

static void a_huge_file_is_refused(void **state)
{
    (void)state;
    g_autofree char *text = g_strnfill(65 * 1024, '#');
    size_t size;
    g_autofree char *faults = faults_of(text, 65 * 1024, &size);
    assert_string_equal(faults, "x.opt:1: larger than 65536 octets: this is no option description");
}

static void faults_without_number_are_cut_off(void **state)
{
    (void)state;
    GString *text = g_string_new("[option]\nname=x\ncarrier=kind\nid=99\nlength=2\n");
    for (int i = 0; i < 56; i++)
        g_string_append_printf(text, "unknown%d = 1\n", i);
    size_t size;
    g_autofree char *faults = faults_of(text->str, text->len, &size);
    g_auto(GStrv) lines = g_strsplit(faults, "\n", -1);
    assert_int_equal(g_strv_length(lines), 51);
    assert_string_equal(lines[50], "x.opt:55: and more faults than these");
    g_string_free(text, TRUE);
}

static void sixty_four_fields_are_the_most(void **state)
{
    (void)state;
    GString *text = g_string_new("[option]\nname=x\ncarrier=kind\nid=99\nlength=40\n");
    for (int i = 0; i < 65; i++)
        g_string_append_printf(text, "[field a%d]\nbits = 4\n", i);
    size_t size;
    g_autofree char *faults = faults_of(text->str, text->len, &size);
    assert_string_equal(faults, "x.opt:134: more than 64 fields");
    g_string_free(text, TRUE);
}

static void groups_and_keys_have_an_end(void **state)
{
    (void)state;
    GString *text = g_string_new("[option]\nname=x\ncarrier=kind\nid=99\nlength=40\n");
    size_t size;
    for (unsigned i = 0; i < 130; i++)
        g_string_append_printf(text, "[g%u]\n", i);
    g_autofree char *groups = faults_of(text->str, text->len, &size);
    assert_non_null(strstr(groups, "more than 128 groups"));
    g_string_assign(text, "[option]\n");
    for (unsigned i = 0; i < 70; i++)
        g_string_append_printf(text, "k%u=1\n", i);
    g_autofree char *keys = faults_of(text->str, text->len, &size);
    assert_non_null(strstr(keys, "x.opt:66: more than 64 keys in one group"));
    g_string_free(text, TRUE);
}

static void a_missing_file_is_a_fault(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    assert_int_equal(option_set_add_file(set, "/nowhere/x.opt", faults), 1);
    assert_string_equal(faults->pdata[0], "/nowhere/x.opt:1: no such file");
}

static void a_folder_is_no_file(void **state)
{
    (void)state;
    g_autoptr(option_set) set = option_set_new();
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    assert_int_equal(option_set_add_file(set, "/tmp", faults), 1);
    assert_string_equal(faults->pdata[0], "/tmp:1: not a regular file");
}

static void the_title_is_the_name_where_there_is_none(void **state)
{
    (void)state;
    static const char text[] = "[option]\nname=x\ncarrier=kind\nid=99\nlength=2\n";
    g_autoptr(option_set) set = option_set_new();
    assert_int_equal(option_set_add_text(set, "x.opt", text, sizeof(text) - 1, NULL), 0);
    assert_string_equal(option_set_by_name(set, "x")->title, "x");
}

int main(void)
{
    static const struct CMUnitTest single[] = {
        cmocka_unit_test(a_nul_octet_is_refused),
        cmocka_unit_test(a_huge_file_is_refused),
        cmocka_unit_test(faults_without_number_are_cut_off),
        cmocka_unit_test(sixty_four_fields_are_the_most),
        cmocka_unit_test(groups_and_keys_have_an_end),
        cmocka_unit_test(a_missing_file_is_a_fault),
        cmocka_unit_test(a_folder_is_no_file),
        cmocka_unit_test(the_title_is_the_name_where_there_is_none),
    };
    struct CMUnitTest tests[G_N_ELEMENTS(rows)];
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        tests[i] = (struct CMUnitTest){rows[i].idea, says_what_is_wrong, NULL, NULL,
                                       (void *)(uintptr_t)&rows[i]};
    return cmocka_run_group_tests_name("language", tests, NULL, NULL) +
           cmocka_run_group_tests_name("limits", single, NULL, NULL);
}
