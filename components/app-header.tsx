import { CircleUser } from 'lucide-react'
import { PageLink } from '@/components/page-link'
import { can } from '@/lib/access/permissions'
import { signOut } from '@/lib/access/sign-out'
import type { User } from '@/lib/access/users'
import { KeyframeMark } from '@/components/keyframe-mark'
import { SignOutButton } from '@/components/offline/sign-out-button'
import {
  auditPath,
  backupsPath,
  jobsPath,
  listPath,
  notificationsPath,
  sharesPath,
  usersPath,
} from '@/components/paths'

/** Where one is, who one is, and the way out. */
export function AppHeader({ user }: { user: User }) {
  return (
    <header className="border-b border-line bg-surface">
      <div className="mx-auto flex h-12 max-w-[90rem] items-center gap-1 px-4 max-sm:h-14">
        <PageLink
          href={listPath()}
          className="-ml-2 flex items-center gap-2 rounded-md px-2 font-semibold tracking-tight max-sm:min-h-11"
        >
          <KeyframeMark className="size-4 text-accent" />
          Keyframe
        </PageLink>
        <span className="flex-1" />
        <PageLink
          href={backupsPath()}
          className="flex items-center rounded-md px-2.5 py-1 text-sm text-muted hover:bg-sunken hover:text-ink max-sm:min-h-11 max-sm:px-1.5"
        >
          Backups
        </PageLink>
        <PageLink
          href={jobsPath()}
          className="flex items-center rounded-md px-2.5 py-1 text-sm text-muted hover:bg-sunken hover:text-ink max-sm:min-h-11 max-sm:px-1.5"
        >
          Jobs
        </PageLink>
        {/* On a phone these stand on the account's page, for want of room. */}
        {can(user, 'share.list') && (
          <PageLink
            href={sharesPath()}
            className="flex items-center rounded-md px-2.5 py-1 text-sm text-muted hover:bg-sunken hover:text-ink max-sm:hidden"
          >
            Shares
          </PageLink>
        )}
        {can(user, 'user.list') && (
          <PageLink
            href={usersPath()}
            className="flex items-center rounded-md px-2.5 py-1 text-sm text-muted hover:bg-sunken hover:text-ink max-sm:hidden"
          >
            Users
          </PageLink>
        )}
        {can(user, 'audit.read') && (
          <PageLink
            href={auditPath()}
            className="flex items-center rounded-md px-2.5 py-1 text-sm text-muted hover:bg-sunken hover:text-ink max-sm:hidden"
          >
            Audit log
          </PageLink>
        )}
        {can(user, 'notification.read') && (
          <PageLink
            href={notificationsPath()}
            className="flex items-center rounded-md px-2.5 py-1 text-sm text-muted hover:bg-sunken hover:text-ink max-md:hidden"
          >
            Notifications
          </PageLink>
        )}
        <PageLink
          href="/account"
          title={`Account, ${user.role}`}
          className="flex max-w-40 items-center rounded-md px-2.5 py-1 text-sm text-muted hover:bg-sunken hover:text-ink max-sm:min-h-11 max-sm:min-w-9 max-sm:justify-center max-sm:px-1.5"
        >
          <CircleUser aria-hidden="true" className="size-5 sm:hidden" />
          <span className="truncate max-sm:sr-only">{user.name}</span>
        </PageLink>
        <form action={signOut}>
          <SignOutButton />
        </form>
      </div>
    </header>
  )
}
