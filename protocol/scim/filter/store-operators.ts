/** The filter operators of RFC 7644 §3.4.2.2, as the read store names them. */
export const STORE_OPERATORS = {
  eq: 'eq',
  ne: 'ne',
  gt: 'gt',
  ge: 'ge',
  lt: 'lt',
  le: 'le',
  co: 'contains',
  sw: 'prefix',
  ew: 'suffix',
} as const;
