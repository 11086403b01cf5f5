import Link from 'next/link'
import type { ComponentProps } from 'react'
import { classNames } from '@/components/class-names'

/**
 * A link within the app. Next would fetch every page that a visible link leads to: with the list open that is one read of
 * the hypervisor for each VM in sight (measured: 41 requests), for pages that nobody asked for.
 */
export const PageLink = (props: Omit<ComponentProps<typeof Link>, 'prefetch'>) => (
  <Link {...props} prefetch={false} />
)

/** The same, or, for a reader who has no way into the app (a share link), its text alone: `linkClassName` is then left out. */
export const LinkOrText = ({
  href,
  className,
  linkClassName,
  children,
}: { href: string | null } & Pick<ComponentProps<'a'>, 'className' | 'children'> & {
    linkClassName?: string
  }) =>
  href === null ? (
    <span className={className}>{children}</span>
  ) : (
    <PageLink href={href} className={classNames(className, linkClassName)}>
      {children}
    </PageLink>
  )
