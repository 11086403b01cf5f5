import 'server-only'
import { store } from '../store/store.ts'

/** File names as libvirt's XML holds them. */
const XML_PATH = /(?:file|dev|path|dir)=(?:'(\/[^']*)'|"(\/[^"]*)")|>(\/[^<]+)</g
const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'" }
const decoded = (text: string) => text.replaceAll(/&(?:amp|lt|gt|quot|apos);/g, (entity) => ENTITIES[entity] ?? entity)

/** The paths that a job deals with: of the files that it holds, that were asked for, and in the XML that it sent. */
export async function readJobPaths(jobId: string): Promise<string[]> {
  const row = await store().selectFrom('jobs').select(['locks', 'input', 'kept']).where('id', '=', jobId).executeTakeFirst()
  const calls = await store().selectFrom('job_calls').innerJoin('job_steps', 'job_steps.id', 'job_calls.step_id').select('job_calls.xml').where('job_steps.job_id', '=', jobId).where('job_calls.xml', 'is not', null).orderBy('job_calls.id').execute()
  const ofXml = calls.flatMap(({ xml }) => [...(xml ?? '').matchAll(XML_PATH)].map(([, single, double, text]) => decoded(single ?? double ?? text ?? '')))
  return [...(row ? [row.locks, row.input, row.kept].flatMap((json) => pathsIn(JSON.parse(json))) : []), ...ofXml]
}

/** Of what a job only reads its lock says so in front (lib/jobs/locks.ts). */
const READ = /^read:/

function pathsIn(value: unknown): string[] {
  if (typeof value === 'string') {
    const path = value.replace(READ, '')
    return path.startsWith('/') ? [path] : []
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(pathsIn) : []
}
