/** How a VM is protected, in words and as the tone of a notice. */
export const PROTECTION_TONES = {
  protected: 'ok',
  'at-risk': 'warn',
  unprotected: 'danger',
  'left-out': 'plain',
} as const
export const PROTECTION_WORDS = {
  protected: 'Protected',
  'at-risk': 'At risk',
  unprotected: 'Not protected',
  'left-out': 'Left out of protection',
} as const
