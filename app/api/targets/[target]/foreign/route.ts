import { route } from '@/lib/access/route'
import { viewForeign } from '@/lib/backups/catalogue/foreign-backups'

/** The backups in a target that another Keyframe made, and what they ask of the host. */
export const GET = route('target.adopt', async (_request, { params }) => viewForeign(params.target ?? ''))
