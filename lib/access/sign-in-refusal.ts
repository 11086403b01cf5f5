/** Travels in the sign-in page's address: a code, so that a link can't put words on that page. */
export type SignInRefusal = 'wrong' | 'busy' | `wait-${number}`

/** The sentence for a code; an unknown code gives the common one. */
export function refusalSentence(code: string): string {
  const minutes = /^wait-(\d{1,4})$/.exec(code)?.[1]
  if (minutes)
    return `Too many failed sign-ins. Try again in ${minutes} ${minutes === '1' ? 'minute' : 'minutes'}.`
  if (code === 'busy') return 'Too many people try to sign in just now. Try again in a few seconds.'
  return 'The user name or the password is wrong.'
}
