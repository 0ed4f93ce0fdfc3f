// The command that the page shows does what its filters say, pasted into any shell.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildCommand, splitLine } from '../../commands/parse.js';
import { commandFor, FILTERS, filtersOf, quoted } from '../../src/explorer/page/command.js';
import { routeOf } from '../../src/explorer/page/address.js';

describe('the command', () => {
  for (const [title, query, command] of [
    ['nothing asked: look around', '', '3bot explore'],
    ['no amount: look around there', 'location=BE', '3bot explore --location BE'],
    ['amounts, in the order of the flags', 'ssd=100&cpu=4', '3bot reserve --cpu 4 --ssd 100'],
    ['a node as a whole', 'dedicated=true&for=365d', '3bot reserve --for 365d --dedicated'],
    ['what a shell would read', 'cpu=1&location=%24(reboot)%3B', "3bot reserve --cpu 1 --location '$(reboot);'"],
    ['a quote', "cpu=1&location=C%C3%B4te d'Ivoire", "3bot reserve --cpu 1 --location 'Côte d'\\''Ivoire'"],
    ['empty fields and unknown ones', 'cpu=&memory=+&rm=-rf&hdd=1TiB', '3bot reserve --hdd 1TiB'],
  ] as const) {
    test(title, () => assert.equal(commandFor(filtersOf(new URLSearchParams(query))), command));
  }

  test('any word comes out of a shell as it went in', () => {
    for (const word of ["a'b", '$HOME', '`id`', 'a b', '*', '\\', '"', '!', '#', '~', "''", '-n', 'ü', 'a\nb']) {
      assert.equal(spawnSync('sh', ['-c', `printf %s ${quoted(word)}`], { encoding: 'utf8' }).stdout, word, JSON.stringify(word));
    }
  });
});

describe('every command that the page names', () => {
  const folder = fileURLToPath(new URL('../../../src/explorer/page/', import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.tsx'));
  const written = files.flatMap((file) => [...readFileSync(folder + file, 'utf8').matchAll(/(?:<code>|text="|`)3bot ([^<"`]+)/g)].map(([, line = '']) => line.replaceAll(/\$?\{[^}]*\}+/g, 'X')));
  const made = [{}, { cpu: '1' }].map((more) => commandFor({ ...Object.fromEntries(FILTERS.filter((name) => !(name in { cpu: 1, memory: 1, ssd: 1, hdd: 1, ipv4: 1, dedicated: 1 })).map((name) => [name, 'X'])), ...more }).slice('3bot '.length));

  for (const line of new Set([...written, ...made])) {
    test(`3bot ${line} is one`, async () => {
      const { entry, words, rest } = splitLine(line.split(' '));
      assert.ok(entry !== undefined, 'no such command');
      const flags = new Set((await buildCommand(entry, (await entry.load()).command)).options.map(({ long }) => long));
      for (const flag of rest.filter((word) => word.startsWith('--') && !words.includes(word))) assert.ok(flags.has(flag), `it has no ${flag}`);
    });
  }

  test('and some are found', () => assert.ok(written.length > 5, String(written.length)));
});

describe('an address', () => {
  for (const [hash, view, id, query] of [
    ['', '', '', ''],
    ['#/nodes?cpu=4&location=BE', 'nodes', '', 'cpu=4&location=BE'],
    ['#/receipt/ab12', 'receipt', 'ab12', ''],
    ['#/find?q=what%3F', 'find', '', 'q=what%3F'],
    ['#/farm/%E0%A4%A', 'farm', '', ''],
    ['#/farm/a%2Fb', 'farm', 'a/b', ''],
    ['#nonsense', 'nonsense', '', ''],
  ] as const) {
    test(`${hash === '' ? 'none' : hash} is read`, () => {
      const route = routeOf(hash);
      assert.deepEqual([route.view, route.id, route.query.toString()], [view, id, query]);
    });
  }
});
