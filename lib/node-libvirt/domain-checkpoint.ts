import { combine, type Flags } from './flags/flag-set.ts'
import type { Arguments } from './protocol/programs.ts'
import type { CallOptions, RpcClient } from './protocol/rpc-client.ts'

/** virDomainCheckpoint: an instant since which QEMU keeps a bitmap of what the guest wrote. */
export class DomainCheckpoint {
  readonly name: string
  readonly #client: RpcClient
  readonly #reference: Arguments<'DOMAIN_CHECKPOINT_DELETE'>['checkpoint']
  constructor(client: RpcClient, reference: Arguments<'DOMAIN_CHECKPOINT_DELETE'>['checkpoint']) {
    this.#client = client
    this.#reference = reference
    this.name = reference.name
  }

  /** With SIZE it tells of each disk how many bytes an increment since then would hold; the domain must run. */
  async getXMLDesc(flags?: Flags<'DomainCheckpointXML'>, options?: CallOptions): Promise<string> {
    return (
      await this.#client.call(
        'DOMAIN_CHECKPOINT_GET_XML_DESC',
        { checkpoint: this.#reference, flags: combine(flags) },
        options,
      )
    ).xml
  }

  /** What it recorded goes over to its parent; METADATA_ONLY leaves its bitmaps in the images. */
  async delete(flags?: Flags<'DomainCheckpointDelete'>, options?: CallOptions): Promise<void> {
    await this.#client.call(
      'DOMAIN_CHECKPOINT_DELETE',
      { checkpoint: this.#reference, flags: combine(flags) },
      options,
    )
  }
}
