/* format_keys - see format_keys.h. */
#include "harness/format_keys.h"

#include <stddef.h>

#define STRING  "{\"type\": \"string\", \"minLength\": 1}"
#define STRINGS "{\"type\": \"array\", \"minItems\": 1, \"items\": " STRING "}"
#define VARS    "{\"$ref\": \"#/definitions/vars\"}"
#define DATA    "{\"$ref\": \"#/definitions/data\"}"
#define DATAS   "{\"type\": \"array\", \"minItems\": 1, \"items\": " DATA "}"
#define PATTERN "{\"type\": \"string\"}"

const struct format_key format_top_keys[] = {
    {"$schema", "{\"type\": \"string\"}", "Where the schema is; for editors."},
    {"seam", "{\"const\": 1}", "The version of the format: 1."},
    {"name", STRING, "What is tested, in a few words. The row of `each` is added in brackets."},
    {"vars", VARS, "Variables with their values, expanded in order when a run starts. --define goes before."},
    {"include", STRINGS,
     "Parts whose vars, programs, requires, delimiter and sweep masks are merged into this file."},
    {"part", "{\"const\": true}", "true: a file for others to include, never run alone."},
    {"each",
     "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"object\", "
     "\"additionalProperties\": {\"$ref\": \"#/definitions/value\"}}}",
     "A table: the file runs once per row, with the row's values as variables. \"row\" names a row."},
    {"delimiter", "{\"$ref\": \"#/definitions/delimiter\"}",
     "What ends a line; \"\\n\" when absent. 1 to 16 bytes."},
    {"programs",
     "{\"type\": \"object\", \"properties\": {\"why\": {\"type\": \"string\"}}, "
     "\"propertyNames\": {\"$ref\": \"#/definitions/name\"}, "
     "\"additionalProperties\": {\"$ref\": \"#/definitions/program\"}}",
     "The programs under test, by name."},
    {"steps", "{\"$ref\": \"#/definitions/steps\"}", "What happens, strictly one after another."},
    {"timeout_ms", "{\"type\": \"integer\", \"minimum\": 1, \"maximum\": 3600000}",
     "How long a step may wait where facts don't tell, in milliseconds; 5000 when absent."},
    {"tags", STRINGS, "Words to select scenarios by."},
    {"requires", STRINGS,
     "Programs that must exist, else the scenario is skipped; \"real\": it can't be simulated."},
    {"xfail", STRING, "Why this scenario is known to fail; a pass is then a failure."},
    {"cut", STRING, "A segmentation to run under, such as \"alice@17,18\"."},
    {"sweep", "{\"$ref\": \"#/definitions/sweep\"}",
     "What a sweep of this file may do; false: it is not swept."},
    {NULL, NULL, NULL},
};

const struct format_key format_program_keys[] = {
    {"command", "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"type\": \"string\"}}",
     "The program and its arguments. With a / in it the program is relative to the file's folder."},
    {"env", "{\"type\": \"object\", \"additionalProperties\": {\"type\": [\"string\", \"null\"]}}",
     "Environment variables beside a small fixed base; null removes one."},
    {"cwd", STRING, "Where it runs; its own folder when absent."},
    {"listens",
     "{\"anyOf\": [{\"const\": true}, {\"type\": \"array\", \"minItems\": 1, \"maxItems\": 16, "
     "\"items\": {\"$ref\": \"#/definitions/name\"}}]}",
     "true: it listens on a port, ${program.port}; a list names several, ${program.NAME.port}."},
    {"stdio", "{\"type\": \"boolean\"}", "It speaks its protocol on stdin and stdout."},
    {"address", STRING, "It runs already, at this \"host:port\"."},
    {"terminal", "{\"type\": \"boolean\"}", "It gets a terminal as stdin, stdout and stderr."},
    {"files", "{\"type\": \"object\", \"additionalProperties\": " DATA "}",
     "Files that are written into its folder before it starts."},
    {"logs",
     "{\"type\": \"object\", \"propertyNames\": {\"$ref\": \"#/definitions/name\"}, "
     "\"additionalProperties\": " STRING "}",
     "Log files that become streams: \"log\": \"app.log\" is program.log."},
    {"core", STRING, "An in-process core that stands for it in the simulated world."},
    {NULL, NULL, NULL},
};

const struct format_key format_sweep_keys[] = {
    {"pipeline", "{\"type\": \"boolean\"}", "A write may cross the expects of its own connection."},
    {"isolate", "{\"enum\": [\"auto\", \"connection\", \"program\"]}",
     "What cases share: a program, or nothing."},
    {"actors", STRINGS, "The connections whose segmentation is varied; all when absent."},
    {"budget",
     "{\"anyOf\": [{\"type\": \"integer\", \"minimum\": 1}, {\"type\": \"string\", \"pattern\": "
     "\"^[1-9][0-9]{0,8}(ms|s|m|h)$\"}]}",
     "How many cases at most, or for how long (\"30s\")."},
    {"mask", "{\"type\": \"array\", \"minItems\": 1, \"items\": " PATTERN "}",
     "Patterns of output that may differ between runs, for what no step names."},
    {"oracles", "{\"$ref\": \"#/definitions/oracles\"}", "Oracles to switch off, each with the reason."},
    {"xfail", STRING, "A known finding."},
    {NULL, NULL, NULL},
};

const struct format_key format_oracle_keys[] = {
    {"invariance", STRING, "The transcript equals the baseline's."},
    {"progress", STRING, "What was said at each point does not depend on the cuts."},
    {"health", STRING, "Alive, no sanitizer report, no growth."},
    {"cost", STRING, "CPU time and memory per byte do not grow."},
    {NULL, NULL, NULL},
};

const struct format_key format_data_keys[] = {
    {"text", "{\"type\": \"string\"}", "UTF-8."},
    {"line", DATA, "Data, then the delimiter."},
    {"lines", DATAS, "Each followed by the delimiter."},
    {"hex", "{\"type\": \"string\", \"pattern\": \"^ *([0-9A-Fa-f]{2} *)*$\"}",
     "Two digits a byte; spaces between bytes."},
    {"base64", "{\"type\": \"string\", \"contentEncoding\": \"base64\"}", "RFC 4648, padded."},
    {"bytes", "{\"type\": \"string\"}", "With the escapes of a Python bytes literal: \"\\\\xff\\\\r\\\\n\"."},
    {"file", STRING, "What is in this file, as it is."},
    {"times", "{\"$ref\": \"#/definitions/number\"}", "How often; 1 when absent."},
    {NULL, NULL, NULL},
};

const struct format_key format_step_keys[] = {
    {"why", "{\"type\": \"string\"}", "A comment; printed when the step fails."},
    {"barrier", "{\"anyOf\": [{\"const\": true}, " DATA "]}",
     "Nothing sent after this step may leave before it is done; data: what a sweep probes with."},
    {NULL, NULL, NULL},
};

const struct format_key format_until_keys[] = {
    {"matches", PATTERN, "Lines up to and with the first that matches."},
    {NULL, NULL, NULL},
};
