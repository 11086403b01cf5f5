import { join } from 'node:path'
import { openConnect } from '../connect.ts'
import { startLineProcess } from './line-process.ts'

export type Work = 'xml' | 'inventory'

/** One client of libvirt; `run` gives the milliseconds of one round on a connection that is open already. */
export interface Peer {
  name: 'node-libvirt' | 'python3-libvirt' | 'virsh'
  run(work: Work): Promise<number>
  end(): Promise<void>
}

const DISKS = /<disk type='(\w+)'.*?<source \w+='([^']*)'.*?<target dev='(\w+)'/gs

/** What a connection may have in flight that makes no long calls (README.md): Keyframe's reading connections. */
const SHORT_CALLS_IN_FLIGHT = 64

export async function nodeLibvirt(uri: string, count: number): Promise<Peer> {
  const connect = await openConnect(uri, { readonly: true, maxInFlight: SHORT_CALLS_IN_FLIGHT })
  const first = (await connect.listAllDomains())[0]!
  const works: Record<Work, () => Promise<void>> = {
    async xml() {
      await Promise.all(Array.from({ length: count }, () => first.getXMLDesc()))
    },
    async inventory() {
      const vms = await Promise.all(
        (await connect.listAllDomains()).map(async (domain) => {
          const [state, xml] = await Promise.all([domain.getState(), domain.getXMLDesc()])
          return {
            name: domain.name,
            state,
            disks: [...xml.matchAll(DISKS)].map(([, type, source, target]) => ({ type, source, target })),
          }
        }),
      )
      if (vms.length !== count || vms.some((vm) => vm.disks.length !== 2))
        throw new Error('node-libvirt read another inventory')
    },
  }
  return {
    name: 'node-libvirt',
    async run(work) {
      const startedMs = performance.now()
      await works[work]()
      return performance.now() - startedMs
    },
    end: () => connect.close(),
  }
}

/** libvirt's C library behind Debian's own Python, one call after the other: that is all its API has. */
export async function pythonLibvirt(uri: string, count: number): Promise<Peer> {
  const child = startLineProcess('/usr/bin/python3', [
    join(import.meta.dirname, 'peer.py'),
    uri,
    String(count),
  ])
  await child.lineWith('ready')
  return {
    name: 'python3-libvirt',
    run(work) {
      child.write(`${work}\n`)
      return child.lineWith('.').then(Number)
    },
    end: () => child.end(),
  }
}

/** One virsh that is fed commands; line buffered, for it would keep the last answer to itself. */
export async function virsh(uri: string, count: number): Promise<Peer> {
  const child = startLineProcess('stdbuf', ['-oL', 'virsh', '-q', '-r', '-c', uri])
  const name = (index: number) => `vm-${String(index + 1).padStart(4, '0')}`
  const commands: Record<Work, string> = {
    xml: `dumpxml ${name(0)}\n`.repeat(count),
    inventory: `list --all\n${Array.from({ length: count }, (_, index) => `domstate ${name(index)}\ndomblklist --details ${name(index)}\n`).join('')}`,
  }
  let round = 0
  const marker = async (before: string) => {
    const mark = `end-of-round-${++round}-`
    const found = child.lineWith(mark)
    child.write(`${before}echo ${mark}\n`)
    await found
  }
  await marker('list --all\n')
  return {
    name: 'virsh',
    async run(work) {
      const startedMs = performance.now()
      await marker(commands[work])
      return performance.now() - startedMs
    },
    end: () => child.end(),
  }
}
