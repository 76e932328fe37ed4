/** `muniment restore`: a backup into an empty data folder, verified before anything is written. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type Backup,
  beginRestore,
  deploymentKeyFor,
  finishRestore,
  openBackup,
  refuseUsedFolder,
} from '../infra/backup/restore-backup.ts';
import { SealBroken } from '../infra/backup/sealing.ts';
import type { Configuration } from '../infra/config/config.ts';
import { passphraseIn, unusable } from './backup.ts';
import { CannotDo, onlyArgument, subcommand } from './command-line.ts';
import { type ErasedSubject, eraseAgain, erasedIn } from './erase-again.ts';
import { type Output, writeJson, writeTable } from './format.ts';
import { configured } from './reader.ts';

const HELP = `muniment restore BACKUP [options]

  BACKUP                  a folder that \`muniment backup\` made
  --data FOLDER           where to; absent or empty. Default: the folder that MUNIMENT_DATA names
  --key FILE              the deployment key the backup was made with, unless the backup holds it
  --erasures FILE         erases again who was erased after the backup: lines as
                          \`muniment events --type identity.user.erased.v1 --json\` prints them from a newer log
  --passphrase-file FILE  opens a sealed backup with the first line of FILE
  --json                  one JSON object
  --help                  this text

Everything is verified before the first byte is written. Interrupted, the folder is refused by the server until the same
command has ended. The restored log gets a new identity: what stands behind the backup elsewhere (read models on a
server, consumers of a stream) is refused and must be built anew.
`;

export interface Restore {
  readonly backup: string;
  readonly keyFile: string | null;
  readonly erasuresFile: string | null;
  readonly passphraseFile: string | undefined;
  readonly json: boolean;
}

export const run = (args: readonly string[]): Promise<number> =>
  subcommand(HELP, async (output) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        key: { type: 'string' },
        erasures: { type: 'string' },
        'passphrase-file': { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return await output.line(HELP).then(() => 0);
    const backup = resolve(onlyArgument(positionals, 'the folder of the backup'));
    const configuration = configured();
    const data = values.data === undefined ? configuration.data : resolve(values.data);
    const restore: Restore = {
      backup,
      keyFile: values.key ?? null,
      erasuresFile: values.erasures ?? null,
      passphraseFile: values['passphrase-file'],
      json: values.json,
    };
    try {
      await restoreInto({ ...configuration, data }, restore, output);
      return 0;
    } catch (error) {
      if (error instanceof SealBroken) throw new CannotDo(`${error.message}\n`);
      throw unusable(error);
    }
  });

async function restoreInto(configuration: Configuration, restore: Restore, output: Output): Promise<void> {
  const { data, masterKeyFile } = configuration;
  await refuseUsedFolder(data);
  const erased = restore.erasuresFile === null ? null : await erasuresIn(restore.erasuresFile);
  output.progress('verifying the backup');
  const backup = await openBackup(restore.backup, await passphraseIn(restore.passphraseFile));
  const key = await deploymentKeyFor(backup, keyFileOf(backup, restore, configuration));
  // Where a file elsewhere is configured the server reads that one.
  const isElsewhere = masterKeyFile !== null;
  if (isElsewhere) await refuseOtherKey(backup, masterKeyFile);
  const progress = (file: string): void => output.progress(`writing ${file}`);
  await beginRestore({ backup, directory: data, key: isElsewhere ? null : key, progress });
  const again = erased === null ? 0 : await eraseAgain(configuration, erased);
  await finishRestore(data);
  await report({ data, backup, again, restore }, output);
}

function keyFileOf({ manifest }: Backup, { keyFile }: Restore, { masterKeyFile }: Configuration): string | null {
  if (keyFile !== null || manifest.deploymentKey === 'included') return keyFile;
  return masterKeyFile;
}

async function refuseOtherKey(backup: Backup, masterKeyFile: string): Promise<void> {
  if (!existsSync(masterKeyFile))
    throw new CannotDo(`put the deployment key to ${masterKeyFile}, which MUNIMENT_MASTER_KEY_FILE names\n`);
  await deploymentKeyFor(backup, masterKeyFile);
}

async function erasuresIn(file: string): Promise<readonly ErasedSubject[]> {
  if (!existsSync(file)) throw new CannotDo(`there is no list of erasures ${file}\n`);
  return erasedIn(await readFile(file, 'utf8'));
}

interface Restored {
  readonly data: string;
  readonly backup: Backup;
  readonly again: number;
  readonly restore: Restore;
}

async function report({ data, backup, again, restore }: Restored, output: Output): Promise<void> {
  const { createdAt, version, log, vault } = backup.manifest;
  const erasedAgain = restore.erasuresFile === null ? null : again;
  if (restore.json) return await writeJson(output, { data, createdAt, version, ...log, erasedAgain });
  await writeTable(output, [
    ['restored', data],
    ['backup of', `${createdAt}, made by version ${version}`],
    ['log', `${log.events} events to position ${log.head}`],
    ['vault', `keys of ${vault.subjects} people`],
    ['erased again', erasedAgain === null ? 'nobody: no list was given' : String(erasedAgain)],
  ]);
  await output.line('');
  if (erasedAgain === null) {
    await output.line(
      `Whoever was erased after ${createdAt} can be read again. Erase them again (--erasures), or by EraseUser.`,
    );
  }
  await output.line(
    'Tokens that were issued after the backup may still be valid: rotate the signing keys of each tenant.',
  );
  await output.line('Start the server, which builds the read models anew, then run `muniment doctor`.');
}
