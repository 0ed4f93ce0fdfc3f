// The page in a browser: what it shows of a real grid, what it verifies, what it must never do.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import pino from 'pino';
import type { Browser, Page } from 'playwright-core';
import { receiptOf } from '../../src/bcdb/prove.js';
import { placeOrder } from '../../src/consumer/order.js';
import { explorer } from '../../src/explorer/routes.js';
import { readPage } from '../../src/explorer/serve.js';
import { startServer, type Server } from '../../src/net/server.js';
import { tampered } from '../bcdb/tampered.js';
import { Market, gib, wanted } from '../deal.js';
import { poll } from '../script.js';
import { NO_BROWSER, openBrowser, openTab, tabTo, type Tab } from './browser.js';

const HOSTILE = '<img src=x onerror="document.title=1"> שלום \'"&lt;';
/** Views by their beginning that have every colour there is. */
const RICH: ReadonlySet<string> = new Set(['#/', '#/no', '#/co', '#/tr']);
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

describe('the explorer in a browser', { skip: NO_BROWSER, timeout: 120_000 }, () => {
  let market: Market;
  let server: Server;
  let browser: Browser;
  let tab: Tab;
  let contract: string;
  let record: string;
  const show = async (hash: string, page: Page = tab.page): Promise<void> => {
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await page.locator('main h1').first().waitFor();
  };
  const text = async (selector: string): Promise<string> => (await tab.page.locator(selector).first().textContent()) ?? '';
  const kept = (): string => `3bot.pin.${market.grid.id}`;

  before(async () => {
    market = await Market.open(gib(8, 16, 500), { location: { country: 'BE', region: HOSTILE } });
    const buyer = await market.buyer('alice');
    ({ contract } = await placeOrder(buyer.parts(), wanted({ order: 'web' }), 'web') as { contract: string });
    await market.run(contract, { state: 'held' });
    ({ record } = market.grid.reader.get(`contract/${contract}`) as unknown as { record: string });
    server = await startServer({ listen: { host: '127.0.0.1', port: 0 }, books: new Map([[market.grid.id, market.grid]]), talk: new Map(), clock: Date.now, version: '0', log: pino({ level: 'silent' }), more: explorer(readPage()) });
    browser = await openBrowser();
    tab = await openTab(browser, server.address, { viewport: { width: 1280, height: 900 }, permissions: ['clipboard-write', 'clipboard-read'] });
  });

  after(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    await market?.[Symbol.asyncDispose]();
  });

  test('the overview counts what the grid has, and says that nothing is verified yet', async () => {
    assert.equal(await text('h1 .name'), market.grid.name);
    await tab.page.getByLabel('Belgium: 1 node').waitFor();
    assert.match(await text('.figures'), /Farms1.*Nodes1/s);
    assert.equal(await text('.trust'), 'Not verified');
  });

  test('a grid is pinned by its hash alone, and its book is verified from then on', async () => {
    await show('#/trust');
    const pin = async (typed: string): Promise<void> => {
      await tab.page.getByLabel('Genesis, as you know it').fill(typed);
      await tab.page.getByRole('button', { name: 'Compare and pin' }).click();
    };
    await pin('abc');
    assert.match(await text('#genesis-says'), /64 hex digits/);
    await pin('0'.repeat(64));
    assert.match(await text('#genesis-says'), /another grid/);
    await pin(market.grid.id);
    await tab.page.getByText('Book verified').waitFor();
    assert.equal(await tab.page.locator('[data-step][data-holds="true"]').count(), 4);
  });

  test('filters give the nodes, the reasons and the command', async () => {
    await show('#/nodes');
    await tab.page.getByLabel('vCPU').fill('4');
    await tab.page.getByLabel('Country or region').fill("d'Or");
    await tab.page.keyboard.press('Enter');
    await tab.page.getByText('No node fits').waitFor();
    assert.equal(await text('.command code'), "3bot reserve --cpu 4 --location 'd'\\''Or'");
    await tab.page.goBack();
    await tab.page.getByText('1 of 1 node fits').waitFor();
    await show('#/nodes?cpu=2&location=BE');
    await tab.page.getByText('TFT an hour').waitFor();
    await tab.page.getByRole('button', { name: /^Copy/ }).first().click();
    assert.equal(await tab.page.evaluate('navigator.clipboard.readText()'), '3bot reserve --cpu 2 --location BE');
  });

  test('what people write is text, whatever it looks like', async () => {
    await show('#/nodes');
    await tab.page.locator('td').filter({ hasText: HOSTILE }).last().waitFor();
    await show(`#/node/${market.node.key}`);
    await tab.page.locator('dd').filter({ hasText: HOSTILE }).first().waitFor();
    assert.equal(await tab.page.locator('img').count(), 0);
    await show(`#/find?q=${encodeURIComponent(HOSTILE)}`);
    await tab.page.getByText('Nothing', { exact: true }).waitFor();
  });

  test('a contract is shown with its money, its lines and its receipt, of which every step holds', async () => {
    await show(`#/contract/${contract.slice(0, 12)}`);
    await tab.page.getByText('every step holds').waitFor();
    assert.deepEqual(await tab.page.locator('[data-step]').evaluateAll((steps) => steps.map((step) => step.getAttribute('data-holds'))), Array.from({ length: 13 }, () => 'true'));
    assert.match(await text('main'), /Price and money.*in escrow.*TFT/s);
    await tab.page.getByRole('img', { name: /which is the checkpoint's/ }).waitFor();
    assert.equal(await tab.page.locator('ol.records li').count(), 2);
  });

  test('every tampering is found, by its own step', async () => {
    await show('#/receipt');
    for (const { title, text: forged, found } of tampered(receiptOf(market.grid.reader, record))) {
      await tab.page.getByLabel('or its text').fill(forged);
      await tab.page.getByRole('button', { name: 'Verify' }).click();
      await tab.page.locator(`[data-step="${found}"][data-holds="false"]`).waitFor();
      assert.equal(await tab.page.locator('[data-holds="false"]').first().getAttribute('data-step'), found, title);
      await tab.page.getByText('Do not rely on it').waitFor();
    }
  });

  test('a book that does not continue what this browser saw is said to be another', async () => {
    const seen = JSON.parse(await tab.page.evaluate(`localStorage.getItem(${JSON.stringify(kept())})`) as string) as { seen: { size: number; root: string; time_ms: number } };
    for (const [change, says] of [
      [{ root: '0'.repeat(64) }, /another history/],
      [{ size: seen.seen.size + 5 }, /Lines were taken back/],
      [{ size: seen.seen.size + 5, time_ms: Date.now() + 3_600_000 }, /This bot is behind/],
    ] as const) {
      await tab.page.evaluate(`localStorage.setItem(${JSON.stringify(kept())}, ${JSON.stringify(JSON.stringify({ ...seen, seen: { ...seen.seen, ...change } }))})`);
      await tab.page.reload();
      await tab.page.locator('.banner').filter({ hasText: says }).waitFor();
    }
    await tab.page.evaluate(`localStorage.setItem(${JSON.stringify(kept())}, ${JSON.stringify(JSON.stringify(seen))})`);
    await tab.page.reload();
    await tab.page.getByText('Book verified').waitFor();
  });

  test('new lines come by themselves, until somebody pauses them', async () => {
    await show('#/lines');
    const newest = async (): Promise<string> => text('.records .line');
    await tab.page.locator('.records li').first().waitFor();
    const first = Number(await newest());
    await market.announce(market.grid, gib(8, 16, 500), { location: { country: 'BE', region: HOSTILE } });
    await tab.page.getByText(`${first + 1}`, { exact: true }).waitFor();
    assert.match(await text('[aria-live]'), /1 new line/);
    await tab.page.getByRole('button', { name: 'Pause' }).click();
    await tab.page.getByText('Paused').waitFor();
  });

  test('all of it is reached by keyboard alone', async () => {
    await tab.page.goto('about:blank');
    await tab.page.goto(`${server.address}/`);
    await tab.page.getByLabel('Belgium: 1 node').waitFor();
    assert.equal(await tabTo(tab.page, (label) => label.startsWith('Skip to the content')), 1);
    await tab.page.keyboard.press('Enter');
    assert.equal(await tab.page.evaluate('document.activeElement?.id'), 'main');
    assert.ok(await tabTo(tab.page, (label) => label.startsWith('Belgium: 1 node')), 'a mark of the map');
    await tab.page.keyboard.press('Enter');
    await tab.page.getByText('1 of 1 node fits').waitFor();
    assert.ok(await tabTo(tab.page, (label) => label.endsWith('|cpu')), 'a filter');
    await tab.page.keyboard.type('2');
    await tab.page.keyboard.press('Enter');
    await tab.page.waitForURL(/cpu=2/);
    assert.ok(await tabTo(tab.page, (label) => label.startsWith(market.node.key.slice(0, 12))), 'a node of the table');
  });

  test('every view fits 320 px, dark and light, and has no fault that axe finds', async () => {
    const narrow = await openTab(browser, server.address, { viewport: { width: 320, height: 700 }, colorScheme: 'dark' });
    await narrow.page.evaluate(`localStorage.setItem(${JSON.stringify(kept())}, ${JSON.stringify(JSON.stringify({ grid: market.grid.id }))})`);
    await narrow.page.reload();
    await narrow.page.getByText('Book verified').waitFor();
    await narrow.page.evaluate(readFileSync(AXE, 'utf8'));
    const wide: string[] = [];
    for (const hash of ['#/', '#/nodes?cpu=1', '#/farms', `#/farm/${market.farm}`, `#/node/${market.node.key}`, `#/contract/${contract}`, '#/lines', `#/receipt/${record}`, '#/trust', `#/find?q=${market.farm.slice(0, 6)}`, '#/nowhere']) {
      await narrow.page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
      await narrow.page.locator('main h1, main [role=alert]').first().waitFor();
      await poll(`${hash} is loaded`, async () => (await narrow.page.locator('.skeleton').count()) === 0);
      for (const scheme of RICH.has(hash.slice(0, 4)) ? ['dark', 'light'] as const : ['dark'] as const) {
        if (scheme === 'light') await narrow.page.emulateMedia({ colorScheme: scheme });
        const { over, paper, faults } = await narrow.page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => ({
          over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
          paper: getComputedStyle(document.body).backgroundColor,
          faults: violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).slice(0, 2).join(' ')),
        }))`) as { over: number; paper: string; faults: string[] };
        assert.equal(paper, scheme === 'dark' ? 'rgb(14, 18, 20)' : 'rgb(246, 247, 249)');
        wide.push(...(over > 0 ? [`${hash} is ${over} px too wide`] : []), ...faults.map((fault) => `${hash} ${scheme} ${fault}`));
      }
      await narrow.page.emulateMedia({ colorScheme: 'dark' });
    }
    assert.deepEqual(wide, []);
    assert.deepEqual(narrow.faults, []);
  });

  test('in all that, nothing was asked of anybody else, and nothing broke the policy', () => {
    assert.deepEqual(tab.faults, []);
  });
});
