/** Every variable of the environment that Muniment reads: what it may be, what it is when absent, what it is for. */

import { BlockList, isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { z } from 'zod';

export interface KeyDocumentation {
  /** What counts when the variable is absent; null: nothing. */
  readonly fallback: string | null;
  /** Null: the value is no quantity. */
  readonly unit: string | null;
  readonly allowed: string;
  readonly meaning: string;
  /** Never printed, and may come from a file named by `<NAME>_FILE`. */
  readonly secret?: true;
}

export const documentation = z.registry<KeyDocumentation>();

type Text<Value> = z.ZodType<Value, string>;
type Details = Omit<KeyDocumentation, 'fallback'>;

const key = <Value>(schema: Text<Value>, fallback: string, details: Details) =>
  schema.prefault(fallback).register(documentation, { ...details, fallback });

const optional = <Value>(schema: Text<Value>, details: Details) =>
  schema
    .optional()
    .transform((value) => value ?? null)
    .register(documentation, { ...details, fallback: null });

const whole = (min: number, max: number): Text<number> =>
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .refine((value) => value >= min && value <= max);

const between = (min: number, max: number, unit: string) => ({
  unit,
  allowed: `a whole number from ${min} to ${max}`,
});

const oneOf = <const Choice extends string>(...choices: readonly [Choice, ...Choice[]]) => z.enum(choices);
const choice = (...choices: readonly string[]) => ({ unit: null, allowed: `one of: ${choices.join(', ')}` });

/** Only the origin: every path of the server begins at the root. */
const origin: Text<string> = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href;
  if (isOrigin) return url.origin;
  context.addIssue({ code: 'custom', message: 'no origin' });
  return z.NEVER;
});

/** Address blocks, `10.0.0.0/8, ::1`. A bare address is a block of one. */
const addressBlocks: Text<BlockList> = z.string().transform((text, context) => {
  const blocks = new BlockList();
  for (const entry of text.split(',').map((part) => part.trim())) {
    const [address = '', bits, ...rest] = entry.split('/');
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const prefix = bits === undefined ? most : Number(bits);
    if (family === 0 || rest.length > 0 || bits === '' || !Number.isInteger(prefix) || prefix < 0 || prefix > most) {
      context.addIssue({ code: 'custom', message: 'no address block' });
      return z.NEVER;
    }
    blocks.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4');
  }
  return blocks;
});

const ROLES = ['http', 'projector'] as const;
export type Role = (typeof ROLES)[number];

const roles: Text<ReadonlySet<Role>> = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(z.enum(ROLES)).min(1))
  .transform((list) => new Set(list));

const path = z.string().min(1);
const anyPath = { unit: null, allowed: 'a path' };
const embedded = (what: string) =>
  key(oneOf('embedded'), 'embedded', {
    ...choice('embedded'),
    meaning: `Where ${what}. Only the embedded one exists in this version.`,
  });

const PORT_MAX = 65_535;
const HASH_MEMORY_KIB_MAX = 4_194_304;
const HASH_QUEUE_MAX = 100_000;

export const environmentSchema = z.object({
  MUNIMENT_PORT: key(whole(0, PORT_MAX), '8080', {
    ...between(0, PORT_MAX, 'TCP port'),
    meaning: 'Where the server listens. 0 takes any free port.',
  }),
  MUNIMENT_HOST: key(path, '127.0.0.1', {
    unit: null,
    allowed: 'an address or a host name of this machine',
    meaning:
      'Address to listen on. Without TLS the server is for this machine alone, so it stays on loopback unless told.',
  }),
  MUNIMENT_URL: optional(origin, {
    unit: null,
    allowed: 'an http or https origin without path, as https://id.example.com',
    meaning: 'Public base URL: issuer, links, redirect targets. Absent: http(s)://localhost with the port.',
  }),
  MUNIMENT_TLS: key(oneOf('off', 'auto', 'files'), 'off', {
    ...choice('off', 'auto', 'files'),
    meaning: 'auto makes a self-signed certificate under the data folder; files takes the two named below.',
  }),
  MUNIMENT_TLS_CERT_FILE: optional(path, { ...anyPath, meaning: 'PEM certificate chain, the leaf first.' }),
  MUNIMENT_TLS_KEY_FILE: optional(path, { ...anyPath, meaning: 'PEM private key of that certificate.' }),
  MUNIMENT_DATA: key(path, './data', {
    ...anyPath,
    meaning: 'Folder of the log, the read models, the vault and the keys.',
  }),
  MUNIMENT_ADMIN_USERNAME: key(z.string().min(3).max(50), 'admin', {
    unit: null,
    allowed: '3 to 50 characters',
    meaning: 'User name of the administrator whom the first start creates.',
  }),
  MUNIMENT_ADMIN_PASSWORD: optional(z.string().min(8).max(1_024), {
    unit: null,
    allowed: '8 to 1024 characters',
    meaning: 'Password of that administrator. Absent: one is generated and printed once.',
    secret: true,
  }),
  MUNIMENT_SUPER_TENANT: key(z.string().regex(/^[a-z0-9][a-z0-9.-]{0,253}$/), 'carbon.super', {
    unit: null,
    allowed: 'small letters, digits, dots and hyphens',
    meaning: 'Handle of the super organization; fixed by the first start.',
  }),
  MUNIMENT_ROLES: key(roles, ROLES.join(','), {
    unit: null,
    allowed: `a list, separated by commas, of: ${ROLES.join(', ')}`,
    meaning: 'What this process does.',
  }),
  MUNIMENT_EVENT_STORE: embedded('the log is'),
  MUNIMENT_READ_STORE: embedded('read models are'),
  MUNIMENT_TRANSIENT_STORE: embedded('sessions, codes and grants are'),
  MUNIMENT_STREAM: embedded('events are carried onwards'),
  MUNIMENT_DURABILITY: key(oneOf('full', 'normal'), 'full', {
    ...choice('full', 'normal'),
    meaning: 'full: a change is answered when it is on the disk. normal: a power cut may lose the last moments.',
  }),
  MUNIMENT_ARGON2_MEMORY_KIB: key(whole(7_168, HASH_MEMORY_KIB_MAX), '19456', {
    ...between(7_168, HASH_MEMORY_KIB_MAX, 'KiB'),
    meaning: 'Memory of one password hash.',
  }),
  MUNIMENT_ARGON2_PASSES: key(whole(1, 100), '2', {
    ...between(1, 100, 'passes'),
    meaning: 'Passes of one password hash.',
  }),
  MUNIMENT_ARGON2_LANES: key(whole(1, 16), '1', { ...between(1, 16, 'lanes'), meaning: 'Lanes of one password hash.' }),
  MUNIMENT_HASH_CONCURRENCY: key(whole(1, 1_024), String(availableParallelism()), {
    ...between(1, 1_024, 'hashes'),
    meaning: 'Password hashes computed at once; the number of cores when absent.',
  }),
  MUNIMENT_HASH_QUEUE_MAX: key(whole(0, HASH_QUEUE_MAX), '1000', {
    ...between(0, HASH_QUEUE_MAX, 'hashes'),
    meaning: 'Password hashes that may wait. More are answered 503 with Retry-After.',
  }),
  MUNIMENT_SHOW_LOGIN_FAILURE_REASON: key(oneOf('off', 'on'), 'off', {
    ...choice('off', 'on'),
    meaning: 'on tells a failed sign-in why: unknown user, wrong password, locked, disabled. It lets names be guessed.',
  }),
  MUNIMENT_LOG_LEVEL: key(oneOf('info', 'warn', 'error', 'silent'), 'info', {
    ...choice('info', 'warn', 'error', 'silent'),
    meaning: 'The least severity that is logged.',
  }),
  MUNIMENT_METRICS: key(oneOf('off', 'on'), 'off', {
    ...choice('off', 'on'),
    meaning: 'Prometheus metrics, on a listener of their own and never on the public one.',
  }),
  MUNIMENT_METRICS_HOST: key(path, '127.0.0.1', {
    unit: null,
    allowed: 'an address or a host name of this machine',
    meaning: 'Address of the metrics listener. It asks for no credential: keep it inside.',
  }),
  MUNIMENT_METRICS_PORT: key(whole(0, PORT_MAX), '9464', {
    ...between(0, PORT_MAX, 'TCP port'),
    meaning: 'Port of the metrics listener, path /metrics.',
  }),
  MUNIMENT_EVENT_STORE_DRIVER: key(oneOf('eventstore', 'kurrent'), 'eventstore', {
    ...choice('eventstore', 'kurrent'),
    meaning:
      'Client library for a log on EventStoreDB. kurrent appends to several streams at once on KurrentDB 25.1 and later, ' +
      'and needs the optional package @kurrent/kurrentdb-client.',
  }),
  MUNIMENT_EVENTSTORE_ENDPOINT: key(oneOf('off', 'on'), 'off', {
    ...choice('off', 'on'),
    meaning: 'on lets auditors read the embedded log with any client of EventStoreDB; see docs/audit-access.md.',
  }),
  MUNIMENT_EVENTSTORE_ENDPOINT_HOST: key(path, '127.0.0.1', {
    unit: null,
    allowed: 'an address or a host name of this machine',
    meaning: 'Address of that listener. It has the TLS of MUNIMENT_TLS.',
  }),
  MUNIMENT_EVENTSTORE_ENDPOINT_PORT: key(whole(0, PORT_MAX), '2113', {
    ...between(0, PORT_MAX, 'TCP port'),
    meaning: 'Port of that listener. 0 takes any free port.',
  }),
  MUNIMENT_EVENTSTORE_ENDPOINT_CLEAR_TEXT: key(oneOf('loopback', 'anywhere'), 'loopback', {
    ...choice('loopback', 'anywhere'),
    meaning: 'Where that listener may be without TLS. Passwords of auditors cross the network in clear text then.',
  }),
  MUNIMENT_TRACES: key(oneOf('off', 'on'), 'off', {
    ...choice('off', 'on'),
    meaning: 'OpenTelemetry traces over OTLP/HTTP; where to and how many by the standard OTEL_ variables.',
  }),
  MUNIMENT_TRUSTED_PROXIES: optional(addressBlocks, {
    unit: null,
    allowed: 'addresses and CIDR blocks separated by commas, as 10.0.0.0/8,::1',
    meaning: 'Peers whose X-Forwarded-For is believed. Absent: nobody.',
  }),
  MUNIMENT_MASTER_KEY_FILE: optional(path, {
    ...anyPath,
    meaning: 'File of the deployment key that opens the vault. Absent: one is made under the data folder.',
  }),
});

export type Environment = z.infer<typeof environmentSchema>;
export type KeyName = keyof typeof environmentSchema.shape;
export const keyNames = Object.keys(environmentSchema.shape) as KeyName[];

export function documentationOf(name: KeyName): KeyDocumentation {
  const found = documentation.get(environmentSchema.shape[name]);
  if (found === undefined) throw new Error(`the variable ${name} has no documentation`);
  return found;
}
