import { attribute, child, children, type XmlElement } from '../../hosts/xml.ts'

/** That the state of a VM's emulated TPM is not saved, a sentence; null when it has none. A passed-through one belongs to its machine. */
export function tpmNote(domain: XmlElement): string | null {
  const emulated = children(child(domain, 'devices'), 'tpm').some(
    (tpm) => attribute(child(tpm, 'backend'), 'type') === 'emulator',
  )
  return emulated
    ? 'The state of its emulated TPM is not part of the backup: libvirt has no call that reads it. Restored it gets an empty TPM; have the recovery keys of disks at hand that are sealed to it.'
    : null
}
