"""python3-libvirt as a peer of the benchmark: for each word on stdin does that piece of work, prints its milliseconds."""
import re
import sys
import time

import libvirt

DISKS = re.compile(r"<disk type='(\w+)'.*?<source \w+='([^']*)'.*?<target dev='(\w+)'", re.S)
connection = libvirt.openReadOnly(sys.argv[1])
count = int(sys.argv[2])


def xml():
    domain = connection.listAllDomains()[0]
    started = time.perf_counter()
    for _ in range(count):
        domain.XMLDesc()
    return time.perf_counter() - started


def inventory():
    started = time.perf_counter()
    vms = [(domain.name(), domain.state(), DISKS.findall(domain.XMLDesc())) for domain in connection.listAllDomains()]
    took = time.perf_counter() - started
    assert len(vms) == count and all(len(disks) == 2 for _, _, disks in vms)
    return took


print("ready", flush=True)
for line in sys.stdin:
    print({"xml": xml, "inventory": inventory}[line.strip()]() * 1000, flush=True)
