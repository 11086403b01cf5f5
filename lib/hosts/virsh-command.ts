/** Safe in a POSIX shell as it stands. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/
/** A word for a shell on the host. */
export const shellWord = (word: string): string =>
  PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

/** A virsh command line for this host, to copy into a shell. A name that begins with a dash can't be taken for an option. */
export function virshCommand(uri: string, command: string, ...words: string[]): string {
  return ['virsh', '-c', uri, command, ...words].map(shellWord).join(' ')
}
