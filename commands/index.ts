// Every command: the words a person types, what it is for, where it lives. Others add a line here, nothing else.
import type { CommandFile } from './command.js';

/** One command in the table. */
export interface Entry {
  readonly words: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: CommandFile }>;
}

/** The commands by what they are for, in the order of the help. */
export const groups: readonly { readonly title: string; readonly commands: readonly Entry[] }[] = [
  {
    title: 'who you are',
    commands: [
      { words: 'identity create', summary: 'make an identity and its wallet', load: () => import('./identity/create.js') },
      { words: 'identity list', summary: 'the identities of this home folder', load: () => import('./identity/list.js') },
      { words: 'identity show', summary: 'id, keys and wallet address of an identity', load: () => import('./identity/show.js') },
      { words: 'identity use', summary: 'choose the identity that commands use', load: () => import('./identity/use.js') },
      { words: 'identity mailbox', summary: 'where letters to you wait, and moving that', load: () => import('./identity/mailbox.js') },
      { words: 'identity import', summary: 'make an identity from its 24 words', load: () => import('./identity/import.js') },
      { words: 'identity export', summary: 'write the 24 words of an identity into a file', load: () => import('./identity/export.js') },
      { words: 'identity passwd', summary: 'encrypt your keys under another passphrase', load: () => import('./identity/passwd.js') },
      { words: 'identity keys', summary: 'which keys speak for your bot, for what and until when', load: () => import('./identity/keys.js') },
      { words: 'identity key add', summary: 'grant a key to another machine or program', load: () => import('./identity/key/add.js') },
      { words: 'identity key create', summary: 'make such a key on the other machine', load: () => import('./identity/key/create.js') },
      { words: 'identity rotate', summary: 'put a new key in the place of another', load: () => import('./identity/rotate.js') },
      { words: 'identity revoke', summary: 'end a key for the future', load: () => import('./identity/revoke.js') },
      { words: 'identity recovery', summary: 'who can give your bot other keys', load: () => import('./identity/recovery.js') },
      { words: 'identity recover', summary: 'give a bot whose keys are lost the key in use here', load: () => import('./identity/recover.js') },
      { words: 'unlock', summary: 'keep the keys open for a while', load: () => import('./unlock.js') },
      { words: 'lock', summary: 'forget the keys that are open', load: () => import('./lock.js') },
    ],
  },
  {
    title: 'money',
    commands: [
      { words: 'wallet show', summary: 'address and balance', load: () => import('./wallet/show.js') },
      { words: 'wallet create', summary: 'make a further account of your identity', load: () => import('./wallet/create.js') },
      { words: 'wallet list', summary: 'your accounts', load: () => import('./wallet/list.js') },
      { words: 'wallet use', summary: 'choose the account that commands use', load: () => import('./wallet/use.js') },
      { words: 'wallet keys', summary: 'which keys spend an account, and a change of them', load: () => import('./wallet/keys.js') },
      { words: 'wallet send', summary: 'send TFT to somebody', load: () => import('./wallet/send.js') },
      { words: 'wallet request', summary: 'ask somebody for a payment', load: () => import('./wallet/request.js') },
      { words: 'wallet pay', summary: 'pay such a request, once', load: () => import('./wallet/pay.js') },
      { words: 'wallet history', summary: 'what came in and went out', load: () => import('./wallet/history.js') },
      { words: 'wallet statement', summary: 'opening balance, every movement and closing balance of a period', load: () => import('./wallet/statement.js') },
      { words: 'wallet faucet', summary: 'get TFT for trying things, on a development grid', load: () => import('./wallet/faucet.js') },
    ],
  },
  {
    title: 'market',
    commands: [
      { words: 'explore', summary: 'who sells what, and what it costs', load: () => import('./explore.js') },
      { words: 'quote', summary: 'exact prices, from every farm that fits', load: () => import('./quote.js') },
      { words: 'reserve', summary: 'take capacity, and run something on it', load: () => import('./reserve.js') },
      { words: 'deploy', summary: 'run something on a contract', load: () => import('./deploy.js') },
      { words: 'contract list', summary: 'your contracts', load: () => import('./contract/list.js') },
      { words: 'contract show', summary: 'how a contract stands: state, money, workloads', load: () => import('./contract/show.js') },
      { words: 'contract bill', summary: 'every interval that is billed, and the record that proves it', load: () => import('./contract/bill.js') },
      { words: 'contract fund', summary: 'pay for more time, once or as long as a cap allows', load: () => import('./contract/fund.js') },
      { words: 'contract amend', summary: 'other resources or another term, signed by the farm too', load: () => import('./contract/amend.js') },
      { words: 'contract claim', summary: 'get paid what is billed so far', load: () => import('./contract/claim.js') },
      { words: 'contract secret', summary: 'send the node of a contract a secret again', load: () => import('./contract/secret.js') },
      { words: 'contract cancel', summary: 'end a contract and get back what is unused', load: () => import('./contract/cancel.js') },
      { words: 'farm create', summary: 'begin to sell: a farm with keys and prices', load: () => import('./farm/create.js') },
      { words: 'farm list', summary: 'the farms of the grid', load: () => import('./farm/list.js') },
      { words: 'farm show', summary: 'nodes, contracts and income of a farm', load: () => import('./farm/show.js') },
      { words: 'farm price', summary: 'show or set what your farm asks', load: () => import('./farm/price.js') },
      { words: 'farm update', summary: "change your farm's place, endpoint or payout", load: () => import('./farm/update.js') },
      { words: 'farm mint', summary: 'mint TFT for what your nodes were, with the calculation', load: () => import('./farm/mint.js') },
      { words: 'farm invite', summary: 'let somebody add a node to your farm', load: () => import('./farm/invite.js') },
      { words: 'farm claim', summary: 'get paid what all contracts of your farm owe so far', load: () => import('./farm/claim.js') },
      { words: 'farm notice', summary: 'end a contract early, as far as it was agreed', load: () => import('./farm/notice.js') },
    ],
  },
  {
    title: 'many signers',
    commands: [
      { words: 'propose', summary: 'send a draft to all who are asked to sign it, or make a document', load: () => import('./propose.js') },
      { words: 'inbox', summary: 'drafts that wait for you, and what became of yours', load: () => import('./inbox.js') },
      { words: 'sign', summary: 'read a draft of anything, and sign it', load: () => import('./sign.js') },
      { words: 'decline', summary: 'tell the others that you do not sign, and why', load: () => import('./decline.js') },
      { words: 'endorse', summary: 'sign what is in the book already, where it names you', load: () => import('./endorse.js') },
      { words: 'vote create', summary: 'ask a question of named voters, or of all with a role', load: () => import('./vote/create.js') },
      { words: 'vote cast', summary: 'record your ballot', load: () => import('./vote/cast.js') },
      { words: 'vote show', summary: 'how a vote stands, and what it has decided', load: () => import('./vote/show.js') },
      { words: 'vote list', summary: 'the votes of the grid', load: () => import('./vote/list.js') },
    ],
  },
  {
    title: 'your machine',
    commands: [
      { words: 'node join', summary: 'make this machine a node of a farm', load: () => import('./node/join.js') },
      { words: 'node probe', summary: 'what this machine could offer, and what stands in the way', load: () => import('./node/probe.js') },
      { words: 'node watch', summary: 'run what the book says this node should run', load: () => import('./node/watch.js') },
      { words: 'node drain', summary: 'take no new contracts for a time; what runs goes on', load: () => import('./node/drain.js') },
      { words: 'node status', summary: 'what runs here, and why', load: () => import('./node/status.js') },
      { words: 'meter confirm', summary: 'say as a third bot that a node is up, once', load: () => import('./meter/confirm.js') },
      { words: 'meter watch', summary: 'say so once a heartbeat, as long as it answers', load: () => import('./meter/watch.js') },
    ],
  },
  {
    title: 'the book',
    commands: [
      { words: 'grid create', summary: 'begin a grid whose home is this folder', load: () => import('./grid/create.js') },
      { words: 'grid join', summary: 'carry a copy of a grid, every line re-checked', load: () => import('./grid/join.js') },
      { words: 'grid list', summary: 'the grids of this home folder', load: () => import('./grid/list.js') },
      { words: 'grid show', summary: 'how a grid stands, and its genesis', load: () => import('./grid/show.js') },
      { words: 'grid use', summary: 'choose the grid that commands use', load: () => import('./grid/use.js') },
      { words: 'grid certify', summary: 'say what a node is, so that its farm can mint', load: () => import('./grid/certify.js') },
      { words: 'grid policy', summary: 'rules, shares of every contract and minting, and a change of them', load: () => import('./grid/policy.js') },
      { words: 'grid witnesses', summary: 'whose cosignatures a checkpoint needs, and a change of them', load: () => import('./grid/witnesses.js') },
      { words: 'grid handover', summary: 'make this copy the home of its grid, by its governance', load: () => import('./grid/handover.js') },
      { words: 'bcdb query', summary: 'find records', load: () => import('./bcdb/query.js') },
      { words: 'bcdb index list', summary: 'the fields that queries find quickly', load: () => import('./bcdb/index/list.js') },
      { words: 'bcdb index add', summary: 'let queries find a field quickly', load: () => import('./bcdb/index/add.js') },
      { words: 'bcdb index drop', summary: 'keep no index of a field', load: () => import('./bcdb/index/drop.js') },
      { words: 'bcdb get', summary: 'one record or object', load: () => import('./bcdb/get.js') },
      { words: 'bcdb state', summary: 'what the rules make of the lines, now or then', load: () => import('./bcdb/state.js') },
      { words: 'bcdb history', summary: 'what every record of a chain changed', load: () => import('./bcdb/history.js') },
      { words: 'bcdb follow', summary: 'new lines as they come', load: () => import('./bcdb/follow.js') },
      { words: 'bcdb verify', summary: 're-check everything that is stored', load: () => import('./bcdb/verify.js') },
      { words: 'bcdb evidence list', summary: 'what homes have signed and cannot be', load: () => import('./bcdb/evidence/list.js') },
      { words: 'bcdb evidence verify', summary: 'check such evidence, offline', load: () => import('./bcdb/evidence/verify.js') },
      { words: 'bcdb export', summary: 'back up the book while it is in use; or a mirror of it for any web server', load: () => import('./bcdb/export.js') },
      { words: 'bcdb import', summary: 'put a backup in place, every line re-checked', load: () => import('./bcdb/import.js') },
      { words: 'receipt get', summary: 'proof that a record is in the book', load: () => import('./receipt/get.js') },
      { words: 'receipt verify', summary: 'check such a proof, offline', load: () => import('./receipt/verify.js') },
      { words: 'witness create', summary: 'make a witness, so that no home can show two people two books', load: () => import('./witness/create.js') },
      { words: 'witness list', summary: 'the witnesses of this home folder', load: () => import('./witness/list.js') },
      { words: 'witness show', summary: 'key, address and logs of a witness', load: () => import('./witness/show.js') },
      { words: 'witness trust', summary: 'cosign a log from now on', load: () => import('./witness/trust.js') },
      { words: 'serve', summary: 'make this bot reachable', load: () => import('./serve.js') },
    ],
  },
  {
    title: 'look and try',
    commands: [
      { words: 'status', summary: 'what this bot is, and what needs you', load: () => import('./status.js') },
      { words: 'doctor', summary: 'check everything that it needs, with the remedy', load: () => import('./doctor.js') },
      { words: 'dev up', summary: 'run a whole grid on this machine', load: () => import('./dev/up.js') },
      { words: 'dev run', summary: 'run one command beside such a grid, for scripts and CI', load: () => import('./dev/run.js') },
      { words: 'dev demo', summary: 'see the whole of it happen, in half a minute', load: () => import('./dev/demo.js') },
    ],
  },
];

/** All commands in one list. */
export const entries: readonly Entry[] = groups.flatMap((group) => group.commands);
