'use client'

import { Button } from '@/components/ui/button'

export default function ErrorPage({
  error,
  reset,
}: {
  error: Error & { digest?: string }
  reset: () => void
}) {
  return (
    <main className="mx-auto flex max-w-xl flex-col items-start gap-4 px-4 py-16">
      <h1 className="text-xl font-semibold">This page could not be shown</h1>
      <p role="alert" className="text-muted">
        Keyframe hit something that it does not know. Nothing was changed by it: jobs go on.
        {error.digest && (
          <>
            {' '}
            The server’s log tells more under <code>{error.digest}</code>.
          </>
        )}
      </p>
      <Button variant="outline" onClick={reset}>
        Try again
      </Button>
    </main>
  )
}
