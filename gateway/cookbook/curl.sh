#!/bin/sh
# Asks the hub an operation of the cookbook with curl, as the reader that the file names, and prints the answer.
#
#   gateway/cookbook/curl.sh 01-vulnerability
#   gateway/cookbook/curl.sh 01-vulnerability '{ "id": "CVE-2099-10002" }'
#
# It takes a token of the trial. JCU_TOKEN replaces it, JCU_URL the address. It needs curl and jq.
set -eu

folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
name=${1:?"expected the name of an operation, such as 01-vulnerability"}
file="$folder/$name.graphql"
if [ ! -f "$file" ]; then
  echo "curl.sh: there is no $file; the table of $folder/README.md has the names" >&2
  exit 1
fi
variables=${2:-$(cat "$folder/$name.json")}

token=${JCU_TOKEN:-}
if [ -z "$token" ]; then
  reader=$(sed -n 's/^# Reader: //p' "$file")
  purpose=$(sed -n 's/^# Purpose: //p' "$file")
  token=$(npx hub token --as "$reader" --purpose "$purpose")
fi

# The token goes in by a file that only curl reads: arguments are visible to everyone on the machine.
jq -n --rawfile query "$file" --argjson variables "$variables" '{query: $query, variables: $variables}' |
  curl --silent --show-error --fail-with-body "${JCU_URL:-http://127.0.0.1:4000/graphql}" \
    --config /dev/fd/3 --header 'content-type: application/json' --data @- 3<<EOF
header = "authorization: Bearer $token"
EOF
echo
