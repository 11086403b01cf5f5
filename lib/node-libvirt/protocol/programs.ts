import { QEMU, REMOTE } from './procedures.generated.ts'
import type { Fields } from './schema-types.ts'

export type RemoteProcedure = keyof typeof REMOTE
export type QemuProcedure = keyof typeof QEMU

/** A program of the protocol with its table of procedures. */
export const REMOTE_PROGRAM = { program: 0x20008086, version: 1, table: REMOTE } as const
export const QEMU_PROGRAM = { program: 0x20008087, version: 1, table: QEMU } as const
export const KEEPALIVE_PROGRAM = { program: 0x6b656570, version: 1, ping: 1, pong: 2 } as const

export type Arguments<P extends RemoteProcedure> = Fields<(typeof REMOTE)[P][1]>
export type Result<P extends RemoteProcedure> = Fields<(typeof REMOTE)[P][2]>
export type QemuArguments<P extends QemuProcedure> = Fields<(typeof QEMU)[P][1]>
export type QemuResult<P extends QemuProcedure> = Fields<(typeof QEMU)[P][2]>

const names = new Map<number, RemoteProcedure>(
  Object.entries(REMOTE).map(([name, [number]]) => [number, name as RemoteProcedure]),
)

/** Name of a procedure of the remote program by its number; undefined when a newer daemon sends one we don't know. */
export const remoteProcedureName = (number: number): RemoteProcedure | undefined => names.get(number)
