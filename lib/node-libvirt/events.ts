import {
  BLOCK_JOB_STATUSES,
  BLOCK_JOB_TYPES,
  type BlockJobStatus,
  type BlockJobType,
} from './flags/block-flags.ts'
import { codecOf } from './protocol/codec.ts'
import { remoteProcedureName, REMOTE_PROGRAM, type Arguments } from './protocol/programs.ts'
import type { RpcClient } from './protocol/rpc-client.ts'
import { XdrReader } from './protocol/xdr.ts'
import { formatUuid } from './uuid.ts'

/** The domain an event speaks of. */
export interface EventDomain {
  name: string
  uuid: string
}

export type LifecycleEvent =
  | 'defined'
  | 'undefined'
  | 'started'
  | 'suspended'
  | 'resumed'
  | 'stopped'
  | 'shutdown'
  | 'pmsuspended'
  | 'crashed'
const LIFECYCLE: readonly LifecycleEvent[] = [
  'defined',
  'undefined',
  'started',
  'suspended',
  'resumed',
  'stopped',
  'shutdown',
  'pmsuspended',
  'crashed',
]

export type DomainEvent =
  | { type: 'lifecycle'; domain: EventDomain; event: LifecycleEvent | 'unknown'; detail: number }
  | {
      type: 'io-error'
      domain: EventDomain
      sourcePath: string
      deviceAlias: string
      action: number
      reason: string
    }
  | {
      type: 'block-job'
      domain: EventDomain
      target: string
      jobType: BlockJobType
      status: BlockJobStatus | 'unknown'
    }
  | { type: 'agent'; domain: EventDomain; connected: boolean; reason: number }
  | { type: 'job-completed'; domain: EventDomain }

export type DomainEventType = DomainEvent['type']

/** virDomainEventID and the procedure that brings it; one line an event. */
const EVENTS = {
  lifecycle: [0, 'DOMAIN_EVENT_CALLBACK_LIFECYCLE'],
  'io-error': [6, 'DOMAIN_EVENT_CALLBACK_IO_ERROR_REASON'],
  'block-job': [16, 'DOMAIN_EVENT_BLOCK_JOB_2'],
  agent: [18, 'DOMAIN_EVENT_CALLBACK_AGENT_LIFECYCLE'],
  'job-completed': [21, 'DOMAIN_EVENT_CALLBACK_JOB_COMPLETED'],
} as const satisfies Record<DomainEventType, readonly [number, keyof typeof REMOTE_PROGRAM.table]>

type EventProcedure = (typeof EVENTS)[DomainEventType][1]

const domainOf = (dom: { name: string; uuid: Uint8Array }): EventDomain => ({
  name: dom.name,
  uuid: formatUuid(dom.uuid),
})

function read(procedure: EventProcedure, payload: Buffer): { callbackId: number; event: DomainEvent } {
  const decode = <P extends EventProcedure>(name: P) =>
    codecOf(REMOTE_PROGRAM.table[name][1]).read(new XdrReader(payload)) as Arguments<P>
  switch (procedure) {
    case 'DOMAIN_EVENT_CALLBACK_LIFECYCLE': {
      const args = decode(procedure)
      return {
        callbackId: args.callbackID,
        event: {
          type: 'lifecycle',
          domain: domainOf(args.dom),
          event: LIFECYCLE[args.event] ?? 'unknown',
          detail: args.detail,
        },
      }
    }
    case 'DOMAIN_EVENT_CALLBACK_IO_ERROR_REASON': {
      const args = decode(procedure)
      return {
        callbackId: args.callbackID,
        event: {
          type: 'io-error',
          domain: domainOf(args.dom),
          sourcePath: args.srcPath,
          deviceAlias: args.devAlias,
          action: args.action,
          reason: args.reason,
        },
      }
    }
    case 'DOMAIN_EVENT_BLOCK_JOB_2': {
      const args = decode(procedure)
      return {
        callbackId: args.callbackID,
        event: {
          type: 'block-job',
          domain: domainOf(args.dom),
          target: args.dst,
          jobType: BLOCK_JOB_TYPES[args.type] ?? 'unknown',
          status: BLOCK_JOB_STATUSES[args.status] ?? 'unknown',
        },
      }
    }
    case 'DOMAIN_EVENT_CALLBACK_AGENT_LIFECYCLE': {
      const args = decode(procedure)
      return {
        callbackId: args.callbackID,
        event: {
          type: 'agent',
          domain: domainOf(args.dom),
          connected: args.state === 1,
          reason: args.reason,
        },
      }
    }
    case 'DOMAIN_EVENT_CALLBACK_JOB_COMPLETED': {
      const args = decode(procedure)
      return { callbackId: args.callbackID, event: { type: 'job-completed', domain: domainOf(args.dom) } }
    }
  }
}

/** The event subscriptions of one connection. */
export class DomainEvents {
  readonly #client: RpcClient
  readonly #listeners = new Map<number, (event: DomainEvent) => void>()

  constructor(client: RpcClient) {
    this.#client = client
    const procedures = new Set<string>(Object.values(EVENTS).map(([, procedure]) => procedure))
    client.onEvent((number, payload) => {
      const procedure = remoteProcedureName(number)
      if (!procedure || !procedures.has(procedure)) return
      const { callbackId, event } = read(procedure as EventProcedure, payload)
      this.#listeners.get(callbackId)?.(event)
    })
  }

  /** Registers one event for all domains; the result ends it. Events are never replayed: register first, then list. */
  async subscribe(
    type: DomainEventType,
    listener: (event: DomainEvent) => void,
  ): Promise<() => Promise<void>> {
    const { callbackID } = await this.#client.call(
      'CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY',
      { eventID: EVENTS[type][0], dom: null },
      undefined,
      (reply) => {
        this.#listeners.set(reply.callbackID, listener)
      },
    )
    return async () => {
      this.#listeners.delete(callbackID)
      await this.#client.call('CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY', { callbackID })
    }
  }
}
