import 'server-only'
import { found, type Found } from './found.ts'
import type { Survey, SurveyedVm } from './survey-host.ts'

/** Agents are asked so many at a time, and no page waits longer for them. */
const AGENTS_AT_ONCE = 4
const AGENTS_LIMIT_MS = 6_000

/** Guests that are frozen and block jobs that wait for someone. `notes` takes the guests that did not answer in time. */
export async function findWaiting(
  survey: Survey,
  ask: (vm: SurveyedVm) => boolean,
  notes: string[],
): Promise<Found[]> {
  const { host } = survey
  await askAgents(survey, survey.vms.filter(ask), notes)
  return survey.vms.flatMap(({ vm }) => {
    const owner = { host: host.name, uuid: vm.uuid, name: vm.name }
    const frozen = host.frozen.isFrozen(vm.uuid)
      ? [
          found({
            id: `frozen ${vm.uuid}`,
            kind: 'frozen',
            severity: 'danger',
            vm: owner,
            actOnVmPage: 'Thaw',
            sentence: `The file systems of ${vm.name} are frozen: the guest waits, and writes nothing, until they are thawed.`,
          }),
        ]
      : []
    const jobs = host.jobs
      .jobsOf(vm.uuid)
      .filter((job) => job.ready && job.jobId === null)
      .map((job) =>
        found({
          id: `job-waiting ${vm.uuid}/${job.target}`,
          kind: 'job-waiting',
          severity: 'warn',
          vm: owner,
          actOnVmPage: 'Pivot or Cancel job',
          sentence: `The block ${job.type === 'copy' ? 'copy' : 'commit'} of ${job.target} of ${vm.name} is done and waits for its pivot; until then every write is done twice. It was begun elsewhere, with virsh for example.`,
          evidence: [{ text: 'first seen', path: null, bytes: job.endBytes, atMs: job.firstSeenMs }],
        }),
      )
    return [...frozen, ...jobs]
  })
}

async function askAgents({ host }: Survey, vms: SurveyedVm[], notes: string[]): Promise<void> {
  const waiting = vms.filter(({ vm }) => vm.state === 'running' && vm.description?.hasAgentChannel)
  const endMs = Date.now() + AGENTS_LIMIT_MS
  let unasked = 0
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const leftMs = endMs - Date.now()
      if (leftMs <= 0) {
        unasked++
        continue
      }
      const late = new Promise<'late'>((resolve) => setTimeout(resolve, leftMs, 'late').unref())
      if ((await Promise.race([host.frozen.read(next.vm), late])) === 'late') unasked++
    }
  }
  await Promise.all(Array.from({ length: AGENTS_AT_ONCE }, worker))
  if (unasked > 0)
    notes.push(
      `${unasked} ${unasked === 1 ? 'guest agent has' : 'guest agents have'} not answered within ${AGENTS_LIMIT_MS / 1000} s: whether ${unasked === 1 ? 'that guest is' : 'those guests are'} frozen is not known.`,
    )
}
