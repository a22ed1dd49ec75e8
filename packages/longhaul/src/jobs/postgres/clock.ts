/** The database's clock: the only one that is compared. */
export const clock = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint'
export const readClock = `SELECT ${clock} AS now`
