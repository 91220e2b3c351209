#!/bin/sh
# A community's store: mongod as a replica set of one node, with access control and TLS, as process 1.
set -eu
umask 077
# What the members of a set know each other by. There is one member, so each start makes its own.
key="${JCU_STORE_KEY_FILE:-/tmp/key}"
rm -f "$key"
head -c 96 /dev/urandom | base64 -w 0 > "$key"
exec mongod --quiet \
  --dbpath "${JCU_STORE_FOLDER:-/data/db}" --port "${JCU_STORE_PORT:-27017}" \
  --bind_ip "${JCU_STORE_BIND:-0.0.0.0}" --nounixsocket \
  --replSet jcu --keyFile "$key" \
  --tlsMode requireTLS --tlsCertificateKeyFile "$JCU_STORE_TLS_FILE" \
  --tlsCAFile "$JCU_STORE_CA_FILE" --tlsAllowConnectionsWithoutCertificates \
  --tlsDisabledProtocols TLS1_0,TLS1_1,TLS1_2 \
  --oplogSize 1024 --wiredTigerCacheSizeGB "${JCU_STORE_CACHE_GB:-0.5}" \
  --slowms 2147483647 --noscripting \
  --setParameter ttlMonitorEnabled=false --setParameter diagnosticDataCollectionEnabled=false
