import type { BlockJobType, BlockJobView } from '@/lib/hosts/types'

const WORDS: Record<BlockJobType, string> = {
  pull: 'pull',
  copy: 'copy',
  commit: 'commit',
  'active-commit': 'commit',
  backup: 'backup',
}

/** "commit of vda": the words that scripts and screen readers find a running job by. */
export const blockJobLabel = ({ type, target }: Pick<BlockJobView, 'type' | 'target'>): string =>
  `${WORDS[type]} of ${target}`
