/**
 * A process that freezes a guest, for tests that kill or stop it: it holds the freeze as an operation of Keyframe does, says
 * "frozen", and does nothing more. Arguments: data directory, host URI, VM UUID, deadline in ms.
 */
import { openStore } from '../../store/store.ts'
import { Host } from '../host.ts'
import { holdFreeze } from '../hold-freeze.ts'
import { freezeGuardPid } from '../freeze-guard.ts'

const [dataDirectory = '', uri = '', uuid = '', limitMs = ''] = process.argv.slice(2)
process.env.KEYFRAME_DATA = dataDirectory
await openStore()
const host = new Host('lab', uri)
host.start()
await host.connection.reader()
await holdFreeze(host, uuid, Number(limitMs))
await host.connection.operate(async (connect) => (await connect.domainLookupByUUID(uuid)).fsFreeze())
process.stdout.write(`frozen ${freezeGuardPid()}\n`)
setInterval(() => undefined, 1_000)
