// Opening an SQLite file that only its owner reads: durable, brought to the newest tables, damage said in our words.
import { closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { Problem } from './base/errors.js';

/** What is told where the file is damaged. */
export interface Damage {
  readonly message: string;
  readonly hint: string;
}

/**
 * Opens a file, 0600, and makes it where there is none; every commit is durable.
 * @param migrations applied in order, each once; never edited, only added to
 * @throws Problem `integrity` where the file is damaged, `failed` where a newer release wrote it
 */
export function openOwned(path: string, migrations: readonly string[], { message, hint }: Damage): Database.Database {
  // SQLite gives its own files the rights of this one.
  closeSync(openSync(path, 'a', 0o600));
  const db = new Database(path);
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    migrate(db, migrations);
    return db;
  } catch (thrown) {
    db.close();
    const { code } = thrown as { code?: string };
    if (code !== 'SQLITE_NOTADB' && code?.startsWith('SQLITE_CORRUPT') !== true) throw thrown;
    throw new Problem('integrity', message, { cause: thrown, hint });
  }
}

function migrate(db: Database.Database, migrations: readonly string[]): void {
  const version = (): number => db.pragma('user_version', { simple: true }) as number;
  if (version() > migrations.length) throw new Problem('failed', `${db.name} was written by a newer release of 3bot`, { hint: 'install the newest release' });
  if (version() === migrations.length) return;
  // Immediate, so that two processes that open a new file do not both begin.
  db.transaction(() => {
    for (const [i, sql] of migrations.entries()) {
      if (i < version()) continue;
      db.exec(sql);
      db.pragma(`user_version = ${i + 1}`);
    }
  }).immediate();
}

/**
 * Opens a file for reading only, for who would rather have nothing than wait: a quarter of a second at most for a writer.
 * @throws what SQLite throws: there is no file, or it is no database
 */
export function openToRead(path: string): Database.Database {
  return new Database(path, { readonly: true, fileMustExist: true, timeout: 250 });
}
