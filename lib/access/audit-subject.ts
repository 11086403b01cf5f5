/** What was acted on, as far as the input names it. */
export interface AuditSubject {
  host: string | null
  vm_uuid: string | null
  vm_name: string | null
  snapshot: string | null
  job_id: string | null
  subject_user: string | null
}

export const NO_SUBJECT: AuditSubject = {
  host: null,
  vm_uuid: null,
  vm_name: null,
  snapshot: null,
  job_id: null,
  subject_user: null,
}

/** A text of an act's input by its key; null where there is none, or something else than a text. */
export type TextOf<Key extends string> = (key: Key) => string | null

/** Reads whom an act concerns out of its input. `Key`: the fields that it reads. */
export type SubjectOf<Key extends string> = (text: TextOf<Key>) => Promise<AuditSubject>

/** The fields of an input that hold texts, of all its kinds together: a subject that reads another does not compile. */
export type TextKey<Input> = Input extends unknown
  ? { [Key in keyof Input]-?: Input[Key] extends string | null | undefined ? Key : never }[keyof Input] &
      string
  : never

/** The input of a refused act may hold anything. */
const NAME_MAX_CHARACTERS = 300

/** Reads the texts of any value at all, no longer than a name may be. */
export function textsOf(input: unknown): TextOf<string> {
  const fields = typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {}
  return (key) => {
    const value = Object.hasOwn(fields, key) ? fields[key] : null
    return typeof value === 'string' && value !== '' ? value.slice(0, NAME_MAX_CHARACTERS) : null
  }
}
