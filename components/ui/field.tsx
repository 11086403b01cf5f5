import { useId, type ComponentProps, type ReactNode } from 'react'
import { classNames } from '@/components/class-names'

export const inputStyle =
  'w-full min-w-0 rounded-md border border-line-strong/70 bg-surface px-3 h-9 text-base sm:text-sm max-sm:h-11 placeholder:text-muted aria-invalid:border-danger disabled:opacity-60'

interface Texts {
  label: string
  hint?: ReactNode
  error?: string | undefined
}

/** Where hint and error stand, and the ids that tie them to their input. */
function useTexts({ hint, error }: Pick<Texts, 'hint' | 'error'>) {
  const id = useId()
  const describedBy =
    [error ? `${id}-error` : null, hint ? `${id}-hint` : null].filter(Boolean).join(' ') || undefined
  const texts = (
    <>
      {error && (
        <span id={`${id}-error`} className="text-sm text-danger break-names">
          {error}
        </span>
      )}
      {hint && (
        <span id={`${id}-hint`} className="text-sm text-muted break-names">
          {hint}
        </span>
      )}
    </>
  )
  return { id, describedBy, texts }
}

/** A labelled input with its hint and its error. */
export function Field({ label, hint, error, className, ...input }: Texts & ComponentProps<'input'>) {
  const { id, describedBy, texts } = useTexts({ hint, error })
  return (
    <div className={classNames('flex min-w-0 flex-col gap-1', className)}>
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <input
        id={id}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy}
        className={inputStyle}
        {...input}
      />
      {texts}
    </div>
  )
}

/** A labelled choice of one. */
export function SelectField({
  label,
  hint,
  error,
  className,
  children,
  ...select
}: Texts & ComponentProps<'select'>) {
  const { id, describedBy, texts } = useTexts({ hint, error })
  return (
    <div className={classNames('flex min-w-0 flex-col gap-1', className)}>
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <select
        id={id}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy}
        className={inputStyle}
        {...select}
      >
        {children}
      </select>
      {texts}
    </div>
  )
}
