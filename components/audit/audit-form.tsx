import { AUDIT_ACTS, auditWords } from '@/lib/access/audit-acts'
import { AUDIT_STATUSES } from '@/lib/access/audit-query'
import { PageLink } from '@/components/page-link'
import { auditPath } from '@/components/paths'
import { Button, buttonStyle } from '@/components/ui/button'
import { Field, SelectField } from '@/components/ui/field'

interface Props {
  /** What the address says, by the names of the fields. */
  given: Record<'person' | 'vm' | 'act' | 'result' | 'q' | 'from' | 'until', string>
  people: string[]
  /** The one in which times are typed. */
  timeZone: string
}

/** The search of the audit log: a plain form, so that it works without JavaScript and a result can be linked. */
export function AuditForm({ given, people, timeZone }: Props) {
  return (
    <form
      action={auditPath()}
      method="get"
      role="search"
      className="grid grid-cols-2 items-end gap-3 sm:grid-cols-4"
    >
      <Field
        label="Person"
        name="person"
        defaultValue={given.person}
        list="people"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
      />
      <datalist id="people">
        {people.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Field
        label="VM"
        name="vm"
        defaultValue={given.vm}
        placeholder="Name or UUID"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
      />
      <SelectField label="Act" name="act" defaultValue={given.act}>
        <option value="">every act</option>
        {AUDIT_ACTS.map((act) => (
          <option key={act} value={act}>
            {auditWords(act)}
          </option>
        ))}
      </SelectField>
      <SelectField label="Result" name="result" defaultValue={given.result}>
        <option value="">every result</option>
        {Object.entries(AUDIT_STATUSES).map(([status, word]) => (
          <option key={status} value={status}>
            {word}
          </option>
        ))}
      </SelectField>
      <Field
        label="From"
        name="from"
        type="datetime-local"
        defaultValue={given.from}
        className="max-sm:col-span-2"
      />
      <Field
        label="Until"
        name="until"
        type="datetime-local"
        defaultValue={given.until}
        className="max-sm:col-span-2"
      />
      <Field
        label="Text"
        name="q"
        type="search"
        defaultValue={given.q}
        placeholder="In anything recorded"
        autoComplete="off"
        className="max-sm:col-span-2"
      />
      <div className="flex gap-2 max-sm:col-span-2">
        <Button type="submit" className="flex-1">
          Search
        </Button>
        <PageLink href={auditPath()} className={buttonStyle({ variant: 'outline' })}>
          Show all
        </PageLink>
      </div>
      <p className="col-span-full text-[13px] text-muted">
        Times are typed in the server’s time zone, {timeZone}.
      </p>
    </form>
  )
}
