'use client'

import { useActionState } from 'react'
import { OnlyWhoMay } from '@/components/access/may'
import type { ChannelActs } from '@/components/notifications/channel-acts'
import { Button } from '@/components/ui/button'
import { Notice } from '@/components/ui/notice'

const TAKEN = 'The test message was taken: look whether it arrived.'

/** Why it was not taken, a sentence; null when it was. */
function failureOf(result: Awaited<ReturnType<ChannelActs['test']>>): string | null {
  if (!result.ok) return result.message
  return result.outcome.sent ? null : `The test message was not taken. ${result.outcome.sentence}`
}

/** Sends a message at once and says how that went. Works without JavaScript: the answer is then in the page that comes back. */
export function TestChannel({ id, name, act }: { id: string; name: string; act: ChannelActs['test'] }) {
  const [result, submit, pending] = useActionState(act, null)
  const failure = result && failureOf(result)
  const taken = result !== null && failure === null ? TAKEN : ''
  return (
    <OnlyWhoMay act="notification.test">
      {/* Its button stands in a row with others, its answer below them. */}
      <form action={submit} className="contents">
        <input type="hidden" name="id" value={id} />
        <Button type="submit" variant="outline" size="small" disabled={pending}>
          Send test<span className="sr-only"> by {name}</span>
        </Button>
        {/* The empty region stands always: one that is added with its text is not read out. */}
        <p role="status" className="order-last w-full text-[13px] break-names empty:sr-only">
          {pending ? 'Sending…' : taken}
        </p>
        {!pending && failure !== null && (
          <Notice tone="danger" role="alert" className="order-last w-full">
            {failure}
          </Notice>
        )}
      </form>
    </OnlyWhoMay>
  )
}
