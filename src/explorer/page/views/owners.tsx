// Bots and accounts: who they are, what they have, what they signed.
import { addressOf, didOf } from '../../../keys/did.js';
import { formatTft } from '../../../base/amount.js';
import { useShown } from '../context.js';
import { short, tft } from '../format.js';
import { useLoad } from '../load.js';
import { Card, Facts, Name } from '../parts/basics.js';
import { Qr } from '../parts/qr.js';
import { Records, shownLine } from '../parts/records.js';
import { Failed, Waiting } from '../parts/states.js';
import type { Route } from '../address.js';

const LINES = 50;
const isKey = (id: string): boolean => /^[0-9a-f]{64}$/.test(id);
const stroops = (value: unknown): string => tft(formatTft(BigInt(typeof value === 'string' ? value : '0')));

/** `#/bot/<key>` */
export function Bot({ route: { id } }: { route: Route }) {
  const { api } = useShown();
  const bot = useLoad(`bot/${id}`, (signal) => api.object(`bot/${id}`, signal));
  if (!isKey(id)) return <><h1>Bot</h1><Failed what="the bot" error={new Error('a bot is named by its key, 64 hex digits')} /></>;
  return (
    <>
      <h1>Bot <code>{short(id)}</code></h1>
      <Card title="Identity">
        <Waiting loaded={{ ...bot, value: bot.isLoading && bot.value === undefined ? undefined : (bot.value ?? {}) }} what="the identity">
          {(value) => (
            <Facts rows={[
              ['name', <Name>{typeof value['name'] === 'string' ? value['name'] : 'none on this grid'}</Name>],
              ['key', <code class="break">{id}</code>],
              ['did', <code class="break">{didOf(id)}</code>],
              ['answers at', <Name>{typeof value['endpoint'] === 'string' ? value['endpoint'] : 'nowhere'}</Name>],
            ]} />
          )}
        </Waiting>
        <Qr text={didOf(id)} what="the did" />
      </Card>
      <Signed id={id} what="this bot" />
    </>
  );
}

/** `#/account/<key>` */
export function Account({ route: { id } }: { route: Route }) {
  const { api, grid } = useShown();
  const account = useLoad(`account/${id}`, async (signal) => (await api.object(`account/${id}`, signal)) ?? {});
  if (!isKey(id)) return <><h1>Account</h1><Failed what="the account" error={new Error('an account is named by its key, 64 hex digits')} /></>;
  return (
    <>
      <h1>Account <code>{short(id)}</code></h1>
      <Card title="TFT of this grid">
        <Waiting loaded={account} what="the account">
          {(value) => (
            <Facts rows={[
              ['balance', `${stroops(value['balance_stroops'])} TFT`],
              ['in escrow', `${stroops(value['escrowed_stroops'])} TFT`],
              ['address', <code class="break">{addressOf(id)}</code>],
              ['key', <code class="break">{id}</code>],
            ]} />
          )}
        </Waiting>
        <p class="quiet">The address has Stellar's form; what is on it is the balance of grid <Name>{grid.name}</Name>, not Stellar's TFT.</p>
        <Qr text={addressOf(id)} what="the address" />
      </Card>
      <Signed id={id} what="this account" />
    </>
  );
}

function Signed({ id, what }: { id: string; what: string }) {
  const { api } = useShown();
  const lines = useLoad(`signer/${id}`, (signal) => api.query(`signer = ${id}`, LINES, signal));
  return <Card title="What it signed last"><Waiting loaded={lines} what="its lines">{(records) => <Records lines={records.map(shownLine)} label={`lines signed by ${what}, newest first`} />}</Waiting></Card>;
}
