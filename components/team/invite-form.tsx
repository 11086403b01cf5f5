'use client'

import { useActionState } from 'react'
import type { OneTimeLink } from '@/lib/access/invite-user'
import { LinkOnce } from '@/components/team/link-once'
import { RoleField } from '@/components/team/role-field'
import type { FormAct } from '@/components/team/submit-form'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Notice } from '@/components/ui/notice'

/** Makes a user, and shows the link by which they choose their password. Works without JavaScript. */
export function InviteForm({ act, hours }: { act: FormAct<OneTimeLink>; hours: number }) {
  const [result, submit, pending] = useActionState(act, null)
  const fields = result && !result.ok ? result.fields : undefined
  return (
    <section
      aria-labelledby="invite"
      className="flex flex-col gap-3 rounded-lg border border-line bg-surface px-3 py-3 sm:px-4"
    >
      <h2 id="invite" className="font-semibold">
        Invite a user
      </h2>
      <form action={submit} className="flex flex-wrap items-start gap-3">
        <Field
          label="User name"
          name="name"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
          required
          error={fields?.name}
          className="w-56 max-sm:w-full"
        />
        <RoleField role="viewer" label="Role" className="min-w-0 flex-1 basis-64" />
        <Button type="submit" disabled={pending} className="sm:mt-[1.6rem] max-sm:w-full">
          Invite
        </Button>
      </form>
      {result?.ok && <LinkOnce userName={result.userName} link={result.link} hours={hours} />}
      {result && !result.ok && !fields?.name && (
        <Notice tone="danger" role="alert">
          {fields?.role ?? result.message}
        </Notice>
      )}
    </section>
  )
}
