import { splitLibvirtWords } from '@/components/split-libvirt-words'
import { CopyButton } from '@/components/ui/copy-button'

/** An error of a job: what Keyframe says first, what libvirt said one click below. */
export function ErrorWords({ text }: { text: string }) {
  const { sentence, words } = splitLibvirtWords(text)
  return (
    <>
      <p>{sentence}</p>
      {words !== null && (
        <details className="mt-1">
          <summary className="w-fit text-[13px] text-muted hover:text-ink max-sm:py-3">
            libvirt’s own words
          </summary>
          <div className="mt-1 flex items-start gap-2">
            <code className="min-w-0 flex-1 text-[12px] break-names whitespace-pre-wrap">{words}</code>
            <CopyButton text={words} label="Copy libvirt’s words" />
          </div>
        </details>
      )}
    </>
  )
}
