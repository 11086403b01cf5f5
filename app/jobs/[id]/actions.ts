'use server' // every export here is a public POST endpoint, whatever page shows it

import { action } from '@/lib/access/action'
import { ofJob } from '@/lib/access/subjects'
import { chooseWayOut as choose, WayOutInput } from '@/lib/jobs/choose-way-out'

export const chooseWayOut = action('job.way-out', WayOutInput, ofJob, ({ input }) => choose(input))
