"""Lines that are typed wrong, and variables with bad values. See errors_test.py."""

from errors_case import Case, scenario

CAT = {"c": {"command": ["cat"], "stdio": True}}
GOOD = {"s.json": scenario({"connect": "a", "to": "c"}, {"send": "a", "line": "x"}, {"expect": "a", "line": "x"},
                           programs=CAT, vars={"v": "1"})}
SAY = "s.json: a valid scenario, which declares the variable v"


def usage(name, line, code=2, **more):
    return Case(name, line, code, GOOD, SAY, **more)


def variable(name, value, line="seam run s.json", code=2):
    return Case(f"{name}={value!r}", line, code, GOOD, SAY, {name: value})


COMMANDS = [
    Case("no command", "seam", 2, lines=30),
    usage("a command, near to one", "seam rum s.json"),
    usage("a command, far from all", "seam zzzzzzz"),
    usage("a command that is a file", "seam s.json"),
    usage("an option in place of a command", "seam --jobs 2 run s.json"),
    usage("an empty command", "seam ''"),
    usage("no operand for run", "seam run"),
    usage("no operand for check", "seam check"),
    usage("no operand for sweep", "seam sweep"),
    usage("no operand for shrink", "seam shrink"),
    usage("no operand for export", "seam export --to corpus -o d"),
    usage("no operand for import", "seam import"),
    usage("no operand for new", "seam new"),
    usage("no operand for completion", "seam completion"),
    usage("nothing for record", "seam record"),
    usage("an operand for schema", "seam schema s.json"),
    usage("an operand for version", "seam version 2"),
    usage("an operand for record", "seam record s.json"),
    usage("help for what is no command", "seam help rn"),
    usage("help for two commands", "seam help run check"),
    usage("a man page that there is not", "seam help --man saem"),
    usage("a verb that there is not", "seam steps sned"),
    usage("two verbs", "seam steps send expect"),
    usage("steps in two forms", "seam steps --json --markdown"),
    usage("a shell that there is not", "seam completion fish"),
]

OPTIONS = [
    usage("an option, near to one", "seam run --fliter x s.json"),
    usage("an option, far from all", "seam run --zzzzzz s.json"),
    usage("a letter that is no option", "seam run -z s.json"),
    usage("an option of another command", "seam check --jobs 2 s.json"),
    usage("a short form of an option", "seam run --fil x s.json"),
    usage("an option with one dash", "seam run -jobs 2 s.json"),
    usage("an option without its value", "seam run s.json --jobs"),
    usage("a letter without its value", "seam run s.json -j"),
    usage("a value for a switch", "seam run --list=yes s.json"),
    usage("jobs that are no number", "seam run --jobs many s.json"),
    usage("no jobs", "seam run --jobs 0 s.json"),
    usage("too many jobs", "seam run --jobs 257 s.json"),
    usage("an empty number", "seam run --jobs= s.json"),
    usage("a seed that is negative", "seam run --seed -1 s.json"),
    usage("a seed too large", "seam run --seed 18446744073709551616 s.json"),
    usage("repeated too often", "seam run --repeat 1000001 s.json"),
    usage("a shard of none", "seam run --shard 1/0 s.json"),
    usage("a shard behind the last", "seam run --shard 4/3 s.json"),
    usage("a shard that is one number", "seam run --shard 1 s.json"),
    usage("an evidence, near to one", "seam run --evidence drained! s.json"),
    usage("a pace too long", "seam run --evidence paced=60001 s.json"),
    usage("a colour that is none of the three", "seam run --color red s.json"),
    usage("a define without a value", "seam run --define v s.json"),
    usage("a define of a bad name", "seam run --define 1v=2 s.json"),
    usage("a define of what no scenario declares", "seam run --define w=2 s.json"),
    usage("a define of what no scenario declares, for check", "seam check --define w=2 s.json"),
    usage("a define that stands twice", "seam run --define v=2 --define v=3 s.json"),
    usage("a cut list that goes back", "seam run --cut a@2,1 s.json"),
    usage("a cut list without a connection", "seam run --cut 3 s.json"),
    usage("a cut of a connection that there is not", "seam run --cut b@1 s.json", code=4, stdout=True),
    usage("a cut behind the last byte", "seam run --cut a@99 s.json", code=4, stdout=True),
    usage("a filter that nothing has", "seam run --filter nothing s.json", code=5),
    usage("a filter that is no regular expression", "seam run --filter '(' s.json", code=5),
    usage("quiet and verbose", "seam run -q -v s.json", code=0),
    usage("update and list", "seam run --update --list s.json", code=0),
    usage("update and a cut", "seam run --update --cut a@1 s.json"),
    usage("a budget that is no number", "seam sweep --budget much s.json"),
    usage("a budget of nothing", "seam sweep --budget 0 s.json"),
    usage("a budget in an unknown unit", "seam sweep --budget 3d s.json"),
    usage("a budget for run", "seam run --budget 3 s.json"),
    usage("an empty folder for findings", "seam sweep --output '' s.json"),
    usage("list and dry run", "seam sweep --list --dry-run s.json", code=0),
    usage("an update in a variable", "SEAM_UPDATE=1 seam run --filter nothing s.json", code=5),
]

REPORTS = [
    usage("a report without a path", "seam run --report tap s.json"),
    usage("a report with an empty path", "seam run --report tap= s.json"),
    usage("a report format, near to one", "seam run --report juint=r.xml s.json"),
    usage("a report format, far from all", "seam run --report pdf=r.pdf s.json"),
    usage("a report format in other case", "seam run --report JUnit=r.xml s.json"),
    usage("two reports to one file", "seam run --report tap=r --report junit=r s.json"),
    usage("two reports to one file under two names", "seam run --report tap=r --report junit=./r s.json"),
    usage("two reports to stdout", "seam run --report tap=- --report junit=- s.json"),
    usage("a report into a missing folder", "seam run --report tap=no/such/r.tap s.json"),
    usage("a report that is a folder", "mkdir r; seam run --report tap=r s.json"),
    usage("a report into a folder without permission", "mkdir -m 555 d; unprivileged seam run -q --report tap=d/r s.json"),
    usage("a report on the scenario itself", "seam run --report tap=s.json s.json"),
    usage("a bundle in a file", "seam run --bundle s.json s.json", code=0),
    usage("a bundle with an empty name", "seam run --bundle= s.json"),
]

EXCHANGE = [
    usage("a kind of import, near to one", "seam import crahs s.json"),
    usage("a kind of import, far from all", "seam import zip s.json"),
    usage("an import without a file", "seam import text"),
    usage("an import of a missing file", "seam import text nope.txt --program cat --stdio", code=4),
    usage("an import of a folder", "seam import text . --program cat --stdio", code=4),
    usage("an import of an empty text", ": >t; seam import text t --program cat --stdio", code=4),
    usage("an import of a text without arrows", "echo hello >t; seam import text t --program cat --stdio", code=4),
    usage("an import of no capture", "seam import pcap s.json --program cat", code=4),
    usage("an import of no journal", "seam import record s.json", code=4),
    usage("an import to nobody", "echo '> x' >t; seam import text t"),
    usage("an import to a bad address", "echo '> x' >t; seam import text t --to localhost"),
    usage("an import to both", "echo '> x' >t; seam import text t --to 127.0.0.1:80 --program cat"),
    usage("an import with an unknown side", "echo '> x' >t; seam import text t --program cat --play both"),
    usage("an import with a bad mask", "echo '> x' >t; seam import text t --program cat --stdio --mask '('"),
    usage("an import with an unknown line end", "echo '> x' >t; seam import text t --program cat --line-end cr"),
    usage("an import of the stream 0", "seam import pcap s.json --program cat --stream 0"),
    usage("an import into a missing folder", "echo '> x' >t; seam import text t --program cat --stdio -o no/such.json", code=4),
    usage("an import over another file", "echo '> x' >t; seam import text t --program cat --stdio -o s.json", code=4),
    usage("an export to nothing", "seam export s.json"),
    usage("an export to an unknown format", "seam export s.json --to pyhton -o d"),
    usage("an export without a folder", "seam export s.json --to corpus"),
    usage("an export into a file", "seam export s.json --to corpus -o s.json", code=4),
    usage("an export into a missing folder", "seam export s.json --to corpus -o no/such/d", code=4),
    usage("a new scenario over another", "seam new s.json --program cat --stdio --send x", code=4),
    usage("a new scenario of nothing", "seam new n.json"),
    usage("a new scenario of a missing program", "seam new n.json --program ./nope --send x", code=4),
    usage("a new scenario where nobody listens", "seam new n.json --to 127.0.0.1:1 --send x", code=4),
    usage("a new scenario outside this machine", "seam new n.json --to 192.0.2.1:80 --send x", code=4),
    usage("a new scenario in a missing folder", "seam new no/n.json --program cat --stdio --send x", code=4),
    usage("a new scenario with an open quote", "seam new n.json --program 'cat \"x' --stdio --send x"),
    usage("a record without a target", "seam record --listen 127.0.0.1:0 -o r.json"),
    usage("a record without an output", "seam record --listen 127.0.0.1:0 --to 127.0.0.1:1"),
    usage("a record on a bad address", "seam record --listen 127.0.0.1 --to 127.0.0.1:1 -o r.json"),
    usage("a record on an address of another machine", "seam record --listen 192.0.2.1:0 --to 127.0.0.1:1 -o r.json --allow-remote", code=4),
    usage("a record with a bad redaction", "seam record --listen 127.0.0.1:0 --to 127.0.0.1:1 -o r.json --redact '['"),
    usage("a record verified too often", "seam record --listen 127.0.0.1:0 --to 127.0.0.1:1 -o r.json --verify 9999999"),
    usage("a record into a missing folder", "seam record --listen 127.0.0.1:0 --to 127.0.0.1:1 -o no/r.json", code=4),
    usage("a record over another file", "seam record --listen 127.0.0.1:0 --to 127.0.0.1:1 -o s.json", code=4),
]

VARIABLES = [
    *(variable(f"SEAM_{name}", value) for name, value in [
        ("JOBS", "many"), ("REPEAT", "0"), ("SEED", "-1"), ("SHARD", "3/2"), ("EVIDENCE", "proved"), ("CUT", "a"), ("COLOR", "red"),
        ("REPORT", "juint=r.xml"), ("DEFINE", "v"), ("FAIL_FAST", "maybe"), ("KEEP", "2"), ("QUIET", "True")]),
    variable("SEAM_DEFINE", "w=1"),
    variable("SEAM_FILTER", "nothing", code=5),
    variable("SEAM_BUDGET", "3d", "seam sweep s.json"),
    variable("SEAM_MASK", "(", "echo '> x' >t; seam import text t --program cat --stdio"),
    variable("SEAM_TO", "morse", "seam export s.json -o d"),
    variable("SEAM_LINE_END", "cr", "seam new n.json --program cat --stdio --send x"),
    variable("SEAM_VERIFY", "x", "seam record --listen 127.0.0.1:0 --to 127.0.0.1:1 -o r.json"),
]

CHAT = [case for program in ("chat-server", "chat-client") for case in [
    Case(f"{program}: an unknown flag", f"{program} --prot 80", 2),
    Case(f"{program}: an operand", f"{program} 80", 2),
    Case(f"{program}: a flag without its value", f"{program} --port", 2),
    Case(f"{program}: a port that is no number", f"{program} --port http", 2),
    Case(f"{program}: a port too large", f"{program} --port 65536", 2),
    Case(f"{program}: a port that is negative", f"{program} --port -1", 2),
    Case(f"{program}: an empty host", f"{program} --port 0 --host ''", 2),
    Case(f"{program}: a host that there is not", f"{program} --port 1 --host no-such-host.invalid", 1, lines=2),
    Case(f"{program}: a line limit of nothing", f"{program} --line-max 0", 2),
    Case(f"{program}: a line limit too large", f"{program} --line-max 99999999999999999999", 2),
]] + [
    Case("chat-server: an address of another machine", "chat-server --host 192.0.2.1 --port 0", 1),
    Case("chat-client: the port 0", "chat-client --host 127.0.0.1 --port 0", 2),
    Case("chat-client: nobody listens", "chat-client --host 127.0.0.1 --port 1", 1),
    Case("chat-client: no host, and stdin ends", "chat-client", 2),
    Case("chat-client: a bad port that is typed", "printf '127.0.0.1\\nx\\n' | chat-client", 2),
]

CASES = COMMANDS + OPTIONS + REPORTS + EXCHANGE + VARIABLES + CHAT
