#!/bin/sh
# VICTIMS-SECRET: the guest that is attacked. It looks again and again whether its network is still its own.
printf '#!/bin/sh\n[ "$1" != bound ] || echo "$ip $serverid" > /tmp/lease\n' > /tmp/told
chmod +x /tmp/told
alarm() { echo "ALARM $*"; }
round() {
    rm -f /tmp/lease
    busybox udhcpc -i eth0 -f -q -n -t 10 -T 3 -s /tmp/told >/dev/null 2>&1
    lease=$(cat /tmp/lease)
    [ "$lease" = "10.66.0.11 10.66.0.2" ] || alarm "lease: $lease"
    wget -q -O - http://169.254.169.254/latest/user-data | grep -q VICTIMS-SECRE[T] || alarm "metadata over IPv4"
    printf 'GET /latest/user-data HTTP/1.0\r\n\r\n' | timeout 60 nc.openbsd fe80::a9fe:a9fe%eth0 80 \
        | grep -q VICTIMS-SECRE[T] || alarm "metadata over IPv6"
    ping -c 5 -W 20 10.66.0.1 >/dev/null || alarm "the router does not answer"
    ip neigh show 10.66.0.1 dev eth0 | grep -q @ROUTER@ || alarm "router: $(ip neigh show 10.66.0.1 dev eth0)"
    ip -6 route show dev eth0 | grep -q 2001:db8:bad && alarm "a foreign router: $(ip -6 route show dev eth0)"
    ip -6 neigh show dev eth0 | grep -i fe80::a9fe:a9fe | grep -q @SERVICES@ \
        || alarm "metadata's neighbour: $(ip -6 neigh show dev eth0)"
}
( n=0; while true; do round; n=$((n + 1)); echo "ROUND $n"; done ) > /dev/ttyS0 2>&1 &
