// The shell: header with search and trust, the view that the address names, footer.
import type { Route } from './address.js';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ComponentType } from 'preact';
import { GridApi, grids, type ServedGrid } from './api.js';
import { ShownGrid, type Shown } from './context.js';
import { useEvery, useLoad } from './load.js';
import { Failed, Waiting } from './parts/states.js';
import { go, href, useRoute } from './route.js';
import { chooseTheme, keptTheme, NEXT_THEME } from './theme.js';
import { TrustChip, TrustBanner } from './parts/trust.js';
import { dropPin, keepPin, pinnedGrids, pinOf } from './trust/pin.js';
import { standingOf, type Standing } from './trust/standing.js';
import { Contract } from './views/contract.js';
import { Farm, Farms } from './views/farms.js';
import { Find } from './views/find.js';
import { Lines } from './views/lines.js';
import { Node } from './views/node.js';
import { Nodes } from './views/nodes.js';
import { Account, Bot } from './views/owners.js';
import { Overview } from './views/overview.js';
import { Receipt } from './views/receipt.js';
import { Trust } from './views/trust.js';

const VIEWS: Readonly<Record<string, { readonly title: string; readonly view: ComponentType<{ route: Route }> }>> = {
  '': { title: 'Overview', view: Overview },
  nodes: { title: 'Nodes', view: Nodes },
  node: { title: 'Node', view: Node },
  farms: { title: 'Farms', view: Farms },
  farm: { title: 'Farm', view: Farm },
  contract: { title: 'Contract', view: Contract },
  bot: { title: 'Bot', view: Bot },
  account: { title: 'Account', view: Account },
  lines: { title: 'Lines', view: Lines },
  receipt: { title: 'Verify a receipt', view: Receipt },
  find: { title: 'Search', view: Find },
  trust: { title: 'What is verified', view: Trust },
};
const MENU = ['', 'nodes', 'farms', 'lines', 'receipt'] as const;
const CHECK_EVERY_MS = 30_000;

/** The whole page. */
export function App() {
  const route = useRoute();
  const served = useLoad('grids', (signal) => grids(signal));
  return (
    <Waiting loaded={served} what="this bot">
      {(all) => {
        const wanted = route.query.get('grid');
        const grid = all.find(({ id }) => id === wanted) ?? all[0];
        if (grid === undefined) return <main class="alone"><Failed what="a grid" error={new Error('this bot serves no grid')} /></main>;
        return <Shell key={grid.id} grid={grid} all={all} route={route} />;
      }}
    </Waiting>
  );
}

function useStanding(grid: ServedGrid): Shown {
  const api = useMemo(() => new GridApi(grid.id), [grid.id]);
  const [pin, setPin] = useState(() => pinOf(grid.id));
  const [standing, setStanding] = useState<Standing>({ is: pin === undefined ? 'unpinned' : 'checking' });
  const check = useCallback(() => {
    const held = pinOf(grid.id);
    if (held !== undefined) void standingOf(api, held, Date.now()).then(setStanding);
  }, [api, grid.id]);
  useEffect(check, [check, pin]);
  useEvery(CHECK_EVERY_MS, check);
  const setPinned = useCallback((isPinned: boolean) => {
    if (isPinned) keepPin({ grid: grid.id });
    else dropPin(grid.id);
    setStanding({ is: isPinned ? 'checking' : 'unpinned' });
    setPin(pinOf(grid.id) ?? (isPinned ? { grid: grid.id } : undefined));
  }, [grid.id]);
  return { grid, api, pin, standing, setPinned, check };
}

function Shell({ grid, all, route }: { grid: ServedGrid; all: readonly ServedGrid[]; route: Route }) {
  const shown = useStanding(grid);
  const main = useRef<HTMLElement>(null);
  const { title, view: View } = VIEWS[route.view] ?? { title: 'Not found', view: Missing };
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${title} · ${grid.name} · 3bot explorer`;
    // After a link, who reads by ear or keyboard goes on at the top of the new view.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    if (!isFirst.current) scrollTo(0, 0);
    isFirst.current = false;
  }, [route.view, route.id]);
  const elsewhere = pinnedGrids().filter((id) => !all.some((one) => one.id === id));
  return (
    <ShownGrid.Provider value={shown}>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>Skip to the content</a>
      <header class="top">
        <a class="brand" href={href('')}><span class="mark" aria-hidden="true">3</span><span>3bot explorer</span></a>
        <nav aria-label="views">{MENU.map((view) => <a key={view} href={href(view)} aria-current={route.view === view ? 'page' : undefined}>{view === 'receipt' ? 'Verify' : VIEWS[view]?.title}</a>)}</nav>
        <SearchBox text={route.view === 'find' ? route.query.get('q') ?? '' : ''} />
        {all.length > 1 && <GridChoice all={all} chosen={grid.id} />}
        <TrustChip />
        <ThemeButton />
      </header>
      <TrustBanner elsewhere={elsewhere} />
      <main id="main" ref={main} tabIndex={-1}><View key={`${route.view}/${route.id}`} route={route} /></main>
      <footer>
        <p>Grid <bdi>{grid.name}</bdi>{grid.dev && ' (development: its TFT is worth nothing elsewhere)'} · <code class="break">{grid.id}</code></p>
        <p class="quiet">Lists and sums are this bot's word, from its own copy of the book. What your browser verifies says so. To check every line yourself: <code>3bot grid join {location.origin}</code></p>
      </footer>
    </ShownGrid.Provider>
  );
}

function Missing() {
  return <><h1>Nothing here</h1><Failed what="this view" error={new Error(`there is no view ${location.hash.slice(0, 100)}`)} /></>;
}

function SearchBox({ text }: { text: string }) {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const asked = new FormData(event.currentTarget as HTMLFormElement).get('q');
    if (typeof asked === 'string' && asked.trim() !== '') go(href('find', '', { q: asked.trim() }));
  };
  return <form role="search" onSubmit={submit}><label class="hidden" for="q">Search by id, name or address</label><input id="q" name="q" type="search" placeholder="id, name, address" key={text} defaultValue={text} autocomplete="off" spellcheck={false} /></form>;
}

function GridChoice({ all, chosen }: { all: readonly ServedGrid[]; chosen: string }) {
  return <label class="choice"><span class="hidden">grid</span><select value={chosen} onChange={({ currentTarget }) => go(href('', '', { grid: currentTarget.value }))}>{all.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}</select></label>;
}

function ThemeButton() {
  const [theme, set] = useState(keptTheme);
  useEffect(() => chooseTheme(theme), [theme]);
  return <button type="button" class="theme" onClick={() => set(NEXT_THEME[theme])}><span aria-hidden="true">{theme === 'dark' ? '☾' : theme === 'light' ? '☀' : '◐'}</span><span class="hidden">colours: {theme}; change</span></button>;
}
