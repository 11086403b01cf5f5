import Link from 'next/link'
import type { ComponentProps } from 'react'

/**
 * A link within the app. Next would fetch every page that a visible link leads to: with the list open that is one read of
 * the hypervisor for each VM in sight (measured: 41 requests), for pages that nobody asked for.
 */
export const PageLink = (props: Omit<ComponentProps<typeof Link>, 'prefetch'>) => <Link {...props} prefetch={false} />
