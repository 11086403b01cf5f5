import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openConnect, type Connect } from 'node-libvirt'
import type { Lab } from '../testing/lab/lab.ts'
import { startTestLab } from '../testing/lab/test-lab.ts'
import { DomainCalls } from './described-calls.ts'

let lab: Lab
let connect: Connect

beforeAll(async () => {
  lab = await startTestLab('lines')
  connect = await openConnect(lab.uri)
  await lab.defineGuest({
    name: 'bystander',
    agent: 'none',
    system: 'none',
    disks: [{ format: 'qcow2' }],
  })
  await lab.virsh('start', 'bystander', '--paused')
})
afterAll(async () => {
  await connect?.close()
  await lab?.stop({ remove: true })
})

const stateOf = async (uuid: string) => (await (await connect.domainLookupByUUID(uuid)).getState()).state

// What a person copies from a job's page into a shell must hit the VM that it is of.
it.each([
  ['another VM’s id', async () => String((await connect.domainLookupByName('bystander')).id)],
  ['another VM’s UUID', async () => (await connect.domainLookupByName('bystander')).uuid],
  ['an option', async () => '--all'],
  ['a script', async () => `$(touch x) 'a' "b"`],
])('the line of a VM that is called like %s acts on that VM', async (_, nameOf) => {
  const name = await nameOf()
  await lab.defineGuest({ name, agent: 'none', system: 'none', disks: [{ format: 'qcow2' }] })
  const domain = (await connect.listAllDomains()).find((each) => each.name === name)!
  const bystander = await connect.domainLookupByName('bystander')
  const calls = new DomainCalls(lab.uri, domain)
  execFileSync('/bin/sh', ['-c', calls.create(undefined).virsh])
  expect(await stateOf(domain.uuid)).toBe('running')
  expect(await stateOf(bystander.uuid)).toBe('paused')
  execFileSync('/bin/sh', ['-c', calls.destroy().virsh])
  expect(await stateOf(domain.uuid)).toBe('shut off')
  expect(await stateOf(bystander.uuid)).toBe('paused')
})
