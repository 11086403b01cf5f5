import { PageLink } from '@/components/page-link'
import { signOut } from '@/lib/access/sign-out'
import { KeyframeMark } from '@/components/keyframe-mark'
import { jobsPath, listPath } from '@/components/paths'
import { Button } from '@/components/ui/button'

/** Where one is, who one is, and the way out. */
export function AppHeader({ userName }: { userName: string }) {
  return (
    <header className="border-b border-line bg-surface">
      <div className="mx-auto flex h-12 max-w-[90rem] items-center gap-1 px-4 max-sm:h-14">
        <PageLink href={listPath()} className="-ml-2 flex items-center gap-2 rounded-md px-2 font-semibold tracking-tight max-sm:min-h-11">
          <KeyframeMark className="size-4 text-accent" />
          Keyframe
        </PageLink>
        <span className="flex-1" />
        <PageLink href={jobsPath()} className="flex items-center rounded-md px-2.5 py-1 text-sm text-muted hover:bg-sunken hover:text-ink max-sm:min-h-11">Jobs</PageLink>
        <PageLink href="/account" title="Account" className="flex max-w-40 items-center truncate rounded-md px-2.5 py-1 text-sm text-muted hover:bg-sunken hover:text-ink max-sm:min-h-11">{userName}</PageLink>
        <form action={signOut}><Button type="submit" variant="quiet" size="small">Sign out</Button></form>
      </div>
    </header>
  )
}
