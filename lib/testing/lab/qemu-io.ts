import type { Lab } from './lab.ts'

/** Has a running guest's QEMU work on one of its disks as the guest would, e.g. "write -P 9 0 8M"; no system is needed. The monitor says nothing of what failed. */
export async function qemuIo(lab: Lab, name: string, diskIndex: number, command: string): Promise<void> {
  const disk = `/machine/peripheral/virtio-disk${diskIndex}/virtio-backend`
  const text = command.includes(' ') ? `"${command}"` : command
  await lab.virsh('qemu-monitor-command', '--domain', name, '--hmp', '--cmd', `qemu-io -d ${disk} ${text}`)
}
