import { describe, expect, it } from 'vitest'
import type { FileUsers } from '../storage/file-users.ts'
import { whyKept } from './remove-files.ts'

const users = (more: Partial<FileUsers> = {}): FileUsers => ({
  of: () => [],
  gaps: [],
  doubts: [],
  unheard: [],
  late: [],
  ...more,
})
const LATE = 'The host two takes too long to answer.'
const DOWN = 'The host two does not answer.'
const why = (more: Partial<FileUsers>, ofThisJob = false, own = false) =>
  whyKept('/i/web.s1', users(more), { host: 'one', ofThisJob, own })

describe('a file that a merge leaves over', () => {
  it('goes when nothing needs it, also while a host is down that never used it', () => {
    expect([why({}), why({ unheard: [DOWN] })]).toEqual([null, null])
  })

  it('stays while a host is up but late, for its VMs may have changed', () => {
    expect(why({ unheard: [LATE], late: [LATE] })).toMatch(
      /web.s1 stays.*could not be looked at. The host two/,
    )
  })

  it('stays for a gap', () => {
    expect(why({ gaps: ['db could not be read.'] })).toMatch(/stays.*db could not be read/)
  })

  it('stays as a template that a VM which has lost a layer may stand on, and goes as the VM’s own', () => {
    const lost = { doubts: ['vda of db needs b, which is not there.'] }
    expect(why(lost)).toMatch(/stays.*b, which is not there/)
    expect(why(lost, false, true)).toBeNull()
    expect(why({ ...lost, gaps: ['db could not be read.'] }, false, true)).toMatch(/stays/)
  })

  it('goes all the same where the job itself has made it', () => {
    expect(why({ gaps: ['db could not be read.'], late: [LATE], unheard: [LATE] }, true)).toBeNull()
  })
})
