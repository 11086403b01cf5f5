import type { NewShare } from '@/lib/shares/types'
import { classNames } from '@/components/class-names'
import { QrPicture } from '@/components/shares/qr-picture'
import { CopyButton } from '@/components/ui/copy-button'
import { inputStyle } from '@/components/ui/field'
import { Notice } from '@/components/ui/notice'
import { When } from '@/components/when'

/** A new link, on the only page that ever shows it. */
export function ShareMade({ share: { link, expiresAtMs, qr } }: { share: NewShare }) {
  return (
    <Notice tone="ok" role="status">
      <p>
        The link works until <When ms={expiresAtMs} />. It is shown only now.
      </p>
      <div className="mt-2 flex items-center gap-1">
        <input
          readOnly
          value={link}
          aria-label="Share link"
          onFocus={(event) => event.target.select()}
          className={classNames(inputStyle, 'flex-1')}
        />
        <CopyButton text={link} label="Copy the link" />
      </div>
      <div className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-2">
        <QrPicture code={qr} label="The link as a QR code" className="size-44" />
        <p className="min-w-0 flex-1 basis-40 text-muted">A phone’s camera reads the link from here.</p>
      </div>
    </Notice>
  )
}
