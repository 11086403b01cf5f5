import { ShareFrame } from '@/components/shares/share-frame'

/** Says nothing of what the link was of, or whether it ever was. */
export const DeadLink = () => (
  <ShareFrame narrow>
    <h1 className="text-xl font-semibold">This link doesn’t work</h1>
    <p className="text-muted">
      It may have ended, have been revoked, or have been copied with a character missing. Ask whoever sent it
      for a new one.
    </p>
  </ShareFrame>
)
