#!/bin/bash
# A broker opens its listeners once it is registered and unfenced; the granting broker is ready when the rights are there too.
[ ! -e /run/secrets/kafka_admin.properties ] || [ -e /var/lib/kafka/data/.rights-granted ] || exit 1
exec 3<>"/dev/tcp/$HOSTNAME/19092" 4<>"/dev/tcp/$HOSTNAME/19094"
