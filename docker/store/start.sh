#!/bin/sh
# Starts a store: mongod as process 1, as a one-node replica set with access control and TLS.
set -eu
umask 077
# The shared secret of the set's members. There is one member, so each start makes a new one.
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
