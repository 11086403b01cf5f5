import { listPath } from '@/components/paths'
import { inputStyle } from '@/components/ui/field'
import { Button } from '@/components/ui/button'
import { classNames } from '@/components/class-names'
import { SORTS, type ListQuery } from '@/components/list/list-query'

/** Search and order of the list: a plain form, so that it works without JavaScript and a result can be linked. */
export function SearchForm({ query }: { query: ListQuery }) {
  return (
    <form
      action={listPath()}
      method="get"
      role="search"
      className="flex flex-wrap items-center gap-2 max-sm:w-full"
    >
      <input
        type="search"
        name="q"
        defaultValue={query.q}
        aria-label="Search"
        placeholder="Name, host, UUID or file"
        autoComplete="off"
        className={classNames(inputStyle, 'w-64 max-sm:w-full')}
      />
      <label className="flex items-center gap-2 text-sm text-muted max-sm:flex-1">
        Sort
        <select
          name="sort"
          defaultValue={query.sort}
          className={classNames(inputStyle, 'w-auto pr-8 text-ink max-sm:w-full')}
        >
          {Object.entries(SORTS).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <Button type="submit" variant="outline">
        Search
      </Button>
    </form>
  )
}
