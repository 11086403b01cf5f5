import { describe, expect, it } from 'vitest'
import { parseXml } from '../../hosts/xml.ts'
import { tpmNote } from './tpm-note.ts'

const domain = (devices: string) => parseXml(`<domain><devices>${devices}</devices></domain>`, 'domain')

// The lab has no swtpm, so libvirt defines no such VM there.
describe('tpmNote', () => {
  it('says that the state of an emulated TPM is not saved, and nothing of others', () => {
    expect(tpmNote(domain(`<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>`))).toMatch(
      /emulated TPM is not part of the backup/,
    )
    expect(
      tpmNote(
        domain(`<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>`),
      ),
    ).toBeNull()
    expect(tpmNote(domain(''))).toBeNull()
  })
})
