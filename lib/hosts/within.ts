/** What `work` comes to, or `late` after `waitMs`; the work goes on. Rejects as `work` does until then. */
export async function within<T, L>(work: Promise<T>, waitMs: number, late: L): Promise<T | L> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const over = new Promise<L>((resolve) => {
    timer = setTimeout(() => resolve(late), waitMs)
  })
  return Promise.race([work, over]).finally(() => clearTimeout(timer))
}
