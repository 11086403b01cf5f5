import type { WalkedLayer } from '../hosts/follow-headers.ts'
import type { LayerProblem } from './types.ts'

const FORMATS_KNOWN = ['raw', 'qcow2']

/** What is wrong with one layer of a chain, a sentence each. */
export function layerProblems(layer: WalkedLayer): LayerProblem[] {
  const { reading, format } = layer
  if (reading.kind !== 'found')
    return [
      {
        kind: reading.kind,
        sentence: `${reading.reason}. ${reading.kind === 'missing' ? 'Without it the layers above it can’t be read: put the file back, or restore the disk from a backup.' : 'Check its permissions and its storage.'}`,
      },
    ]
  const problems: LayerProblem[] = []
  if (reading.header?.corrupt && format !== 'raw')
    problems.push({
      kind: 'corrupt',
      sentence: `${reading.path} is marked corrupt by QEMU. Stop the VM, copy the file and run qemu-img check on it.`,
    })
  if (reading.backing && format !== 'raw' && reading.backing.format === null) {
    problems.push({
      kind: 'format-not-recorded',
      sentence: `${reading.path} does not record the format of its backing file, so libvirt refuses or guesses. Record it with the VM off: qemu-img rebase -u -b '${reading.backing.name}' -F <format> '${reading.path}'.`,
    })
  }
  if (format === 'qcow2' && reading.detectedFormat !== 'qcow2')
    problems.push({
      kind: 'format-differs',
      sentence: `${reading.path} is to be read as qcow2 but does not begin as a qcow2 image does.`,
    })
  if (format === 'raw' && reading.detectedFormat === 'qcow2')
    problems.push({
      kind: 'format-differs',
      sentence: `${reading.path} is to be read as raw but begins as a qcow2 image does. If it really is qcow2, its disk shows garbage to the guest.`,
    })
  if (format !== null && !FORMATS_KNOWN.includes(format))
    problems.push({
      kind: 'unreadable',
      sentence: `${reading.path} has the format ${format}: Keyframe reads raw and qcow2 only.`,
    })
  return problems
}
