import type * as channels from '@/app/notifications/actions'

/** The server actions on channels, handed down by the page. */
export interface ChannelActs {
  save: typeof channels.saveChannel
  remove: typeof channels.removeChannel
  test: typeof channels.submitTest
}
