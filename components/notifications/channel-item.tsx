import { CircleCheck, CircleDashed, TriangleAlert } from 'lucide-react'
import type { ChannelView, SentView } from '@/lib/notifications/types'
import type { ChannelActs } from '@/components/notifications/channel-acts'
import { ChangeChannelButton, RemoveChannelButton } from '@/components/notifications/channel-buttons'
import { heardBy, KIND_WORDS } from '@/components/notifications/channel-words'
import { TestChannel } from '@/components/notifications/test-channel'
import { When } from '@/components/when'

const COLOURS: Record<SentView['state'], string> = {
  sent: 'text-ok',
  waiting: 'text-warn',
  'given up': 'text-danger',
}

/** One channel: where it goes, what it hears, whether word gets through, and what an admin can do. */
export function ChannelItem({ channel, acts }: { channel: ChannelView; acts: ChannelActs }) {
  return (
    <li className="flex flex-col gap-2 px-3 py-3 sm:px-4">
      <div>
        <h2 className="font-medium break-names">{channel.name}</h2>
        <p className="text-[13px] break-names text-muted">
          <span className="text-ink">{KIND_WORDS[channel.kind]}</span> to {channel.place}
          {channel.hasSecret && (channel.kind === 'email' ? ' · password set' : ' · token set')}
        </p>
        <p className="text-[13px] text-muted">{heardBy(channel)}</p>
        <State channel={channel} />
      </div>
      <div className="flex min-w-0 flex-wrap gap-2">
        <TestChannel id={channel.id} name={channel.name} act={acts.test} />
        <ChangeChannelButton channel={channel} acts={acts} />
        <RemoveChannelButton channel={channel} acts={acts} />
      </div>
      {channel.recent.length > 0 && (
        <details>
          <summary className="w-fit cursor-pointer text-[13px] text-muted max-sm:py-2.5">
            Last messages<span className="sr-only"> of {channel.name}</span>
          </summary>
          <ul
            aria-label={`Last messages of ${channel.name}`}
            className="mt-1 flex flex-col gap-1 text-[13px]"
          >
            {channel.recent.map((each) => (
              <li key={each.id} className="flex flex-wrap gap-x-2">
                <When ms={each.atMs} />
                <span className={COLOURS[each.state]}>
                  {each.state}
                  {each.attempts > 1 && ` after ${each.attempts} attempts`}
                </span>
                <span className="min-w-0 break-names">{each.title}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </li>
  )
}

function State({
  channel: { failingSinceMs, lastSentAtMs, error, waiting, nextAttemptAtMs },
}: {
  channel: ChannelView
}) {
  const last =
    lastSentAtMs === null ? (
      'nothing was sent yet'
    ) : (
      <>
        last sent <When ms={lastSentAtMs} />
      </>
    )
  const left = waiting > 0 && (
    <>
      {' '}
      · {waiting === 1 ? '1 message waits' : `${waiting} messages wait`}
      {nextAttemptAtMs !== null && (
        <>
          , next attempt <When ms={nextAttemptAtMs} />
        </>
      )}
    </>
  )
  if (failingSinceMs === null)
    return (
      <p className="flex flex-wrap items-baseline gap-x-1 text-[13px] text-muted">
        {lastSentAtMs === null ? (
          <CircleDashed aria-hidden="true" className="size-3.5 shrink-0 translate-y-0.5" />
        ) : (
          <CircleCheck aria-hidden="true" className="size-3.5 shrink-0 translate-y-0.5 text-ok" />
        )}
        <span>
          {last}
          {left}
        </span>
      </p>
    )
  return (
    <div role="status" className="text-[13px]">
      <p className="flex items-baseline gap-1 text-danger">
        <TriangleAlert aria-hidden="true" className="size-3.5 shrink-0 translate-y-0.5" />
        <span className="min-w-0 break-names">
          <span className="font-medium">
            failing since <When ms={failingSinceMs} />
          </span>
          : {error}
        </span>
      </p>
      <p className="text-muted">
        {last}
        {left}
      </p>
    </div>
  )
}
