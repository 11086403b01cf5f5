import type { ShareActs } from '@/components/shares/share-acts'
import { createShare, submitRevoke } from './actions'

/** The actions as the components of all pages with a Share button take them. */
export const shareActs: ShareActs = { create: createShare, revoke: submitRevoke }
