import {
  LibvirtError,
  VIR_ERR_AGENT_COMMAND_FAILED,
  VIR_ERR_AGENT_COMMAND_TIMEOUT,
  VIR_ERR_AGENT_UNRESPONSIVE,
} from 'node-libvirt'
import { describe, expect, it } from 'vitest'
import { readFreeze } from './read-freeze.ts'

const libvirtError = (code: number, message: string) =>
  new LibvirtError(message, { code, domain: 10, level: 2, int1: -1 }, 'DOMAIN_GET_FSINFO')
const refused = (message: string) => libvirtError(VIR_ERR_AGENT_COMMAND_FAILED, message)
/** What qemu-ga 10.0 says of a command that it does not allow, for ever after its first freeze. */
const STALE = refused('Command guest-get-fsinfo has been disabled: the agent is in frozen state')

/** An agent that gives these answers; an Error is what libvirt makes of one. */
function agent(fileSystems: number | Error, status?: string | null | Error) {
  const asked: string[] = []
  return {
    asked,
    async getFSInfo() {
      if (fileSystems instanceof Error) throw fileSystems
      return Array.from({ length: fileSystems }, () => ({
        mountpoint: '/',
        name: 'vda',
        type: 'ext4',
        targets: [],
      }))
    },
    async qemuAgentCommand(command: string) {
      asked.push(command)
      if (status instanceof Error || status === undefined) throw status ?? new Error('not expected')
      return status
    },
  }
}

describe('N17: whether a guest is frozen', () => {
  it('an agent that lists its file systems is thawed; no other command is asked of it, for libvirt marks the VM', async () => {
    const plain = agent(2)
    expect(await readFreeze(plain, 5)).toEqual({ state: 'thawed', fileSystems: 2 })
    expect(plain.asked).toEqual([])
  })

  it.each([
    ['{"return":"thawed"}', { state: 'thawed', fileSystems: null }],
    ['{"return":"frozen"}', { state: 'frozen' }],
    ['{"return":7}', { state: 'no freeze', words: expect.stringMatching(/neither/) as string }],
    [null, { state: 'no freeze', words: expect.stringMatching(/neither/) as string }],
    [refused('not found'), { state: 'no freeze', words: 'not found' }],
  ] as const)(
    'is taken from the status %j, whatever the text of another error says',
    async (status, reading) => {
      const odd = agent(STALE, status)
      expect(await readFreeze(odd, 5)).toEqual(reading)
      expect(odd.asked).toEqual(['{"execute":"guest-fsfreeze-status"}'])
    },
  )

  it.each([VIR_ERR_AGENT_UNRESPONSIVE, VIR_ERR_AGENT_COMMAND_TIMEOUT])(
    'no answer (%i) is no state: the error passes, of either question',
    async (code) => {
      const silent = libvirtError(code, 'no answer')
      await expect(readFreeze(agent(silent), 5)).rejects.toBe(silent)
      await expect(readFreeze(agent(STALE, silent), 5)).rejects.toBe(silent)
    },
  )
})
