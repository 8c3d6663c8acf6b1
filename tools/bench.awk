# Makes a table of what the benchmarks over kit/kittest/ratio report. What else
# was printed is shown only when something failed.

function digits(x) { return sprintf(x >= 10 ? "%.1f" : x >= 0.1 ? "%.2f" : "%.3f", x) }

BEGIN {
	row = "%-24s %-28s %12s %14s %8s\n"
	printf row, "ours", "beside", "ours, us", "reference, us", "ratio"
}

/^pkg: / {
	package = $2
	sub(/^.*\/souk\/(services\/|kit\/|cmd\/)?/, "", package)
	sub(/\/.*/, "", package)
}

/^Benchmark.* x-reference/ {
	name = beside = $1
	sub(/^Benchmark/, "", name)
	sub(/\/.*/, "", name)
	sub(/^[^\/]*\/against_/, "", beside)
	sub(/-[0-9]+$/, "", beside)
	gsub(/_/, " ", beside)
	for (i = 3; i < NF; i += 2) value[$(i + 1)] = $i
	printf row, package "." name, beside, digits(value["ours-ns"] / 1000), digits(value["reference-ns"] / 1000), digits(value["x-reference"])
	fflush()
	next
}

/^(goos|goarch|pkg|cpu): |^PASS$|^ok / { next }

/^(FAIL|panic:|--- FAIL)/ { failed = 1 }

{ rest = rest $0 "\n" }

END {
	if (failed) printf "%s", rest
	exit failed
}
