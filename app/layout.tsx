import type { Metadata, Viewport } from 'next'
import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { AppHeader } from '@/components/app-header'
import { MayProvider } from '@/components/access/may'
import { KeepPages } from '@/components/offline/keep-pages'
import { LiveProvider } from '@/components/live/live-provider'
import { currentSession } from '@/lib/access/current-user'
import { actsOf } from '@/lib/access/permissions'
import { newestId } from '@/lib/live/hub'
import { isShareAddress } from '@/lib/shares/share-address'
import './globals.css'

export const metadata: Metadata = {
  title: 'Keyframe',
  description: 'Live snapshots, backing chains, merge and revert for libvirt VMs',
}
export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#ffffff' },
    { media: '(prefers-color-scheme: dark)', color: '#161a1e' },
  ],
}

/** Next would turn pages without request data into static HTML at build time. */
export const dynamic = 'force-dynamic'

export default async function RootLayout({ children }: { children: ReactNode }) {
  // Before anything is read: what changes from here on, the browser's event stream brings.
  const since = newestId()
  // A share link's page is the same for everyone: no header, no buttons, no session looked up. The path is known from proxy.ts.
  const session = isShareAddress((await headers()).get('x-keyframe-path') ?? '')
    ? null
    : await currentSession()
  return (
    <html lang="en">
      <body>
        {session ? (
          <>
            <KeepPages />
            <AppHeader user={session.user} />
            <p className="hidden border-b border-line bg-sunken/60 px-4 py-2 text-center text-sm noscript:block">
              JavaScript is off: every page can be read, and most buttons do nothing.
            </p>
            <LiveProvider since={since}>
              <MayProvider acts={actsOf(session.user)}>{children}</MayProvider>
            </LiveProvider>
          </>
        ) : (
          children
        )}
      </body>
    </html>
  )
}
