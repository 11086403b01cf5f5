import { combine, type Flags } from './flags/flag-set.ts'
import type { Arguments } from './protocol/programs.ts'
import type { CallOptions, RpcClient } from './protocol/rpc-client.ts'

/** virDomainSnapshot. */
export class DomainSnapshot {
  readonly name: string
  readonly #client: RpcClient
  readonly #reference: Arguments<'DOMAIN_REVERT_TO_SNAPSHOT'>['snap']
  constructor(client: RpcClient, reference: Arguments<'DOMAIN_REVERT_TO_SNAPSHOT'>['snap']) {
    this.#client = client
    this.#reference = reference
    this.name = reference.name
  }

  async getXMLDesc(flags?: Flags<'DomainSnapshotXML'>, options?: CallOptions): Promise<string> {
    return (
      await this.#client.call(
        'DOMAIN_SNAPSHOT_GET_XML_DESC',
        { snap: this.#reference, flags: combine(flags) },
        options,
      )
    ).xml
  }

  /** Long: the default deadline of the connection may be too short. */
  async revertTo(flags?: Flags<'DomainSnapshotRevert'>, options?: CallOptions): Promise<void> {
    await this.#client.call(
      'DOMAIN_REVERT_TO_SNAPSHOT',
      { snap: this.#reference, flags: combine(flags) },
      options,
    )
  }

  /** Long: an external snapshot is merged before it goes. */
  async delete(flags?: Flags<'DomainSnapshotDelete'>, options?: CallOptions): Promise<void> {
    await this.#client.call(
      'DOMAIN_SNAPSHOT_DELETE',
      { snap: this.#reference, flags: combine(flags) },
      options,
    )
  }
}
