'use client'

import { useActionState, type ReactNode } from 'react'
import type { ActionResult } from '@/lib/access/action'
import { Button, type ButtonProps } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'

/** A server action as a form calls it. */
export type FormAct<R extends object = object> = (
  before: ActionResult<R> | null,
  form: FormData,
) => Promise<ActionResult<R>>

/** Of `useActionState`: the answer, the form's action, and whether it is under way. */
export type FormState<R extends object = object> = [ActionResult<R> | null, (form: FormData) => void, boolean]

interface Props extends Pick<ButtonProps, 'variant' | 'size'> {
  label: string
  /** What the act is done to, for who does not see where the button stands. */
  to?: string
  /** Said when it was done. */
  done?: string | undefined
  children?: ReactNode
}

/** A form of one act, with its answer below. Works without JavaScript: the answer is then in the page that comes back. */
export const SubmitForm = ({ act, ...form }: Props & { act: FormAct }) => (
  <StateForm state={useActionState(act, null)} {...form} />
)

/** The same, for who keeps the answer above it. */
export function StateForm<R extends object>({
  state: [result, submit, pending],
  label,
  to,
  done,
  children,
  variant = 'outline',
  size,
}: Props & { state: FormState<R> }) {
  return (
    <form action={submit} className="flex min-w-0 flex-wrap items-end gap-2">
      {children}
      <Button type="submit" variant={variant} size={size} disabled={pending}>
        {label}
        {to !== undefined && <span className="sr-only"> {to}</span>}
      </Button>
      {/* The empty region stands always: one that is added with its text is not read out. */}
      <p role="status" className="w-full text-sm empty:sr-only">
        {result?.ok ? done : ''}
      </p>
      {result && !result.ok && (
        <Notice tone="danger" role="alert" className="w-full">
          {result.fields ? (Object.values(result.fields)[0] ?? result.message) : result.message}
        </Notice>
      )}
    </form>
  )
}
