import { posix } from 'node:path'

/** What shortening a chain does, a sentence each. */
export function flattenPreview(receivers: readonly string[], layers: number): string[] {
  return [
    ...receivers.map(
      (path) =>
        `Take everything below ${posix.basename(path)} into it, by a paused helper VM with that layer as its only disk (virsh create --paused; virsh blockpull). What ${posix.basename(path)} shows stays the same.`,
    ),
    `See that the chain is short enough then. It has ${layers} layers now.`,
  ]
}
