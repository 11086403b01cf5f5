import { afterAll } from 'vitest'
import { type Keyframe, startKeyframe } from './in-process.ts'
import type { GuestDisk } from './lab/guest.ts'
import type { Lab } from './lab/lab.ts'
import { startTestLab } from './lab/test-lab.ts'

const MIB = 1024 * 1024

export const disk = (format: 'raw' | 'qcow2', mib = 16): GuestDisk => ({ format, virtualBytes: mib * MIB })
/** What most tests of several disks have: one file that can't hold a bitmap, and one that can. */
export const TWO_DISKS: GuestDisk[] = [disk('raw'), disk('qcow2')]

/**
 * One libvirtd with Keyframe over it for all tests of a file: `const { lab, keyframe } = await startOnLab('merge')` at its top,
 * where a failure is one of the file and leaves nothing running.
 */
export async function startOnLab(
  name: string,
  options: Parameters<typeof startKeyframe>[1] & { uriOf?: (lab: Lab) => string } = {},
): Promise<{ lab: Lab; keyframe: Keyframe }> {
  const lab = await startTestLab(name)
  try {
    const keyframe = await startKeyframe({ uri: options.uriOf?.(lab) ?? lab.uri }, options)
    afterAll(async () => {
      await keyframe.stop()
      await lab.stop({ remove: true })
    })
    return { lab, keyframe }
  } catch (error) {
    await lab.stop({ remove: true })
    throw error
  }
}

/** A guest with nothing that boots, started: its QEMU runs, and what it writes is the test's to say. Gives its UUID. */
export async function startBareGuest(
  { lab, keyframe }: { lab: Lab; keyframe: Keyframe },
  name: string,
  disks: GuestDisk[] = [disk('qcow2')],
): Promise<string> {
  await lab.defineGuest({ name, system: 'none', disks })
  await lab.startGuest(name)
  return keyframe.uuid(name)
}
