// blueprint check, as people and scripts run it: without an identity, a grid or a network.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bot, botJson, tempHome } from '../../script.js';

const WILD = fileURLToPath(new URL('../../../../test/architect/file/wild/', import.meta.url));
const home = tempHome();

interface Checked { ok: boolean; name: string; parts: { name: string; services: { name: string; after: string[] }[] }[]; inputs: { name: string }[]; faults: { line: number }[] }

test('a good file is drawn on a terminal, is rows in a pipe, and its notes are said apart', async () => {
  const piped = await bot(['blueprint', 'check', `${WILD}keycloak.yaml`], { home });
  assert.deepEqual([piped.code, piped.stdout.split('\n')[1]], [0, 'main\tkeycloak\tquay.io/keycloak/keycloak:26.0\t8443\t']);
  assert.match(piped.stderr, /keycloak.yaml:9:5: services.base.logging: without effect/);
  const checked = await botJson<Checked>(['blueprint', 'check', `${WILD}voting.yaml`], { home });
  assert.deepEqual([checked.ok, checked.name, checked.parts.map(({ name }) => name), checked.parts[1]?.services[0]?.after], [true, 'voting', ['main', 'vote', 'vote-2'], ['redis']]);
});

test('a bad one is refused with every line, exit code 2, and nothing on stdout', async () => {
  const { code, stdout, stderr } = await bot(['blueprint', 'check', `${WILD}spring.yaml`], { home });
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(stderr, /error: 3 things are wrong with .*\n.*spring.yaml:4:5: .*\n.*spring.yaml:29:5: .*\n.*spring.yaml:35:9: /);
  const json = await bot(['blueprint', 'check', `${WILD}spring.yaml`, '--json'], { home });
  assert.deepEqual([json.code, (JSON.parse(json.stdout) as Checked).faults.map(({ line }) => line)], [2, [4, 29, 35]]);
});

test('inputs need not be given, but are held against their types', async () => {
  const text = 'services: {web: {image: "nginx:${V}"}}\nx-3bot: {inputs: {V: {type: choice, choices: ["1.27", "1.28"]}}}\n';
  const checked = await bot(['blueprint', 'check', '-', '--json'], { home, input: text });
  assert.deepEqual((JSON.parse(checked.stdout) as Checked).inputs.map(({ name }) => name), ['V']);
  const wrong = await bot(['blueprint', 'check', '-', '--set', 'V=2'], { home, input: text });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--set V: is none of 1.27, 1.28: "2"/);
});
