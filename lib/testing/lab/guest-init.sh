#!/bin/busybox ash
# PID 1 of a lab guest. Mounts its disks, starts the guest agent, and writes numbered records to every disk in turn,
# without a fork per record: under TCG a process costs more than the write.
# Kernel command line: keyframe.noagent = the agent stays off; keyframe.paceMs=N = pause between two records;
# keyframe.freezeDelayS=N = the agent takes so long before it freezes; keyframe.failingHook=freeze or thaw = its hook fails
# then; keyframe.agentBlocks=LIST = commands that the agent does not know, separated by commas.
export PATH=/bin:/sbin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /run /tmp /dev/pts
while read module; do insmod "/modules/$module.ko"; done < /modules/order

SLOTS=32768
pace_ms=100
agent=yes
freeze_delay_s=0
failing_hook=
agent_blocks=
read cmdline < /proc/cmdline
for word in $cmdline; do
  case $word in
    keyframe.noagent) agent=no ;;
    keyframe.paceMs=*) pace_ms=${word#*=} ;;
    keyframe.freezeDelayS=*) freeze_delay_s=${word#*=} ;;
    keyframe.failingHook=*) failing_hook=${word#*=} ;;
    keyframe.agentBlocks=*) agent_blocks=-b${word#*=} ;;
  esac
done

# A clock without a fork: the second of the boot, and /proc/uptime for the rest (10 ms steps).
read up rest < /proc/uptime
boot=$(($(date +%s) - ${up%.*}))
clock() {
  read up rest < /proc/uptime
  fraction=${up#*.}
  now_ms=$((boot * 1000 + ${up%.*} * 1000 + (1$fraction - 100) * 10))
}

# Number in slot $2 of ring $1, or -1.
seq_at() {
  line=$(dd if="$1" bs=64 skip="$2" count=1 2>/dev/null)
  seq=${line%% *}
  while [ "${seq#0}" != "$seq" ] && [ ${#seq} -gt 1 ]; do seq=${seq#0}; done
  [ -n "$seq" ] || seq=-1
}

# Last number written to ring $1: from slot 0 on numbers rise by one up to the newest.
find_last() {
  seq_at "$1" 0
  first=$seq
  low=0
  high=$SLOTS
  while [ $((high - low)) -gt 1 ]; do
    middle=$(((low + high) / 2))
    seq_at "$1" $middle
    if [ "$seq" -eq $((first + middle)) ]; then low=$middle; else high=$middle; fi
  done
  last=$((first + low))
}

# Record $2 with mark $3 to descriptor $1; at the ring's end the descriptor is opened anew and stands at its start.
put() {
  if [ $(($2 % SLOTS)) -eq 0 ]; then
    case $1 in 3) exec 3<>/mnt/vda/records.log ;; 4) exec 4<>/mnt/vdb/records.log ;; esac
  fi
  clock
  printf '%010d %013d %010d %s%26s\n' "$2" "$now_ms" "$boot" "$3" '' >&$1
}

last_vda=0
last_vdb=0
two=no
# sync: the write of a record has returned only when it is on the disk.
mkdir -p /mnt/vda /mnt/vdb
mount -t ext4 -o sync,noatime,lazytime /dev/vda /mnt/vda || { echo "keyframe: no file system on vda"; mount -t tmpfs tmpfs /mnt/vda; }
[ -f /mnt/vda/records.log ] && find_last /mnt/vda/records.log && last_vda=$last
if [ -b /dev/vdb ] && mount -t ext4 -o sync,noatime,lazytime /dev/vdb /mnt/vdb && [ -f /mnt/vdb/records.log ]; then
  two=yes
  find_last /mnt/vdb/records.log
  last_vdb=$last
fi

if [ $agent = yes ]; then
  hook=
  if [ "$freeze_delay_s" -gt 0 ] || [ -n "$failing_hook" ]; then
    printf '#!/bin/sh\n[ "$1" = freeze ] && sleep %s\n[ "$1" != "%s" ]\n' "$freeze_delay_s" "$failing_hook" > /run/freeze-hook
    chmod +x /run/freeze-hook
    hook=-F/run/freeze-hook
  fi
  for port in /sys/class/virtio-ports/*; do
    read name < "$port/name" 2>/dev/null
    if [ "$name" = org.qemu.guest_agent.0 ]; then
      /sbin/qemu-ga $hook $agent_blocks -m virtio-serial -p "/dev/${port##*/}" -t /run -f /run/qemu-ga.pid >/dev/console 2>&1 &
    fi
  done
fi

write_records() {
  # A descriptor stands behind the last record of its disk: opened at the start, moved by reading.
  exec 3<>/mnt/vda/records.log
  dd bs=64 count=$(((last_vda % SLOTS) + 1)) <&3 >/dev/null 2>&1
  if [ $two = yes ]; then
    exec 4<>/mnt/vdb/records.log
    dd bs=64 count=$(((last_vdb % SLOTS) + 1)) <&4 >/dev/null 2>&1
    while [ $last_vda -lt $last_vdb ]; do last_vda=$((last_vda + 1)); put 3 $last_vda f; done
    while [ $last_vdb -lt $last_vda ]; do last_vdb=$((last_vdb + 1)); put 4 $last_vdb f; done
  fi
  mkfifo /run/never
  exec 9<>/run/never
  pause=0.$(printf '%03d' $pace_ms)
  n=$last_vda
  echo "keyframe: writing from record $((n + 1)), two disks: $two, agent: $agent"
  while :; do
    n=$((n + 1))
    put 3 $n w
    [ $two = yes ] && put 4 $n w
    read -t $pause -u 9 nothing
  done
}
[ -f /mnt/vda/records.log ] && write_records &
echo $! > /run/writer.pid

# PID 1 must stay, and take in orphans.
trap 'sync; poweroff -f' USR1 USR2 TERM
while :; do wait; sleep 3600; done
