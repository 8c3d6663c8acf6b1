#!/bin/bash
# Looks for known vulnerabilities in what a module calls: vuln.sh GOVULNCHECK MODULE.
# GOVULNDB may name a copy of the database, by URL, for machines that reach no other.
# Without a way to the vulnerability database nothing can be said, and it is said.
set -eu -o pipefail
program=$(realpath "$1")
cd "$2"
if said=$(GOWORK=off "$program" ${GOVULNDB:+-db "$GOVULNDB"} ./... 2>&1); then
	echo "govulncheck $2: $(grep -m 1 'No vulnerabilities found' <<<"$said")"
elif grep -q 'fetching vulnerabilities: .*\(no such host\|timeout\|refused\|unreachable\)' <<<"$said"; then
	echo "govulncheck $2: NOT CHECKED, the vulnerability database cannot be reached" >&2
else
	echo "$said" >&2
	exit 1
fi
