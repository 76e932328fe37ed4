/** Reads the environment once, at the start, into one frozen object. Anything wrong stops the start and says what. */
import { readFileSync } from 'node:fs';
import { type BlockList, isIP } from 'node:net';
import { resolve } from 'node:path';
import {
  documentationOf,
  type Environment,
  environmentSchema,
  type KeyDocumentation,
  type KeyName,
  keyNames,
  type Role,
} from './environment.ts';
import { nearestName } from './nearest-name.ts';

export type TlsChoice =
  | { readonly mode: 'off' }
  | { readonly mode: 'auto' }
  | { readonly mode: 'files'; readonly certificateFile: string; readonly keyFile: string };

export interface Configuration {
  readonly port: number;
  readonly host: string;
  /** Public origin, no trailing slash. */
  readonly url: string;
  readonly tls: TlsChoice;
  /** Absolute path. */
  readonly data: string;
  /** `password` null: generate one. */
  readonly admin: { readonly userName: string; readonly password: string | null };
  readonly superTenant: string;
  readonly roles: ReadonlySet<Role>;
  readonly stores: {
    readonly events: 'embedded';
    readonly reads: 'embedded';
    readonly transient: 'embedded';
    readonly stream: 'embedded';
  };
  readonly durability: 'full' | 'normal';
  readonly passwordHash: {
    readonly memoryKiB: number;
    readonly passes: number;
    readonly lanes: number;
    readonly concurrency: number;
    readonly queueMax: number;
  };
  readonly showLoginFailureReason: boolean;
  readonly logLevel: 'info' | 'warn' | 'error' | 'silent';
  /** Null: off. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  /** Client library for a log on a server. */
  readonly eventStoreDriver: 'eventstore' | 'kurrent';
  /** Null: off. */
  readonly eventStoreEndpoint: { readonly host: string; readonly port: number } | null;
  readonly traces: boolean;
  /** Null: no peer is trusted. */
  readonly trustedProxies: BlockList | null;
  /** Absolute path; null: made under the data folder. */
  readonly masterKeyFile: string | null;
}

export class ConfigurationInvalid extends Error {
  /** One sentence each. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigurationInvalid';
    this.problems = problems;
  }
}

const PREFIX = 'MUNIMENT_';
const FILE_SUFFIX = '_FILE';
/** Read by the test suite, and inherited by the servers that it starts. */
const TEST_SWITCHES: readonly string[] = [
  'MUNIMENT_REQUIRE_BACKENDS',
  'MUNIMENT_CACHE',
  'MUNIMENT_FUZZ_RUNS',
  'MUNIMENT_FUZZ_SEED',
  'MUNIMENT_LDAPS_URL',
  'MUNIMENT_LDAP_BASE',
  'MUNIMENT_LDAP_BIND_DN',
  'MUNIMENT_LDAP_BIND_PASSWORD',
  'MUNIMENT_LDAP_CA_FILE',
  'MUNIMENT_LDAP_DATA',
  'MUNIMENT_LDAP_PORT',
  'MUNIMENT_LDAP_URL',
  'MUNIMENT_MONGO_DATA',
  'MUNIMENT_MONGO_PORT',
  'MUNIMENT_MONGO_SYNC',
  'MUNIMENT_MONGO_URL',
  'MUNIMENT_TEST_CLIENTS',
];

const isSecret = (name: KeyName): boolean => documentationOf(name).secret === true;
const fileNames = keyNames.filter(isSecret).map((name) => `${name}${FILE_SUFFIX}`);
const known: readonly string[] = [...keyNames, ...fileNames, ...TEST_SWITCHES];

/** Throws {@link ConfigurationInvalid} with everything that is wrong, not only the first. */
export function readConfiguration(variables: Readonly<Record<string, string | undefined>>): Configuration {
  const problems = unknownNames(variables);
  const given = givenValues(variables, problems);
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map(({ path }) => path[0] as KeyName));
    for (const name of names) problems.push(wrongValue(name, given[name] ?? ''));
  } else {
    problems.push(...contradictions(parsed.data));
  }
  if (!parsed.success || problems.length > 0) throw new ConfigurationInvalid(problems);
  return asConfiguration(parsed.data);
}

/** Every variable with its default, unit and sentence, for the manual and `muniment doctor`. */
export function describeConfiguration(): readonly (KeyDocumentation & { readonly name: string })[] {
  return keyNames.map((name) => ({ name, ...documentationOf(name) }));
}

/** What an operator should know although the server starts. */
export function configurationWarnings(configuration: Configuration): readonly { event: string; action: string }[] {
  const { tls, host, url } = configuration;
  if (tls.mode !== 'off' || isLoopback(host) || url.startsWith('https:')) return [];
  return [
    {
      event: 'config.tls.off',
      action:
        `Passwords and tokens cross the network in clear text: the server listens on ${host} without TLS. ` +
        'Set MUNIMENT_TLS, or put a TLS proxy in front and its address into MUNIMENT_URL.',
    },
  ];
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

function unknownNames(variables: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(variables)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .map((name) => {
      const nearest = nearestName(name, known);
      return `${name} is not a variable of Muniment.${nearest === null ? '' : ` Is ${nearest} meant?`}`;
    });
}

/** An empty variable counts as absent: that is how container tools pass one that nobody set. */
function givenValues(
  variables: Readonly<Record<string, string | undefined>>,
  problems: string[],
): Partial<Record<KeyName, string>> {
  const given: Partial<Record<KeyName, string>> = {};
  for (const name of keyNames) {
    const value = variables[name];
    if (value !== undefined && value !== '') given[name] = value;
    if (!isSecret(name)) continue;
    const file = variables[`${name}${FILE_SUFFIX}`];
    if (file === undefined || file === '') continue;
    if (given[name] !== undefined) problems.push(`${name} and ${name}${FILE_SUFFIX} are both set. Set one of them.`);
    const content = secretIn(file);
    if (content === null)
      problems.push(`${name}${FILE_SUFFIX} is "${file}", which cannot be read. Allowed: a readable file.`);
    else given[name] = content;
  }
  return given;
}

function secretIn(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

function wrongValue(name: KeyName, value: string): string {
  const { allowed, secret } = documentationOf(name);
  const seen = secret === true ? `a secret of ${value.length} characters` : `"${value}"`;
  return `${name} is ${seen}. Allowed: ${allowed}.`;
}

function contradictions(environment: Environment): readonly string[] {
  return [
    ...tlsContradictions(environment),
    ...roleContradictions(environment),
    ...endpointContradictions(environment),
  ];
}

/** One process writes the embedded stores, so one process does everything. */
function roleContradictions({ MUNIMENT_ROLES: roles }: Environment): readonly string[] {
  if (roles.has('http') && roles.has('projector')) return [];
  return [`MUNIMENT_ROLES is "${[...roles].join(',')}". Allowed with embedded stores: http,projector.`];
}

function endpointContradictions(environment: Environment): readonly string[] {
  const { MUNIMENT_EVENTSTORE_ENDPOINT_HOST: host, MUNIMENT_EVENTSTORE_ENDPOINT_CLEAR_TEXT: clear } = environment;
  if (environment.MUNIMENT_EVENTSTORE_ENDPOINT === 'off' || environment.MUNIMENT_TLS !== 'off') return [];
  if (clear === 'anywhere' || isLoopback(host)) return [];
  return [
    `MUNIMENT_EVENTSTORE_ENDPOINT_HOST is "${host}" without TLS. Allowed: loopback, or MUNIMENT_TLS, or ` +
      'MUNIMENT_EVENTSTORE_ENDPOINT_CLEAR_TEXT=anywhere.',
  ];
}

function tlsContradictions(environment: Environment): readonly string[] {
  const { MUNIMENT_TLS: tls, MUNIMENT_TLS_CERT_FILE: certificate, MUNIMENT_TLS_KEY_FILE: keyFile } = environment;
  const complete = certificate !== null && keyFile !== null;
  if (tls === 'files' && !complete)
    return ['MUNIMENT_TLS is "files", which needs MUNIMENT_TLS_CERT_FILE and MUNIMENT_TLS_KEY_FILE.'];
  if (tls !== 'files' && (certificate !== null || keyFile !== null)) {
    return [`MUNIMENT_TLS is "${tls}", and certificate files are named. Allowed with them: files.`];
  }
  return [];
}

function tlsChoice(environment: Environment): TlsChoice {
  const { MUNIMENT_TLS: mode, MUNIMENT_TLS_CERT_FILE: certificate, MUNIMENT_TLS_KEY_FILE: keyFile } = environment;
  if (mode !== 'files' || certificate === null || keyFile === null) return { mode: mode === 'auto' ? 'auto' : 'off' };
  return { mode, certificateFile: resolve(certificate), keyFile: resolve(keyFile) };
}

function asConfiguration(environment: Environment): Configuration {
  const port = environment.MUNIMENT_PORT;
  const tls = tlsChoice(environment);
  const masterKeyFile = environment.MUNIMENT_MASTER_KEY_FILE;
  return deepFreeze({
    port,
    host: environment.MUNIMENT_HOST,
    url: environment.MUNIMENT_URL ?? `${tls.mode === 'off' ? 'http' : 'https'}://localhost:${port}`,
    tls,
    data: resolve(environment.MUNIMENT_DATA),
    admin: { userName: environment.MUNIMENT_ADMIN_USERNAME, password: environment.MUNIMENT_ADMIN_PASSWORD },
    superTenant: environment.MUNIMENT_SUPER_TENANT,
    roles: environment.MUNIMENT_ROLES,
    stores: {
      events: environment.MUNIMENT_EVENT_STORE,
      reads: environment.MUNIMENT_READ_STORE,
      transient: environment.MUNIMENT_TRANSIENT_STORE,
      stream: environment.MUNIMENT_STREAM,
    },
    durability: environment.MUNIMENT_DURABILITY,
    passwordHash: {
      memoryKiB: environment.MUNIMENT_ARGON2_MEMORY_KIB,
      passes: environment.MUNIMENT_ARGON2_PASSES,
      lanes: environment.MUNIMENT_ARGON2_LANES,
      concurrency: environment.MUNIMENT_HASH_CONCURRENCY,
      queueMax: environment.MUNIMENT_HASH_QUEUE_MAX,
    },
    showLoginFailureReason: environment.MUNIMENT_SHOW_LOGIN_FAILURE_REASON === 'on',
    logLevel: environment.MUNIMENT_LOG_LEVEL,
    metrics:
      environment.MUNIMENT_METRICS === 'on'
        ? { host: environment.MUNIMENT_METRICS_HOST, port: environment.MUNIMENT_METRICS_PORT }
        : null,
    eventStoreDriver: environment.MUNIMENT_EVENT_STORE_DRIVER,
    eventStoreEndpoint:
      environment.MUNIMENT_EVENTSTORE_ENDPOINT === 'on'
        ? { host: environment.MUNIMENT_EVENTSTORE_ENDPOINT_HOST, port: environment.MUNIMENT_EVENTSTORE_ENDPOINT_PORT }
        : null,
    traces: environment.MUNIMENT_TRACES === 'on',
    trustedProxies: environment.MUNIMENT_TRUSTED_PROXIES,
    masterKeyFile: masterKeyFile === null ? null : resolve(masterKeyFile),
  });
}

function deepFreeze(configuration: Configuration): Configuration {
  for (const part of [configuration.tls, configuration.admin, configuration.stores, configuration.passwordHash]) {
    Object.freeze(part);
  }
  if (configuration.metrics !== null) Object.freeze(configuration.metrics);
  if (configuration.eventStoreEndpoint !== null) Object.freeze(configuration.eventStoreEndpoint);
  return Object.freeze(configuration);
}
