/* format_keys - see format_keys.h. */
#include "harness/format_keys.h"

#include <stddef.h>

#define STRING  "{\"type\": \"string\", \"minLength\": 1}"
#define STRINGS "{\"type\": \"array\", \"minItems\": 1, \"items\": " STRING "}"
#define VARS    "{\"$ref\": \"#/definitions/vars\"}"
#define DATA    "{\"$ref\": \"#/definitions/data\"}"
#define DATAS   "{\"type\": \"array\", \"minItems\": 1, \"items\": " DATA "}"
#define PATTERN "{\"type\": \"string\"}"
#define ORACLE  "[\"it counts its clients in what it says\"]"

/* What has more inside. An alternative, or what stands for members of any name, says what it is as a key
 * does. */
/* clang-format off */
#define SAYS(doc, examples) "\"description\": \"" doc "\", \"examples\": " examples
#define VALUE "\"allOf\": [{\"$ref\": \"#/definitions/value\"}], "
#define NAMES "\"type\": \"string\", \"pattern\": \"" FORMAT_NAME_PATTERN "\", \"patternErrorMessage\": \"" FORMAT_NAME_TEXT "\""
#define EACH                                                                                                        \
    "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"object\", "                                     \
    SAYS("One run: variables with their values.", "[{\"row\": \"at\", \"n\": 512}]") ", "                           \
    "\"properties\": {\"row\": {" VALUE SAYS("What this row is called, in the scenario's name.", "[\"at\"]") "}}, " \
    "\"additionalProperties\": {" VALUE SAYS("The value of this variable in this row.", "[512]") "}}}"
#define PROGRAMS                                                                                                    \
    "{\"type\": \"object\", \"properties\": {\"why\": {\"type\": \"string\", "                                      \
    SAYS("A comment.", "[\"the server, and the client that its users have\"]") "}}, "                               \
    "\"propertyNames\": {" NAMES ", \"examples\": [\"server\"]}, "                                                  \
    "\"additionalProperties\": {\"$ref\": \"#/definitions/program\"}}"
#define ENV                                                                                                         \
    "{\"type\": \"object\", \"additionalProperties\": {\"type\": [\"string\", \"null\"], "                          \
    SAYS("The value of this variable; null removes it.", "[\"C\", null]") "}}"
#define LISTENS                                                                                                     \
    "{\"anyOf\": [{\"type\": \"array\", \"minItems\": 1, \"maxItems\": 16, "                                        \
    "\"errorMessage\": \"true, or a list of the names of its ports\", "                                             \
    "\"items\": {\"$ref\": \"#/definitions/name\"}, "                                                               \
    SAYS("The names of its ports, ${program.NAME.port}.", "[[\"http\", \"admin\"]]") "}, "                          \
    "{\"const\": true, " SAYS("It listens on one port, ${program.port}.", "[true]") "}]}"
#define FILES                                                                                                       \
    "{\"type\": \"object\", \"additionalProperties\": {\"allOf\": [" DATA "], "                                     \
    SAYS("What is written into this file.", "[{\"lines\": [\"port ${server.port}\", \"bind 127.0.0.1\"]}]") "}}"
#define LOGS                                                                                                        \
    "{\"type\": \"object\", \"propertyNames\": {" NAMES ", \"examples\": [\"log\"]}, "                              \
    "\"additionalProperties\": {\"type\": \"string\", \"minLength\": 1, "                                           \
    SAYS("The file, relative to its folder.", "[\"app.log\"]") "}}"
#define ISOLATE                                                                                                     \
    "{\"enum\": [\"auto\", \"connection\", \"program\"], \"enumDescriptions\": "                                    \
    "[\"Seam finds out which of the two.\", \"A new connection for each case, to the same program.\", "             \
    "\"A new program for each case.\"]}"
#define BARRIER                                                                                                     \
    "{\"anyOf\": [{\"allOf\": [{\"$ref\": \"#/definitions/barrier\"}], "                                            \
    SAYS("What a sweep sends behind this step, too early: it must not be acted on.", "[{\"line\": \"NOOP\"}]")      \
    "}, {\"const\": true, " SAYS("A sweep sends the next message too early.", "[true]") "}]}"
/* clang-format on */

const struct format_key format_top_keys[] = {
    {"$schema", "{\"type\": \"string\"}", "Where the schema is; for editors.",
     "[\"./scenario.schema.json\"]"},
    {"seam", "{\"const\": 1}", "The version of the format: 1.", "[1]"},
    {"name", STRING, "What is tested, in a few words. The row of `each` is added in brackets.",
     "[\"a line in two pieces is one line\"]"},
    {"vars", VARS, "Variables with their values, expanded in order when a run starts. --define goes before.",
     "[{\"user\": \"ann\", \"count\": 3}]"},
    {"include", STRINGS,
     "Parts whose vars, programs, requires, delimiter and sweep masks are merged into this file.",
     "[[\"server.part.json\"]]"},
    {"part", "{\"const\": true}", "true: a file for others to include, never run alone.", "[true]"},
    {"each", EACH,
     "A table: the file runs once per row, with the row's values as variables. \"row\" names a row.",
     "[[{\"row\": \"at\", \"n\": 512}, {\"row\": \"above\", \"n\": 513}]]"},
    {"delimiter", "{\"$ref\": \"#/definitions/delimiter\"}",
     "What ends a line; \"\\n\" when absent. 1 to 16 bytes.", "[\"\\r\\n\"]"},
    {"programs", PROGRAMS, "The programs under test, by name.",
     "[{\"server\": {\"command\": [\"python3\", \"${here}/server.py\"], \"listens\": true}}]"},
    {"steps", "{\"$ref\": \"#/definitions/steps\"}", "What happens, strictly one after another.",
     "[[{\"connect\": \"alice\", \"to\": \"server\"}, {\"send\": \"alice\", \"line\": \"hello\"}, "
     "{\"expect\": \"alice\", \"line\": \"HELLO!\"}]]"},
    {"timeout_ms", "{\"type\": \"integer\", \"minimum\": 1, \"maximum\": 3600000}",
     "How long a step may wait where facts don't tell, in milliseconds; 5000 when absent.", "[20000]"},
    {"tags", STRINGS, "Words to select scenarios by.", "[[\"slow\"]]"},
    {"requires", STRINGS,
     "Programs that must exist, else the scenario is skipped; \"real\": it can't be simulated.",
     "[[\"redis-server\"]]"},
    {"xfail", STRING, "Why this scenario is known to fail; a pass is then a failure.",
     "[\"issue 12: the last line is lost\"]"},
    {"cut", STRING, "A segmentation to run under, such as \"alice@17,18\".", "[\"alice@17,18\"]"},
    {"sweep", "{\"$ref\": \"#/definitions/sweep\"}",
     "What a sweep of this file may do; false: it is not swept.", "[{\"pipeline\": true}, false]"},
    {NULL, NULL, NULL, NULL},
};

const struct format_key format_program_keys[] = {
    {"command", "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"string\"}}",
     "The program and its arguments. With a / in it the program is relative to the file's folder.",
     "[[\"python3\", \"${here}/server.py\"]]"},
    {"env", ENV, "Environment variables beside a small fixed base; null removes one.", "[{\"LANG\": \"C\"}]"},
    {"cwd", STRING, "Where it runs; its own folder when absent.", "[\"${here}\"]"},
    {"listens", LISTENS,
     "true: it listens on a port, ${program.port}; a list names several, ${program.NAME.port}.",
     "[true, [\"http\", \"admin\"]]"},
    {"stdio", "{\"type\": \"boolean\"}", "It speaks its protocol on stdin and stdout.", "[true]"},
    {"address", STRING, "It runs already, at this \"host:port\".", "[\"127.0.0.1:7000\"]"},
    {"terminal", "{\"type\": \"boolean\"}", "It gets a terminal as stdin, stdout and stderr.", "[true]"},
    {"files", FILES, "Files that are written into its folder before it starts.",
     "[{\"server.conf\": {\"lines\": [\"port ${server.port}\", \"bind 127.0.0.1\"]}}]"},
    {"logs", LOGS, "Log files that become streams: \"log\": \"app.log\" is program.log.",
     "[{\"log\": \"app.log\"}]"},
    {"core", STRING, "An in-process core that stands for it in the simulated world.", "[\"chat-server\"]"},
    {NULL, NULL, NULL, NULL},
};

const struct format_key format_sweep_keys[] = {
    {"pipeline", "{\"type\": \"boolean\"}", "A write may cross the expects of its own connection.", "[true]"},
    {"isolate", ISOLATE, "What cases share: a program, or nothing.", "[\"program\"]"},
    {"actors", STRINGS, "The connections whose segmentation is varied; all when absent.", "[[\"alice\"]]"},
    {"budget",
     "{\"type\": [\"integer\", \"string\"], \"minimum\": 1, \"pattern\": \"^[1-9][0-9]{0,8}(ms|s|m|h)$\", "
     "\"errorMessage\": \"a number of cases, or a text such as \\\"30s\\\", with ms, s, m or h\"}",
     "How many cases at most, or for how long (\"30s\").", "[500, \"30s\"]"},
    {"mask", "{\"type\": \"array\", \"minItems\": 1, \"items\": " PATTERN "}",
     "Patterns of output that may differ between runs, for what no step names.", "[[\"uptime: \\\\d+\"]]"},
    {"oracles", "{\"$ref\": \"#/definitions/oracles\"}", "Oracles to switch off, each with the reason.",
     "[{\"cost\": \"it hashes what it gets\"}]"},
    {"xfail", STRING, "A known finding.", "[\"issue 12: the last line is lost\"]"},
    {NULL, NULL, NULL, NULL},
};

const struct format_key format_oracle_keys[] = {
    {"invariance", STRING, "The transcript equals the baseline's.", ORACLE},
    {"progress", STRING, "What was said at each point does not depend on the cuts.", ORACLE},
    {"health", STRING, "Alive, no sanitizer report, no growth.", "[\"it keeps each line until the end\"]"},
    {"cost", STRING, "CPU time and memory per byte do not grow.", "[\"it hashes what it gets\"]"},
    {NULL, NULL, NULL, NULL},
};

const struct format_key format_data_keys[] = {
    {"text", "{\"type\": \"string\"}", "UTF-8.", "[\"hello\"]"},
    {"line", DATA, "Data, then the delimiter.", "[\"hello\"]"},
    {"lines", DATAS, "Each followed by the delimiter.", "[[\"one\", \"two\"]]"},
    {"hex",
     "{\"type\": \"string\", \"pattern\": \"^ *([0-9A-Fa-f]{2} *)*$\", \"patternErrorMessage\": "
     "\"bytes as two hexadecimal digits each, such as \\\"00 ff\\\"\"}",
     "Two digits a byte; spaces between bytes.", "[\"00 ff\"]"},
    {"base64", "{\"type\": \"string\", \"contentEncoding\": \"base64\"}", "RFC 4648, padded.", "[\"AP8=\"]"},
    {"bytes", "{\"type\": \"string\"}", "With the escapes of a Python bytes literal: \"\\\\xff\\\\r\\\\n\".",
     "[\"\\\\xff\\\\r\\\\n\"]"},
    {"file", STRING, "What is in this file, as it is.", "[\"request.bin\"]"},
    {"times", "{\"$ref\": \"#/definitions/number\"}", "How often; 1 when absent.", "[1024]"},
    {NULL, NULL, NULL, NULL},
};

const struct format_key format_step_keys[] = {
    {"why", "{\"type\": \"string\"}", "A comment; printed when the step fails.",
     "[\"the client's greeting comes first\"]"},
    {"barrier", BARRIER,
     "Nothing sent after this step may leave before it is done; data: what a sweep probes with.",
     "[true, {\"line\": \"NOOP\"}]"},
    {NULL, NULL, NULL, NULL},
};

const struct format_key format_until_keys[] = {
    {"matches", PATTERN, "Lines up to and with the first that matches.", "[\"250 .*\"]"},
    {NULL, NULL, NULL, NULL},
};
