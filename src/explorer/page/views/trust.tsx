// What this browser has verified, by what, and what that is worth.
import { useState } from 'preact/hooks';
import { useShown } from '../context.js';
import { number, span, time } from '../format.js';
import { Card, Chip, Command, Facts } from '../parts/basics.js';
import { Steps, type ShownStep } from '../parts/steps.js';
import { isGrid } from '../trust/pin.js';
import type { Standing } from '../trust/standing.js';

/** `#/trust` */
export function Trust() {
  const { pin, standing } = useShown();
  return (
    <>
      <h1>What is verified</h1>
      {pin === undefined ? <PinForm /> : <Pinned />}
      {pin !== undefined && <Card title="The book of this bot"><Steps steps={stepsOf(standing)} /></Card>}
      <Worth />
    </>
  );
}

function PinForm() {
  const { grid, setPinned } = useShown();
  const [problem, say] = useState('');
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget as HTMLFormElement).get('genesis') ?? '').trim().toLowerCase();
    if (!isGrid(text)) say('a genesis hash has 64 hex digits');
    else if (text !== grid.id) say('this bot serves another grid than that: its genesis is below. Ask whoever gave you the address');
    else setPinned(true);
  };
  return (
    <Card title="Pin this grid">
      <p>Everything is checked against one hash: that of the grid's first record. Get it from somebody other than this bot, or from your own copy:</p>
      <Command text="3bot grid show" />
      <form class="pin" onSubmit={submit}>
        <label for="genesis">Genesis, as you know it</label>
        <input id="genesis" name="genesis" autocomplete="off" spellcheck={false} maxLength={80} aria-describedby="genesis-says" required />
        <button type="submit">Compare and pin</button>
        <p id="genesis-says" role="alert">{problem}</p>
      </form>
      <details>
        <summary>I can only compare by eye</summary>
        <p>This bot says that its grid is</p>
        <p><code class="break hash">{grid.id}</code></p>
        <button type="button" onClick={() => setPinned(true)}>I compared all 64 digits: pin it</button>
      </details>
    </Card>
  );
}

function Pinned() {
  const { grid, pin, setPinned, check } = useShown();
  return (
    <Card title="Pinned in this browser" aside={<Chip tone="good">pinned</Chip>}>
      <Facts rows={[
        ['genesis', <code class="break hash">{grid.id}</code>],
        pin?.seen === undefined ? null : ['seen before', `${number(pin.seen.size)} lines, signed ${time(pin.seen.time_ms)}`],
      ]} />
      <p class="actions"><button type="button" onClick={check}>Check again</button> <button type="button" class="quiet" onClick={() => setPinned(false)}>Forget the pin</button></p>
    </Card>
  );
}

/** The checks of `standingOf`, in its order. */
function stepsOf(standing: Standing): ShownStep[] {
  const step = (name: string, question: string, holds: boolean | null, says: string, facts: ShownStep['facts'] = []): ShownStep => ({ name, question, holds, says, facts });
  const reached = 'checkpoint' in standing ? standing : undefined;
  const waits = standing.is === 'checking' ? 'checking' : standing.is === 'unreachable' ? standing.says : 'not reached';
  const isForged = standing.is === 'broken' && standing.reason === 'signatures';
  const isSigned = reached !== undefined || (standing.is === 'broken' && !isForged);
  const { pinned, checkpoint } = reached ?? {};
  const home = checkpoint === undefined ? '' : `${number(checkpoint.size)} lines, signed ${time(checkpoint.time_ms)}`;
  return [
    step('genesis', 'Is the genesis that this bot shows the one that you pinned, and who signs since?', isSigned ? true : isForged ? false : null, isSigned ? 'yes, with all that governance has changed since' : isForged ? standing.says : waits, pinned === undefined ? [] : [['log key', pinned.log_key], ['clock key', pinned.clock_key], ['witnesses', pinned.witnesses === null ? 'none asked for' : pinned.witnesses.witnesses.map(({ name }) => name).join(', ')]]),
    step('signed', 'Did they sign its newest checkpoint?', isSigned ? true : isForged ? false : null, isSigned ? home : isForged ? standing.says : waits, checkpoint === undefined ? [] : [['root', checkpoint.root.toString('hex')]]),
    step('fresh', 'Is it of now?', standing.is === 'good' ? standing.isFresh : reached === undefined ? null : false, checkpoint === undefined ? waits : `${span(Date.now() - checkpoint.time_ms)} old; up to 10 min counts as fresh`),
    standing.is === 'broken' && !isForged ? step('continues', 'Does it continue what this browser saw last?', false, standing.says)
      : standing.is === 'behind' ? step('continues', 'Does it continue what this browser saw last?', null, `this bot is behind: ${standing.checkpoint.size} lines, and this browser has seen ${standing.seen.size}`)
        : step('continues', 'Does it continue what this browser saw last?', standing.is === 'good' ? true : null, standing.is !== 'good' ? waits : standing.before === undefined ? 'this is the first that it sees; from now on it remembers' : `yes: it begins with the ${number(standing.before.size)} lines seen before`),
  ];
}

function Worth() {
  return (
    <Card title="What that is worth">
      <ul>
        <li>A receipt that holds shows that a record is in the book, and whose keys signed it. A book that is rewound or forked against what this browser saw is found.</li>
        <li>Lists, sums, prices and states are this bot's word. A copy that runs the rules says whether they are true: join the grid yourself.</li>
        <li><strong>This page came from the bot that it checks.</strong> A bot that lies could serve a page that lies, too. Load it from a bot of your own (<code>3bot serve</code> on this machine), or check receipts without any page:</li>
      </ul>
      <Command text="3bot receipt verify FILE --genesis genesis.json" />
    </Card>
  );
}
