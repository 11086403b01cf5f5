import { situationPath } from '@/components/paths'

/** What plans rest on, for a report of a fault: a developer can plan on it again. */
export function SituationDownload({ host, vmUuid }: { host: string; vmUuid: string }) {
  const link = 'text-accent hover:underline max-sm:inline-block max-sm:py-2'
  return (
    <details className="text-[13px]">
      <summary className="w-fit py-1 text-muted hover:text-ink max-sm:py-3">
        Is a plan wrong? Report it
      </summary>
      <p className="mt-1 max-w-prose">
        Download what Keyframe sees of this VM, and attach it to your report: with it we can make the same
        plan. It holds no guest data.
      </p>
      <p className="mt-1 flex flex-wrap gap-x-4">
        <a className={link} href={situationPath(host, vmUuid, 'hidden')} download>
          Download what Keyframe sees, names hidden
        </a>
        <a className={link} href={situationPath(host, vmUuid, 'shown')} download>
          with names
        </a>
      </p>
    </details>
  )
}
