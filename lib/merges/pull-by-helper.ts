import 'server-only'
import { randomUUID } from 'node:crypto'
import {
  isLibvirtError,
  VIR_DOMAIN_DESTROY_GRACEFUL,
  VIR_DOMAIN_START_AUTODESTROY,
  VIR_DOMAIN_START_PAUSED,
} from 'node-libvirt'
import { createDomain, DomainCalls } from '../hosts/described-calls.ts'
import { percentOf } from '../hosts/block-job.ts'
import { followHelper } from '../hosts/follow-helper.ts'
import type { Host } from '../hosts/host.ts'
import { parseDomainXml } from '../hosts/domain-xml.ts'
import { endHelper, helperDiskXml, helperDomainXml, helperKindOfVm } from '../hosts/helper-domain.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { LogCall } from '../jobs/step-log.ts'

const PREFIX = 'keyframe-pull-'

export interface HelperPull {
  /** Of this VM's kind the helper is. */
  vmUuid: string
  /** The layer that takes in what lies below it; nobody else may have it open. */
  path: string
  /** Every layer below it, the nearest first, as it was before: the image's own header is not believed. */
  below: readonly { path: string; format: string }[]
  /** The layer that stays below; null = none. */
  basePath: string | null
}

/**
 * Pulls into a layer that no VM has open, by a transient, paused domain with that layer as its only disk (lib/README.md,
 * “Who knows what”). What the layer shows stays the same. It can be repeated after any crash: the chain below is named to libvirt, for
 * a header may be cut already while what was pulled was never written (see flush-pull.ts), and the layers below are
 * whole. The helper ends in the orderly way, which writes everything; with our connection it goes, too. Throws Refusal.
 */
export async function pullByHelper(
  host: Host,
  pull: HelperPull,
  call: LogCall,
  onProgress: (percent: number | null) => Promise<void>,
): Promise<void> {
  try {
    await host.connection.operate(async (connect) => {
      const name = `${PREFIX}${randomUUID().slice(0, 8)}`
      const disk = helperDiskXml([{ path: pull.path, format: 'qcow2' }, ...pull.below], { readonly: false })
      const xml = helperDomainXml(
        helperKindOfVm(await (await connect.domainLookupByUUID(pull.vmUuid)).getXMLDesc()),
        name,
        disk,
      )
      const domain = await call(
        createDomain(connect, host.connection.uri, xml, [
          VIR_DOMAIN_START_PAUSED,
          VIR_DOMAIN_START_AUTODESTROY,
        ]),
      )
      const calls = new DomainCalls(host.connection.uri, domain)
      try {
        await call(calls.blockRebase('vda', pull.basePath, 0))
        await followHelper(domain, 'vda', (info) => onProgress(percentOf(info)))
        // A job that failed is gone just like one that ended well: libvirt shortens the chain only then.
        const left =
          parseDomainXml(await domain.getXMLDesc()).disks[0]?.layers.map((layer) => layer.path) ?? []
        const wanted = [
          pull.path,
          ...(pull.basePath === null
            ? []
            : pull.below
                .slice(pull.below.findIndex((layer) => layer.path === pull.basePath))
                .map((layer) => layer.path)),
        ]
        if (left.join('\n') !== wanted.join('\n'))
          throw new Refusal(
            `The pull into ${pull.path} ended before its end, possibly for lack of space. The layers below are as they were; don’t start the VM, mend that and retry.`,
          )
        await call(calls.destroy(VIR_DOMAIN_DESTROY_GRACEFUL))
      } finally {
        await endHelper(domain)
      }
    })
  } catch (error) {
    if (isLibvirtError(error))
      throw new Refusal(
        `What lies below ${pull.path} was not taken into it: ${error.message}. The layers below are as they were; repeat it before the VM is started.`,
      )
    throw error
  } finally {
    host.files.forget()
  }
}
