/** `muniment backup`: log, vault and sessions as of one instant, beside a running server or without one. */
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeBackup } from '../infra/backup/make-backup.ts';
import { BackupUnusable, type ManifestBody } from '../infra/backup/manifest.ts';
import { refuseHalfRestored } from '../infra/backup/restore-mark.ts';
import { newSealing } from '../infra/backup/sealing.ts';
import { CannotDo, onlyArgument, subcommand } from './command-line.ts';
import { type Output, writeJson, writeTable } from './format.ts';
import { configured, deploymentKeyFile } from './reader.ts';

const HELP = `muniment backup FOLDER [options]

  FOLDER                  a new folder for the backup; an existing one is refused
  --include-key           puts the deployment key into the backup; without it, keep a copy of the key elsewhere
  --passphrase-file FILE  seals every file of the backup with the first line of FILE
  --json                  one JSON object
  --help                  this text

The folder of the server is the one that MUNIMENT_DATA names. The server may run: it is not stopped and waits for
nothing. Log, vault and sessions are as they were at one instant after the start of this command. Read models are left
out: the server builds them anew.
Whoever has the backup and the deployment key can read everything in it: keep the two apart, or seal the backup.
`;

const PROGRESS_SHARE = 0.1;

export const run = (args: readonly string[]): Promise<number> =>
  subcommand(HELP, async (output) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'include-key': { type: 'boolean', default: false },
        'passphrase-file': { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return await output.line(HELP).then(() => 0);
    const target = resolve(onlyArgument(positionals, 'the folder for the backup'));
    const configuration = configured();
    const keyFile = deploymentKeyFile(configuration);
    const passphrase = await passphraseIn(values['passphrase-file']);
    try {
      refuseHalfRestored(configuration.data);
      const manifest = await makeBackup({
        directory: configuration.data,
        target,
        version: productVersion(),
        keyFile: values['include-key'] ? keyFile : null,
        sealing: passphrase === null ? null : await newSealing(passphrase),
        progress: byTenths(output),
      });
      await report({ manifest, target, keyFile, json: values.json }, output);
      return 0;
    } catch (error) {
      throw unusable(error);
    }
  });

/** The first line of the file. Throws {@link CannotDo}. */
export async function passphraseIn(file: string | undefined): Promise<string | null> {
  if (file === undefined) return null;
  if (!existsSync(file)) throw new CannotDo(`there is no passphrase file ${file}\n`);
  const [line = ''] = (await readFile(file, 'utf8')).split(/\r?\n/, 1);
  if (line === '') throw new CannotDo(`the first line of ${file} is empty\n`);
  return line;
}

/** What stops a backup or a restore is for the operator to read. */
export const unusable = (error: unknown): unknown =>
  error instanceof BackupUnusable ? new CannotDo(`${error.message}\n`) : error;

export const productVersion = (): string =>
  String(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version);

function byTenths(output: Output): (file: string, share: number) => void {
  let next = '';
  return (file, share) => {
    const text = `${file}: ${Math.floor(share / PROGRESS_SHARE) * 10} %`;
    if (text !== next) output.progress(text);
    next = text;
  };
}

interface Made {
  readonly manifest: ManifestBody;
  readonly target: string;
  readonly keyFile: string;
  readonly json: boolean;
}

async function report({ manifest, target, keyFile, json }: Made, output: Output): Promise<void> {
  const { log, vault, transient, deploymentKey, seal } = manifest;
  if (json) return await writeJson(output, { backup: target, ...manifest });
  await writeTable(output, [
    ['backup', target],
    ['log', `${log.events} events to position ${log.head}, log ${log.identity}`],
    ['vault', `keys of ${vault.subjects} people, ${vault.erased} erased`],
    ['sessions', `${transient.entries} entries`],
    ['sealed', seal === null ? 'no' : 'with the passphrase'],
    ['deployment key', deploymentKey === 'included' ? 'in the backup' : 'not in the backup'],
  ]);
  await output.line('');
  if (deploymentKey === 'not-included') {
    await output.line(
      `Keep a copy of ${keyFile} in another place: without it nothing personal in the backup can be read.`,
    );
  } else if (seal === null) {
    await output.line('Whoever has this folder can read everything in it: the key lies beside what it opens.');
  }
  await output.line(
    'Keep it no longer than the term in which you promise erasure: it holds the keys of all people of today.',
  );
}
