import 'server-only'
import { escapeXml } from '../../hosts/xml.ts'
import {
  isLibvirtError,
  VIR_DOMAIN_BLOCK_COPY_REUSE_EXT,
  VIR_DOMAIN_START_AUTODESTROY,
  VIR_DOMAIN_START_PAUSED,
} from 'node-libvirt'
import { createDomain, DomainCalls } from '../../hosts/described-calls.ts'
import { followHelper } from '../../hosts/follow-helper.ts'
import {
  endHelper,
  endLeftHelper,
  helperDiskXml,
  helperDomainXml,
  type HelperKind,
  type HelperLayer,
} from '../../hosts/helper-domain.ts'
import type { Host } from '../../hosts/host.ts'
import { Refusal } from '../../jobs/refusal.ts'
import type { LogCall } from '../../jobs/step-log.ts'

export interface HelperCopy {
  /** Its own, and the same after a crash: what is left of it is then found. */
  name: string
  kind: HelperKind
  /** What is read, the top layer first; nobody may write to it meanwhile. */
  layers: readonly HelperLayer[]
  /** Made beforehand, of the same size. */
  to: { path: string; format: 'qcow2' | 'raw' }
  /** Bytes per second as they are now, 0 = no limit; whoever changes it later sets the speed of the helper, too. */
  limit: () => Promise<number>
}

/**
 * Copies what a chain shows into an image, by a block copy of a transient, paused domain that holds the chain read-only
 * (lib/hosts/LIBVIRT.md, “Backups and copies”). It has progress, a limit and an end by our hand; a clone of a volume has
 * none of them. `onProgress` gets the bytes done and to do; what it throws ends the copy. It can be repeated after any crash. Throws Refusal.
 */
export async function copyByHelper(
  host: Host,
  copy: HelperCopy,
  call: LogCall,
  onProgress: (doneBytes: number, totalBytes: number) => Promise<void>,
): Promise<true> {
  const xml = helperDomainXml(
    copy.kind,
    copy.name,
    helperDiskXml(copy.layers as [HelperLayer, ...HelperLayer[]], { readonly: true }),
  )
  try {
    await host.connection.operate(async (connect) => {
      await endLeftHelper(connect, copy.name)
      const domain = await call(
        createDomain(connect, host.connection.uri, xml, [
          VIR_DOMAIN_START_PAUSED,
          VIR_DOMAIN_START_AUTODESTROY,
        ]),
      )
      const calls = new DomainCalls(host.connection.uri, domain)
      try {
        const destination = `<disk type='file'><driver name='qemu' type='${copy.to.format}'/><source file='${escapeXml(copy.to.path)}'/></disk>`
        const limit = await copy.limit()
        await call(calls.blockCopy('vda', destination, limit, VIR_DOMAIN_BLOCK_COPY_REUSE_EXT))
        // Changed between the two, when there was nothing yet whose speed could be set.
        const changed = await copy.limit()
        if (changed !== limit) await call(calls.blockJobSetSpeed('vda', changed))
        const end = await followHelper(domain, 'vda', async (info) => {
          if (info.end > 1) await onProgress(info.cur, info.end)
        })
        // libvirt shows a failed copy and a cancelled one alike: as no job.
        if (end === 'gone')
          throw new Refusal(`The copy into ${copy.to.path} ended before its end, possibly for lack of space.`)
        await call(calls.blockJobAbort('vda'))
      } finally {
        await endHelper(domain)
      }
    })
    return true
  } catch (error) {
    if (isLibvirtError(error)) throw new Refusal(`The copy into ${copy.to.path} failed: ${error.message}.`)
    throw error
  } finally {
    host.files.forget()
  }
}
