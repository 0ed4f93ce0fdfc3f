// A headless Chromium for tests, which notes whatever the page must not do.
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';

/** Why tests that need the browser are skipped; false where it is there, and always in CI. */
export const NO_BROWSER: string | false = existsSync(EXECUTABLE) || process.env['CI'] === 'true' ? false : `needs ${EXECUTABLE}`;

/** A browser with a fresh profile that asks nobody but the page's own server. */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** A tab, and all that it must not have done. */
export interface Tab {
  readonly page: Page;
  /** Requests to elsewhere, errors, violations of the policy. */
  readonly faults: string[];
}

/** Opens a tab at an address. @param origin where everything must come from */
export async function openTab(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const faults: string[] = [];
  page.on('request', (request) => !request.url().startsWith(`${origin}/`) && request.url() !== 'about:blank' && faults.push(`asks ${request.url()}`));
  page.on('pageerror', (error) => faults.push(error.message));
  // What the policy stops is an error on the console; so is an answer that is none, which tests make on purpose.
  page.on('console', (message) => message.type() === 'error' && !message.text().startsWith('Failed to load resource') && faults.push(message.text()));
  await page.goto(`${origin}/`);
  return { page, faults };
}

/** Presses Tab until something is focused that the check takes; gives how often, or undefined after `most`. */
export async function tabTo(page: Page, isIt: (label: string) => boolean, most = 80): Promise<number | undefined> {
  for (let pressed = 1; pressed <= most; pressed++) {
    await page.keyboard.press('Tab');
    const label = await page.evaluate('(document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "") + "|" + (document.activeElement?.getAttribute("name") ?? "")') as string;
    if (isIt(label)) return pressed;
  }
  return undefined;
}
