/**
 * Every column that holds secrets which `encryptSecret` wrote, by the owner `<table>/<id>`. Another kind of secret is one line
 * more: `npm run rotate` then writes it with the new key, too.
 */
export const SECRET_COLUMNS = [{ table: 'notification_channels', column: 'secrets' }] as const

/** Whose a stored secret is: copied into another row it can't be read. */
export const secretOwner = (table: (typeof SECRET_COLUMNS)[number]['table'], id: string): string =>
  `${table}/${id}`
