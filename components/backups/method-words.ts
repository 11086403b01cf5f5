import type { Schedule } from '@/lib/schedules/types'

export const METHOD_WORDS: Record<Schedule['method'], string> = {
  incremental: 'incremental',
  copy: 'snapshot, copy, merge',
}
