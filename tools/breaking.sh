#!/usr/bin/env bash
# Compares the API with that of the commit before: what is out there must go on
# working. Usage: breaking.sh BUF [REF]
set -eu
buf=$1
ref=${2:-}
if [ -z "$ref" ]; then
	for candidate in origin/main HEAD~1; do
		if git cat-file -e "$candidate:buf.yaml" 2>/dev/null; then ref=$candidate; break; fi
	done
fi
[ -n "$ref" ] || { echo "no earlier API to compare with"; exit 0; }
old=$(mktemp -d)
trap 'rm -rf "$old"' EXIT
git archive "$ref" api/souk api/third_party buf.yaml | tar -x -C "$old"
"$buf" breaking --against "$old"
