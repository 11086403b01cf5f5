import { ROLE_SENTENCES, ROLES, type Role } from '@/lib/access/permissions'
import { SelectField } from '@/components/ui/field'

/** The choice of a role, each with what it may do. */
export function RoleField({ role, label, className }: { role: Role; label: string; className?: string }) {
  // A new key where the role changed: a select that was shown keeps its first default.
  return (
    <SelectField
      key={role}
      label={label}
      name="role"
      defaultValue={role}
      {...(className === undefined ? {} : { className })}
    >
      {ROLES.map((each) => (
        <option key={each} value={each}>
          {each} – {ROLE_SENTENCES[each]}
        </option>
      ))}
    </SelectField>
  )
}
