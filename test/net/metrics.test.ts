import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestHome } from './homes.js';

const METRICS = { host: '127.0.0.1', port: 0 };

test('a bot that serves counts what it is asked, on an address of its own, and names nobody', async () => {
  await using home = await TestHome.create('counting');
  await home.create();
  const daemon = await home.daemon({ metrics: METRICS });
  const [grid] = [...daemon.grids.values()];
  const url = daemon.url ?? '';
  for (const path of ['/v1/grids', '/v1/grids', `/v1/grids/${grid?.id}/lines?from=0`, '/nothing', '/nothing/else']) await (await fetch(`${url}${path}`)).text();
  assert.equal((await fetch(`${url}/metrics`)).status, 404, 'not where others reach it');
  const answer = await fetch(daemon.metrics ?? '');
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const text = await answer.text();
  const name = grid?.name ?? '';
  for (const line of [
    `threebot_book_lines{grid="${name}"} ${grid?.reader.size}`, `threebot_book_home{grid="${name}"} 1`, `threebot_market_farms{grid="${name}"} 0`, `threebot_market_sold{grid="${name}",resource="cru"} 0`, 'threebot_http_requests_total{route="/v1/grids",status="200"} 2',
    'threebot_http_requests_total{route="/v1/grids/:grid/lines",status="200"} 1', 'threebot_http_requests_total{route="none",status="404"} 3',
    'threebot_mail_letters 0', `threebot_relay_nodes{grid="${name}"} 0`, `threebot_relay_sessions{grid="${name}"} 0`,
  ]) assert.ok(text.split('\n').includes(line), `${line}\n${text}`);
  assert.match(text, /^threebot_book_checkpoint_age_seconds\{grid="[^"]+"\} [0-9.]+$/m);
  assert.match(text, /^threebot_http_connections [1-9]/m);
  for (const line of text.trimEnd().split('\n')) assert.match(line, /^(# (HELP|TYPE) threebot_\w+ .+|threebot_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [0-9.]+)$/);
  assert.doesNotMatch(text, /[0-9a-f]{40}/, 'no key, id or contract');
  assert.equal((await fetch((daemon.metrics ?? '').replace('/metrics', '/'))).status, 404);
});
