'use client'

import { useActionState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { submitPassword } from './actions'

/** Works without JavaScript, too: the answer is then in the page that comes back. */
export function ChangePasswordForm({ userName }: { userName: string }) {
  const [result, submit, pending] = useActionState(submitPassword, null)
  const fields = result && !result.ok ? result.fields : undefined
  return (
    <form action={submit} className="flex max-w-sm flex-col gap-4">
      <input type="hidden" name="username" autoComplete="username" value={userName} />
      <Field
        label="Current password"
        name="currentPassword"
        type="password"
        autoComplete="current-password"
        required
        error={fields?.currentPassword}
      />
      <Field
        label="New password"
        name="newPassword"
        type="password"
        autoComplete="new-password"
        minLength={8}
        required
        error={fields?.newPassword}
      />
      <Button type="submit" disabled={pending}>
        Change password
      </Button>
      <p role="status" className="text-sm">
        {result?.ok ? 'The password is changed. Other sessions were signed out.' : ''}
      </p>
      {result && !result.ok && (
        <p role="alert" className="text-sm text-danger">
          {result.message}
        </p>
      )}
    </form>
  )
}
