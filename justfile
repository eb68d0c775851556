# One verb a line; every recipe takes the options of its verb: `just build --dry-run`.
# For cron call the binary itself: node_modules/rust-just-<platform>/bin/just (`just doctor` prints its path).

tracemill := "node " + quote(justfile_directory() / "dist/pipelines/cli.js")

# List the recipes
default:
    @{{ just_executable() }} --justfile {{ quote(justfile()) }} --list --unsorted

# Read new log lines into the lake (put this on a cron)
ingest *options:
    @{{ tracemill }} ingest {{ options }}

# Run the SQL models that are out of date
build *options:
    @{{ tracemill }} build {{ options }}

# Run the models, then export the training sets (--engine clickhouse: load, and derive them there)
build-datasets *options:
    @{{ tracemill }} build {{ if options =~ "--engine[ =]clickhouse" { "--engine clickhouse" } else { "" } }}
    @{{ if options =~ "--engine[ =]clickhouse" { tracemill + " load" } else { "true" } }}
    @{{ tracemill }} export {{ options }}

# What differs between two exports
diff *versions:
    @{{ tracemill }} diff {{ versions }}

# Load the lake into ClickHouse: CLICKHOUSE_URL, or embedded in lake/clickhouse
load *options:
    @{{ tracemill }} load {{ options }}

# Append new question/answer pairs for zvec
handoff *options:
    @{{ tracemill }} handoff {{ options }}

# Keep the zvec collection in step with the handoff file
index *options:
    @{{ tracemill }} index {{ options }}

# Search the indexed pairs: just search "flaky test" --project note-search --last 30d
[positional-arguments]
search *words:
    @{{ tracemill }} search "$@"

# Everything: ingest, build, export, hand off, index, load
all:
    @{{ tracemill }} ingest
    @{{ tracemill }} build
    @{{ tracemill }} export
    @{{ tracemill }} handoff
    @{{ tracemill }} index --optional
    @{{ tracemill }} load --optional

# Read, build and hand off as the logs grow; Ctrl-C ends it
watch *options:
    @{{ tracemill }} watch {{ options }}

# Watch in the background; what is answered from now on is handed off
capture-on *options:
    @{{ tracemill }} capture on {{ options }}

# End it once its pass is done
capture-off *options:
    @{{ tracemill }} capture off {{ options }}

# Whether it is on, and what it did last
capture-status *options:
    @{{ tracemill }} capture status {{ options }}

# The last lines of its log
capture-logs *options:
    @{{ tracemill }} capture logs {{ options }}

# One pass, as capture makes it
capture-once *options:
    @{{ tracemill }} capture once {{ options }}

# One pass that hands off all history
capture-backfill *options:
    @{{ tracemill }} capture backfill {{ options }}

# Hand off everything from scratch, then capture in the background
capture-on-backfill *options:
    @{{ tracemill }} capture on-backfill {{ options }}

# Check that events can be recorded
capture-events *options:
    @{{ tracemill }} capture events {{ options }}

alias agent-qa-capture-on := capture-on
alias agent-qa-capture-off := capture-off
alias agent-qa-capture-status := capture-status
alias agent-qa-capture-logs := capture-logs
alias agent-qa-capture-once := capture-once
alias agent-qa-capture-on-backfill := capture-on-backfill
alias rl-capture-on := capture-events
alias rl-signal-summary := signal-summary

# Put ingest into your crontab: just schedule-on "*/10 * * * *"
[positional-arguments]
schedule-on *times:
    @{{ tracemill }} schedule on "$@"

# Take that line out again
schedule-off *options:
    @{{ tracemill }} schedule off {{ options }}

# What the lake holds and what is out of date
status *options:
    @{{ tracemill }} status {{ options }}

# Run all notebooks on the lake; copies with their pictures go to <data>/notebooks
notebooks *options:
    @{{ tracemill }} notebooks {{ options }}

# Open Jupyter on copies of the notebooks, in <data>/lab
lab *options:
    @{{ tracemill }} lab {{ options }}

# Its figures and pictures as one HTML file
report *options:
    @{{ tracemill }} report {{ options }}

# What each table and column comes from, and what reads it: just lineage core.turns.final_answer
lineage *options:
    @{{ tracemill }} lineage {{ options }}

# Write a page for every table: grain, columns, checks, what reads it
docs *options:
    @{{ tracemill }} docs {{ options }}

# Record a training event (arguments are passed on as they are quoted)
[positional-arguments]
record *options:
    @{{ tracemill }} record "$@"

# Leave sessions, projects or texts out of everything: just forget --session ID --reason "asked for" --dry-run
[positional-arguments]
forget *options:
    @{{ tracemill }} forget "$@"

# Rebuild every source range from the lake and compare SHA-256
verify *options:
    @{{ tracemill }} verify {{ options }}

# Show what a row was made from, back to the lines of the logs: just explain 9d2c4e10 --full
[positional-arguments]
explain *id:
    @{{ tracemill }} explain "$@"

# Check this machine and print every setting
doctor *options:
    @{{ tracemill }} doctor {{ options }}

# Hold the router decisions to their gates; exit 65 where one fails
router-audit *options:
    @{{ tracemill }} router-audit {{ options }}

# What the last training events hold and what each dataset lacks
signal-summary *options:
    @{{ tracemill }} signal-summary {{ options }}

# Measure each job beside what one would run instead: --quick, --all, --only startup,cron
bench *options:
    @node {{ quote(justfile_directory() / "dist/test/bench/bench.js") }} {{ options }}

# Measure how many documents a second near duplicates take, and which of known ones are found
bench-duplicates *options:
    @node {{ quote(justfile_directory() / "dist/test/bench/duplicates.js") }} {{ options }}

# Let everything go wrong at once for a while (--minutes 5 --seed 1 --write), and compare the lake with that of a quiet run
soak *options:
    @node {{ quote(justfile_directory() / "dist/test/soak/main.js") }} {{ options }}

# Put random, damaged sessions through the whole job: just fuzz --minutes 30
fuzz *options:
    @node {{ quote(justfile_directory() / "dist/test/bench/fuzz.js") }} {{ options }}

# The tests
test:
    @npm test
