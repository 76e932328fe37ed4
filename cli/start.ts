/** `muniment start`: the server, until it is told to stop. */
import { ConfigurationInvalid, configurationWarnings, readConfiguration } from '../infra/config/config.ts';
import { releaseStartMemory } from '../infra/memory/start-memory.ts';
import { createTelemetry } from '../infra/telemetry/create-telemetry.ts';
import { loadTls } from '../infra/tls/tls.ts';
import { type RunningServer, startServer } from './server.ts';

const USAGE = `muniment start

Starts the server in the foreground. Everything is configured by environment variables MUNIMENT_*; see README.md.
SIGTERM and SIGINT stop it: requests in progress end first.
`;

const STOP_MS_MAX = 15_000;

export async function run(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (args.length > 0) {
    process.stderr.write(`unknown option ${args[0]}\n\n${USAGE}`);
    return 2;
  }
  try {
    return await serve();
  } catch (error) {
    // What stops a start is for the operator to read: the message, not the stack.
    process.stderr.write(`Muniment cannot start: ${(error as Error).message}\n`);
    if (!(error instanceof ConfigurationInvalid) && process.env['MUNIMENT_LOG_LEVEL'] === 'info') throw error;
    return 1;
  }
}

async function serve(): Promise<number> {
  const configuration = readConfiguration(process.env);
  const { logLevel, metrics, traces } = configuration;
  const telemetry = await createTelemetry({ logLevel, metrics: metrics !== null, traces });
  for (const { event, action } of configurationWarnings(configuration)) telemetry.log.warn(event, { action });
  const tls = await loadTls(configuration);
  const server = await startServer({ configuration, telemetry, tls });
  announce(server, configuration.admin.userName);
  releaseStartMemory();
  await stopSignal();
  const deadline = setTimeout(() => process.exit(1), STOP_MS_MAX);
  deadline.unref();
  await server.close();
  return 0;
}

function announce({ url, password }: RunningServer, adminName: string): void {
  process.stdout.write(`Muniment is ready at ${url}\n`);
  if (password !== null) process.stdout.write(`Administrator: ${adminName}   password (shown once): ${password}\n`);
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
}

// As the entry of a process: what `muniment start` turns into.
if (import.meta.main) process.exitCode = await run(process.argv.slice(2));
