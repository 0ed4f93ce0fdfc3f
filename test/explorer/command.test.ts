// The command that the page shows does what its filters say, pasted into any shell.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { commandFor, filtersOf, quoted } from '../../src/explorer/page/command.js';
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
