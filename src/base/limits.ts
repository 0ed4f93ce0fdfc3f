// Every bound on a loop, queue, body or wait that is not a rule of a grid, with its reason.

/** Nesting of a record's JSON: bodies need 7; leaves room without allowing a parser's stack to grow. */
export const MAX_JSON_DEPTH = 16;
/** Payload of a record in UTF-8 bytes: an agreement with 10,000 signers needs 0.9 MiB. A grid may ask for less. */
export const MAX_RECORD_BYTES = 1_048_576;
/** Body of a record, in characters, above which signatures cover the record's id: SHA-512 of as much costs as much as the rest of a check. */
export const MAX_SIGNED_WHOLE = 16_384;
/** Signatures on one record: 10,000 signers with room to spare. */
export const MAX_SIGNATURES = 16_384;
/** Members of a quorum, those of its groups included: as many as signatures, so that everybody may be needed. */
export const MAX_QUORUM_MEMBERS = MAX_SIGNATURES;
/** Keys of one identity at a time: with its first key, two names and five roles they are the objects that one record may touch. */
export const MAX_IDENTITY_KEYS = 7;
/** Bots that may recover an identity, all groups together: friends and advisers; their quorum stands in the identity's object. */
export const MAX_RECOVERY_MEMBERS = 64;
/** How deep groups of a quorum may be nested: what people still read, and well within a record's JSON. */
export const MAX_QUORUM_DEPTH = 4;
/** Objects that one rule may get and put (DESIGN §3). */
export const MAX_RULE_OBJECTS = 16;
/** Changes of witnesses or home that a grid's governance may make, each an object that a reader of checkpoints looks at: one a week for nineteen years. */
export const MAX_ERAS = 1_000;
/** Lines in one answer of /lines, and their bytes: what a follower can hold and check in a moment. */
export const MAX_LINES = 1_000;
export const MAX_LINES_BYTES = 4 * 1_048_576;
/** Records in one submission. */
export const MAX_SUBMIT = 1_000;
/** Records in one transaction of a home: what they change in common is written once; with more, the first would wait too long for the last. */
export const MAX_GROUP = 4_000;
/** How far a single signer's clock may be off the home's when a record is taken in. */
export const MAX_CLOCK_SKEW_MS = 10 * 60_000;
/** Minting on a development grid: the shortest period, ms, since times are divided by it. */
export const MIN_MINT_PERIOD_MS = 1_000;
/** Minting: how far a node's clock may be off the home's in a status of its own (minting v3 of tfchain). */
export const MAX_MINT_CLOCK_SKEW_MS = 120_000;
/** A checkpoint whose time-stamped cosignature is older does not count as fresh. */
export const FRESH_MS = 10 * 60_000;
/** How often an idle home renews its time stamp. */
export const COSIGN_EVERY_MS = 60_000;
/** Contracts that one node may carry, those whose data it still keeps included; all stand in one object. */
export const MAX_ALLOCATIONS = 1_000;
/** Payers of one contract: each has an account, and settling touches all of them within MAX_RULE_OBJECTS. */
export const MAX_CONTRACT_PAYERS = 8;
/** Payers and payees of one contract, for the same reason: beside them settling touches contract, node, grid and the meter's. */
export const MAX_CONTRACT_ACCOUNTS = 12;
/** How long a task waits for what a person is to leave running, or for a job to end: time to read, and to type it elsewhere. */
export const LEFT_RUNNING_MS = 10 * 60_000;
/** How long a check of a task is tried: a service that is ready may still be warming up. */
export const CHECK_MS = 30_000;
/** Text of a blueprint, line ends included: twenty services with all they can say; it stands in one object. */
export const MAX_BLUEPRINT_CHARS = 65_536;
/** Stretches without confirmation that a meter remembers, to know what was confirmed before the end of a term that nobody has settled yet. */
export const MAX_METER_GAPS = 32;
/** Longest time between the signatures of two who are both there: the farm holds capacity meanwhile. */
export const MAX_COMMIT_OF_TWO_MS = 60_000;
/** How long before the end a farm says that it ends a contract early, unless its config says otherwise: time to move. */
export const NOTICE_MS = 7 * 24 * 3_600_000;
/** Longest a farm keeps data after the end, unless its config says otherwise: nobody pays for that time. */
export const MAX_RETENTION_MS = 7 * 24 * 3_600_000;
/** A secret: keys, certificates, a cloud configuration; 64 of them, as a workload may have, fit into one letter. */
export const MAX_SECRET_BYTES = 32 * 1_024;
/** What a node keeps to say of one workload while its home is away: an hour of what repeats itself every minute. */
export const MAX_JOURNAL_OF_ONE = 60;
/** How often a node looks for secrets that it lacks, where nobody holds its question open until one comes. */
export const SECRETS_LOOK_MS = 10_000;
/** Longest time between the first and the last signature of an agreement. */
export const MAX_COMMIT_WITHIN_MS = 7 * 24 * 3_600_000;
/** Drafts that wait at a bot, and of them from strangers; a further one stays in its mailbox. */
export const MAX_DRAFTS = 500;
export const MAX_STRANGERS_DRAFTS = 50;
/** Signers who are all told of a signature; of more, the proposer alone is, and commits: letters would grow with their square. */
export const MAX_TOLD = 64;
/** Signers of each sort that are shown by name with a draft: a screen; --json has all. */
export const MAX_SHOWN_SIGNERS = 24;
/** Letters of one draft that are sent side by side. */
export const LETTERS_AT_ONCE = 16;
/** Rows of a draft within which changes are looked for line by line; larger changes are shown as a whole. */
export const MAX_COMPARED_ROWS = 1_000;
/** A file that a document names by its hash: read whole, into memory. */
export const MAX_DOCUMENT_BYTES = 256 * 1_048_576;
/** Longest span of time that a person types or a record holds (schemas say it, too): ten years, above every hardware's life. */
export const MAX_DURATION_MS = 315_576_000_000;
/** Votes: longest time between question and end. */
export const MAX_VOTE_MS = 365 * 24 * 3_600_000;
/** Roles that a bot has or had, which votes of the time between may ask for: a year of one change a week; all stand in its object. */
export const MAX_ROLE_SPANS = 64;
/** HTTP: a request's body; a record of the largest size, base64, in an envelope. */
export const MAX_BODY_BYTES = 4 * 1_048_576;
/** HTTP: time for headers and body of a request to arrive; a slow client holds a socket no longer. */
export const REQUEST_TIMEOUT_MS = 15_000;
/** HTTP: open connections of a server, as far as the system's limit on open files allows; an idle one costs some 20 kB. */
export const MAX_CONNECTIONS = 16_000;
/** HTTP: files that are left for everything else of a process: databases, logs, its own questions to others. */
export const SPARE_FILES = 500;
/** HTTP: what one address may have of all connections; the rest stays for others. */
export const CONNECTIONS_SHARE_OF_ONE = 0.5;
/** HTTP: followers that are answered in one go when there is news; a slice takes a few milliseconds. */
export const WAKE_AT_ONCE = 256;
/** HTTP: answers that are kept for followers who ask the same; of one piece at most, for one checkpoint. */
export const MAX_SHARED_ANSWERS = 64;
/** HTTP: how long a connection may stay silent; above the longest wait, below what a router forgets. */
export const CONNECTION_IDLE_MS = 45_000;
/** HTTP: how long an idle connection is kept for a next request; above the client's own, so that it closes first. */
export const KEEP_ALIVE_MS = 20_000;
/** HTTP: bytes of a request's head. */
export const MAX_HEAD_BYTES = 16_384;
/** HTTP: submissions, and talk messages, of one address a minute: far above a busy bot, below what hurts. */
export const MAX_POSTS_PER_MINUTE = 6_000;
/** HTTP: everything else that one address asks for a minute: what a dozen busy followers need, far below what hurts. */
export const MAX_GETS_PER_MINUTE = 60_000;
/** HTTP: searches of the market by one address a minute: ten a second, as somebody types; each may look at every node. */
export const MAX_SEARCHES_PER_MINUTE = 600;
/** HTTP: answers that wait for their readers, all together; of a stream, a reader that does not read has two pieces here. */
export const MAX_BUFFERED_BYTES = 256 * 1_048_576;
/** HTTP: an answer sent in one go counts there from this size on; below it even the most connections hold little. */
export const MIN_COUNTED_BYTES = 16_384;
/** HTTP: a piece of such an answer; less costs more calls than it saves memory. */
export const PIECE_BYTES = 65_536;
/** HTTP: what zlib holds while it compresses an answer. */
export const GZIP_BYTES = 270_000;
/** HTTP: rows of an answer in bytes, and rows fetched at once to find where that ends. */
export const MAX_ROWS_BYTES = 4 * 1_048_576;
export const ROWS_AT_ONCE = 64;
/** HTTP: the longest a /lines request may wait for news. */
export const MAX_LONG_POLL_MS = 30_000;
/** HTTP client: time for a whole answer beyond what the request asked to wait. */
export const ANSWER_TIMEOUT_MS = 10_000;
/** HTTP client: an answer; /lines holds 4 MiB before its last line, which may be as large as a record and its signatures. */
export const MAX_ANSWER_BYTES = 16 * 1_048_576;
/** Backup: pages copied between two looks at the signal, about 4 MiB. */
export const BACKUP_PAGES = 1_024;
/** Import: how long readers of the book that is replaced are waited for; a command reads for milliseconds. */
export const FOLD_WAIT_MS = 5_000;
/** How long a command waits for others, short ones, to let go of the home folder: each may open a key or two (scrypt), which
 * on a small and busy machine takes seconds. */
export const LOCK_WAIT_MS = 30_000;
/** How long a change of config.json waits for another, which takes milliseconds. */
export const CONFIG_WAIT_MS = 5_000;
/** Following: first and longest pause after a failure. */
export const MIN_RETRY_MS = 500;
export const MAX_RETRY_MS = 30_000;
/** Talk: life of a message; a replay later is refused. */
export const TALK_LIFE_MS = 60_000;
/** Talk: how long an offered price stays firm. */
export const OFFER_LIFE_MS = 60_000;
/** Talk: conversations a bot remembers at once, and of them with one party; more is a flood, not a market. */
export const MAX_THREADS = 20_000;
export const MAX_THREADS_OF_ONE = 256;
/** Talk: how long a conversation may rest before it is forgotten; a buyer reads an offer meanwhile. */
export const THREAD_LIFE_MS = 2 * OFFER_LIFE_MS;
/** Talk: offers a farm remembers at once, of them to one buyer, and their bytes; one that is forgotten is asked for again. */
export const MAX_OFFERS = 1_000;
export const MAX_OFFERS_OF_ONE = 32;
export const MAX_OFFERS_BYTES = 32 * 1_048_576;
/** Mail: a sealed letter: a record of the largest size with 10,000 signatures has 2.8 MB. Base64 of it fits MAX_BODY_BYTES. */
export const MAX_LETTER_BYTES = 3_000_000;
/** Mail: how long a letter is kept: no signature is asked for longer. */
export const MAX_LETTER_LIFE_MS = MAX_COMMIT_WITHIN_MS;
/** Mail: letters in one mailbox from those its owner knows, and their bytes: the signatures of 10,000 signers, should they all come while it is away. */
export const MAX_LETTERS = 20_000;
export const MAX_MAILBOX_BYTES = 64 * 1_048_576;
/** Mail: of these, what one sender may have there, also one whom the owner knows: two letters of the largest size. */
export const MAX_LETTERS_OF_ONE = 128;
export const MAX_BYTES_OF_ONE = 8 * 1_048_576;
/** Mail: the box for strangers, beside all that: enough for a first letter of some tens, little to read through. */
export const MAX_STRANGERS_LETTERS = 64;
export const MAX_STRANGERS_BYTES = 8 * 1_048_576;
/** Mail: of these, what one stranger may have there: one letter of the largest size, and a few small ones. */
export const MAX_LETTERS_OF_STRANGER = 4;
export const MAX_BYTES_OF_STRANGER = 4 * 1_048_576;
/** Mail: what one sender may have with a server in all mailboxes together: a letter to each of 10,000 signers. */
export const MAX_LETTERS_SENT = 20_000;
export const MAX_BYTES_SENT = 128 * 1_048_576;
/** Mail: all letters that a server keeps, in bytes; a machine that serves a grid has this to spare. */
export const MAX_MAIL_BYTES = 2_048 * 1_048_576;
/** Mail: parties whose letters to one mailbox do not count as a stranger's; the newest, of them all whom MAX_LETTERS_SENT can reach. */
export const MAX_KNOWN = 20_000;
/** Mail: what letters of strangers may take of MAX_MAIL_BYTES, in all mailboxes together. */
export const STRANGERS_SHARE = 0.25;
/** Mail: letters of which time is over that are forgotten at once, when others come: a few milliseconds. */
export const FORGOTTEN_AT_ONCE = 1_000;
/** Mail: own contracts that are looked through for those whose letters are no stranger's: a few milliseconds. */
export const KNOWN_CONTRACTS = 200;
/** Mail: letters in one answer, and their bytes, one letter more at most: below what a client takes. */
export const MAX_PAGE_LETTERS = 1_000;
export const MAX_PAGE_BYTES = 4 * 1_048_576;
/** Mail: letters that one request drops, and parties that it makes known. */
export const MAX_DROPPED = 1_000;
export const MAX_MADE_KNOWN = 1_000;
/** Mail: requests of one owner, and of all, that a server remembers so that none counts twice: each for as long as it could come again. */
export const MAX_FETCHES_OF_ONE = 600;
export const MAX_FETCHES = 100_000;
/** Mail: requests of one owner that wait for news at once: its windows on as many machines. */
export const MAX_WATCHES_OF_ONE = 8;
/** Drafts of one buyer that a farm has signed and that may still be committed, also those that were released. */
export const MAX_HOLDS_OF_ONE = 32;
/** Wallet: how long a repeated command means a transfer whose answer was lost; longer, and it is next month's rent. */
export const UNSENT_LIFE_MS = 24 * 3_600_000;
/** Features that one search asks for: each is a check, and all checks of a node fit one number. */
export const MAX_FEATURES = 8;
/** Farms asked side by side for one request. */
export const MAX_ASKED = 32;
/** Farmer's script: how long it may take, how much it may say (an answer has a hundred bytes), how many are asked at once
 * (a buyer asks 32 farms, a farm's machine runs other things too), and of them for one buyer. */
export const SCRIPT_TIMEOUT_MS = 10_000;
export const MAX_SCRIPT_ANSWER_BYTES = 65_536;
export const MAX_SCRIPTS = 32;
export const MAX_SCRIPTS_OF_ONE = 4;
/** How long a buyer waits for an offer: what a farmer's script may take, and a little for the way. */
export const OFFER_TIMEOUT_MS = SCRIPT_TIMEOUT_MS + 3_000;
/** Talk: prices that a buyer may name for one contract before the farm says no more; each costs it a decision. */
export const MAX_COUNTERS = 3;
/** A policy as a file: a thousand keys in three lists have 200 kB. */
export const MAX_POLICY_FILE_BYTES = 1_048_576;
/** Parts of one order: as many drafts as one farm holds capacity for. */
export const MAX_PARTS = MAX_HOLDS_OF_ONE;
/** Nodes that are asked about for all groups of an order together; each group may ask about as many as a single request asks farms. */
export const MAX_ASKED_FOR_SET = 128;
/** Candidates that are tried for the parts of an order, to find the cheapest set: a fraction of a second. */
export const MAX_CHOICE_STEPS = 100_000;
/** How often a set is chosen anew because a farm declined or became dearer: every node asked about may do so once. */
export const MAX_SET_TRIES = MAX_ASKED_FOR_SET;
/** How long a farm is waited for when it is told that a draft will not be committed; else its hold ends by itself. */
export const RELEASE_TIMEOUT_MS = 3_000;
/** Journal: how long what a farm did counts; who has mended its ways is a stranger again. */
export const JOURNAL_LIFE_MS = 90 * 24 * 3_600_000;
/** Journal: answers of one farm that are remembered, contracts that are looked at, and of those under way how many at once:
 * milliseconds before each quote. */
export const MAX_JOURNAL_ANSWERS_OF_ONE = 200;
export const MAX_JOURNAL_CONTRACTS = 5_000;
export const MAX_JOURNAL_LEARNED = 500;
/** Farm: how long a refusal may wait to be noted together with others. */
export const MAX_TOLD_WAIT_MS = 1_000;
/** Status: what happened lately, as much as a person reads; and newest lines that are looked at for it, of each key or account. */
export const MAX_LATELY = 20;
export const LATELY_LOOKED_AT = 60;
/** Status: a contract that runs out sooner needs its owner. */
export const LOW_TIME_MS = 24 * 3_600_000;
/** Rows that a list or query gives at the most. */
export const MAX_ROWS = 1_000;
/** Open invitations of a farm: more than the nodes of a large one. */
export const MAX_INVITATIONS = 1_000;
/** Invitation as text: ours have about 500 characters; spaces around it do not matter. */
export const MAX_INVITATION_BYTES = 2_000;
/** Longest life of an invitation: whoever finds the text can use it. */
export const MAX_INVITATION_MS = 30 * 24 * 3_600_000;
/** Lines of one kind that a search without an index looks at, newest first: under half a second. */
export const MAX_LOOKED_AT = 20_000;
/** Supply over time is read again after so long, since contracts end without a line, and only after a rest of so many times as long as reading took: whoever asks without end costs a twentieth of the process. */
export const SUPPLY_KEPT_MS = 60_000;
export const SUPPLY_REST = 20;
/** Accounts of all identities that a home folder knows by name; whoever needs more wants a bot for each customer. */
export const MAX_ACCOUNTS = 256;
/** SEP-0005 indexes are hardened: 31 bits (SLIP-0010). */
export const MAX_ACCOUNT_INDEX = 2 ** 31 - 1;
/** Keys that may spend one account; as on Stellar. */
export const MAX_ACCOUNT_KEYS = 20;
/** Payments of a day that an unlock agent counts, one every nine seconds; each takes some hundred bytes. */
export const MAX_AGENT_SPENDINGS = 10_000;
/** Payment request as a text: ours have at most 600 characters, a memo of 100 foreign letters spelled out included. */
export const MAX_REQUEST_CHARS = 2_000;
/** Keystore file: an identity's has 700 bytes; whatever is larger was not written by us. */
export const MAX_KEYSTORE_BYTES = 16_384;
/** Memory that a keystore's scrypt parameters may ask for (ours take 128 MiB): a hostile file must not exhaust a machine. */
export const MAX_SCRYPT_BYTES = 1_073_741_824;
/** Passphrase in UTF-8 bytes; longer is a wrong file. */
export const MAX_PASSPHRASE_BYTES = 1_024;
/** Keystores that one home holds; listing reads them all. */
export const MAX_KEYSTORES = 256;
/** A line to or from the unlock agent: a record of the largest size inside JSON, its quotes escaped. */
export const MAX_AGENT_LINE_BYTES = 4 * 1_048_576;
/** The agent is on this machine and signs in under a millisecond; a connection silent for longer is closed. */
export const AGENT_TIMEOUT_MS = 5_000;
/** Connections the agent serves at once: a farmer's bot and a few commands. */
export const MAX_AGENT_CONNECTIONS = 32;
/** Longest time that keys stay open unattended. */
export const MAX_UNLOCK_MS = 7 * 24 * 3_600_000;
/** A checkpoint with its signatures: C2SP notes must allow 16, which take 52 kB where they are ML-DSA-44. */
export const MAX_CHECKPOINT_BYTES = 65_536;
/** Signature lines of a note that are looked at; as many as Go's note package takes. */
export const MAX_NOTE_SIGNATURES = 100;
/** A witness policy: 100 witnesses with long names and addresses. */
export const MAX_POLICY_BYTES = 65_536;
/** Logs, witnesses or groups of a policy: no more cosignatures than a note may have. C2SP asks for 32 at least. */
export const MAX_POLICY_NAMES = 100;
/** Hashes in a request to a witness (C2SP tlog-witness), and the request: those and a checkpoint. */
export const MAX_WITNESS_PROOF = 63;
export const MAX_ADD_CHECKPOINT_BYTES = 65_536 + 4_096;
/** Witness: requests for one log that wait for their turn; its home has one under way, and an audit takes seconds. */
export const MAX_WITNESS_QUEUE = 16;
/** Home: one round of cosignatures. Two of them, the one under way and the own, are less than a forwarder waits. */
export const COSIGN_TIMEOUT_MS = 4_000;
/** Auditing witness: how long one request waits for lines to be taken in; what takes longer goes on behind it. */
export const AUDIT_WAIT_MS = 3_000;
/** Auditing witness: how far the home's clock may be off its own (what minting allows a node's clock). */
export const AUDIT_CLOCK_SKEW_MS = 120_000;
/** Witness: an answer of one; its signature lines, those of other keys included. */
export const MAX_WITNESS_ANSWER_BYTES = 65_536;
/** A receipt: the largest record and its signatures in JSON and base64, proof and checkpoint. */
export const MAX_RECEIPT_BYTES = 8 * 1_048_576;
/** Evidence against a home: its two lines may be as large as any; and files of one grid, each of which is enough. */
export const MAX_EVIDENCE_BYTES = 16 * 1_048_576;
export const MAX_EVIDENCE_FILES = 32;
/** Hashes in a proof: no tree of less than 2^53 leaves needs more. */
export const MAX_PROOF_HASHES = 64;
/** Tiles whose inner hashes a book keeps ready for proofs, 16 KiB each: those above 16 million lines, and many below. */
export const MAX_CACHED_TILES = 512;
/** Mirror: how often its checkpoint is looked at by whoever waits for news. */
export const MIRROR_POLL_MS = 5_000;
/** Catching up: answers under way beside those that are taken in, up to 4 MiB each; a few keep network and threads busy meanwhile. */
export const ANSWERS_AHEAD = 4;
/** Catching up: lines taken in by one transaction; what it costs is shared, and a quarter of a second of work can be lost. */
export const MAX_TAKEN_LINES = 4_000;
/** Mirror: bundles of records fetched side by side, each up to MAX_LINES_BYTES. */
export const BUNDLES_AHEAD = 4;
/** Mirror: tiles kept by a reader, 8 KiB each; the proofs of a batch and the next share all but one. */
export const MAX_MIRROR_TILES = 64;
/** `milestones` of a mirror: MAX_ERAS checkpoints with the cosignatures of some twenty witnesses each. */
export const MAX_MILESTONES_BYTES = 8 << 20;
/** Mirror: tiles written side by side; enough that waiting for one disk write does not hold up the next. */
export const MAX_MIRROR_WRITES = 16;
/** Node: an ordinary question to a runtime or a system tool (podman answers in milliseconds, mkfs and mount too). */
export const RUNTIME_TIMEOUT_MS = 30_000;
/** Node: download of one image; what takes longer is begun anew in a later round. */
export const PULL_TIMEOUT_MS = 10 * 60_000;
/** Node: ports that one contract has published; each takes one of the machine's. */
export const MAX_CONTRACT_PORTS = 128;
/** Node: below this no container comes up, and no system of today in a virtual machine. */
export const MIN_WORKLOAD_MIB = 8;
export const MIN_MACHINE_MIB = 64;
/** Node: the least that a record can ask for, and that podman tells from "no limit". */
export const MIN_WORKLOAD_MILLIS = 10;
/** Node: what is read of QEMU's answers to one order: a greeting, two replies, some events. */
export const MAX_QMP_BYTES = 65_536;
/** Node: how long podman may take to show a container whose name another process has just taken, and that process to bound what it has made. */
export const CONTAINER_SHOWN_MS = 5_000;
export const OTHER_MAKER_MS = 2_000;
/** Node: lines of the file of hosts that a contract's workloads see: its own, and those of a private network as large as any. */
export const MAX_HOST_LINES = 4_096;
/** Node: parts of the range that are tried where another agent takes them at the same time. */
export const MAX_NETWORK_TRIES = 8;
/** Node: longest pause before its mailbox is asked for a secret again while letters are left in it. */
export const LETTERS_LEFT_MS = 1_000;
/** Node: how often the book is told how far a download is. */
export const SAY_PROGRESS_MS = 60_000;
/** Node: an image as it is fetched, and unpacked. The largest in common use (machine learning) have 10 GiB and 25. */
export const MAX_IMAGE_BYTES = 16 * 1_073_741_824;
export const MAX_UNPACKED_BYTES = 40 * 1_073_741_824;
/** Node: what each file of a layer counts beside its bytes: ext4 has a place in its table for every 16 KiB of a disk. */
export const LAYER_ENTRY_BYTES = 16_384;
/** Node: attributes of one file in a layer; what podman itself reads. */
export const MAX_PAX_BYTES = 1_048_576;
/** Registry: a manifest, an index or an image's configuration; what OCI asks of registries. */
export const MAX_MANIFEST_BYTES = 4 * 1_048_576;
/** Registry: platforms of an image with their attestations; and its layers, as many as overlayfs stacks in podman. */
export const MAX_INDEX_ENTRIES = 256;
export const MAX_IMAGE_LAYERS = 128;
/** Registry: an answer to a login. Tokens have a few kB. */
export const MAX_TOKEN_BYTES = 65_536;
/** Registry: redirects of one request; large ones send to a store, and that to a mirror. */
export const MAX_REGISTRY_REDIRECTS = 5;
/** Registry: until it answers, and how long it may fall silent in the middle. */
export const REGISTRY_ANSWER_MS = 15_000;
export const REGISTRY_SILENCE_MS = 30_000;
/** Registry: all of what a buyer asks of it about one tag. */
export const RESOLVE_TIMEOUT_MS = 45_000;
/** Node: an answer of a runtime: a list of a thousand containers is under 4 MiB. */
export const MAX_RUNTIME_ANSWER_BYTES = 16 * 1_048_576;
/** Node: what is kept of a workload's output, twice (the part before and the present one). */
export const MAX_WORKLOAD_LOG_BYTES = 1_048_576;
/** Node: a row of a workload's log; a longer line takes several. Podman cuts at as much. */
export const MAX_LOG_ROW_BYTES = 8_192;
/** Node: what is kept of the output of a workload that was taken away, until its contract's data is. */
export const MAX_KEPT_LOG_BYTES = 65_536;
/** Node: how often a log that is followed is looked at: what people take for at once. */
export const LOG_POLL_MS = 250;
/** Node: measuring the hardware; its tools are many and one may hang. */
export const PROBE_TIMEOUT_MS = 60_000;
/** Node: each part of the benchmark; shorter, and a core is still speeding up; five of them stay below ten seconds. */
export const BENCHMARK_SPAN_MS = 1_200;
/** Node: the whole benchmark on a machine that is busy or whose disk hangs. */
export const BENCHMARK_TIMEOUT_MS = 30_000;
/** Node: how often the machine is compared with what is announced, and how soon a difference is looked at once more. */
export const REMEASURE_MS = 3_600_000;
export const REMEASURE_AGAIN_MS = 60_000;
/** Node: the first such look comes after the watcher has taken up its work. */
export const REMEASURE_FIRST_MS = 5_000;
/** Node: disk space by which a machine may differ from what is announced before it announces again, the larger of both: logs and images come and go. */
export const DISK_CHANGE_MIB = 2_048;
export const DISK_CHANGE_PART = 0.05;
/** Release: a bundle with its packages has 40 MiB; the signed size bounds each download below this. */
export const MAX_RELEASE_BYTES = 512 * 1_048_576;
/** Release: fetching and unpacking it, on a slow line and a slow disk. */
export const RELEASE_FETCH_TIMEOUT_MS = 30 * 60_000;
export const RELEASE_UNPACK_TIMEOUT_MS = 5 * 60_000;
/** Release: what became of so many is remembered. */
export const MAX_RELEASE_OUTCOMES = 16;
/** Release: how long one on trial may take for its first whole round, unless a person says otherwise: opening a large book, a home that answers slowly. */
export const RELEASE_TRIAL_MS = 2 * 60_000;
/** Supervisor: how soon it sees that a release is asked for. */
export const SUPERVISE_POLL_MS = 500;
/** Supervisor: pauses before a watcher that ended is started again, doubled each time. */
export const MIN_RESTART_MS = 500;
export const MAX_RESTART_MS = 60_000;
/** Supervisor: how long a watcher may take to end in order; above the stop of a step under way. */
export const WATCHER_STOP_MS = 30_000;
/** Hook of an owner: how long one may run; a wake-up packet takes a second, a management board some. */
export const HOOK_TIMEOUT_MS = 60_000;
/** Power: how often a farm looks for nodes to wake, how long a node has to take a contract up by itself, and when one is called again. */
export const POWER_LOOK_MS = 5_000;
export const WAKE_AFTER_MS = 20_000;
export const WAKE_AGAIN_MS = 5 * 60_000;
/** Node: a reason in a run record. */
export const MAX_REASON_CHARS = 500;
/** Node: processes of one workload; what a busy database or web server needs, far below what starves a machine. */
export const MAX_WORKLOAD_PIDS = 2_048;
/** Node: routes of a machine that workloads are kept from; a machine in a farmer's network has a handful, a router of the internet a million. */
export const MAX_MACHINE_ROUTES = 1_000;
/** Node: networks of the farmer's that workloads may reach all the same. */
export const MAX_ALLOWED_NETWORKS = 64;
/** Node: steps under way at the same time that begin something, and as many that end something; one that hangs takes one of them until its time limit. */
export const MAX_NODE_STEPS = 64;
/** Node: of those that begin something, one contract's: a registry that never ends keeps only its own customer waiting. */
export const MAX_CONTRACT_STEPS = 8;
/** Node: the whole of one step; above the download of an image, so that the driver's own limit speaks first. */
export const NODE_STEP_TIMEOUT_MS = 15 * 60_000;
/** Node: pauses before a step that failed is tried again; a start or a volume is given up after the last. */
export const NODE_RETRY_MS: readonly number[] = [1_000, 5_000];
/** Node: after those, a start for which something does not answer (a registry) is tried this often for as long as it takes: a look each, and gone a minute after it is back. */
export const NODE_AWAY_RETRY_MS = 60_000;
/** Node: the longest that a workload may ask for to end by itself; below the time of a step. */
export const MAX_STOP_GRACE_MS = 600_000;
/** Node: time a workload has to end by itself, unless it asks for another. */
export const STOP_GRACE_MS = 10_000;
/** Node: longest pause before what ended is started again, unless its policy asks for a longer one; as Kubernetes has it. */
export const MAX_RESTART_PAUSE_MS = 5 * 60_000;
/** Node: what runs for so long without a health check works; what a later change is rolled back to. */
export const UPDATE_PROOF_MS = 10_000;
/** Node: what goes on by itself (restarts, health that comes and goes) is recorded no more often, for each workload. */
export const SAY_WORKLOAD_EVERY_MS = 60_000;
/** Node: health checks under way at the same time; the others wait, and one that hangs ends at its time-out. */
export const MAX_HEALTH_CHECKS = 8;
/** Node: of those, one contract's: checks that take their whole time-out keep only their own contract waiting. */
export const MAX_CONTRACT_CHECKS = 2;
/** Node: pause between checks of what has not been healthy yet, so that being ready is seen soon. */
export const HEALTH_START_INTERVAL_MS = 1_000;
/** Node: output of a check's command; its first line becomes the reason. */
export const MAX_HEALTH_OUTPUT_BYTES = 1_024;
/** Node: what the rules refused to record is tried again after this, should it still be so. */
export const SAY_AGAIN_MS = 60_000;
/** Relay: a frame of a session; what a pipe or a terminal gives at once fits, and so few bytes wait for a slow reader. */
export const MAX_RELAY_FRAME_BYTES = 65_536;
/** Relay: nodes that wait at one bot; each takes a connection and some kilobytes. */
export const MAX_RELAY_NODES = 10_000;
/** Relay: sessions in all, of one node, and of one operator: two connections each. */
export const MAX_RELAY_SESSIONS = 1_000;
export const MAX_SESSIONS_OF_NODE = 32;
export const MAX_SESSIONS_OF_OPERATOR = 16;
/** Relay: callers that have yet to say who they are, and how long they may take for it. */
export const MAX_RELAY_CALLERS = 256;
export const RELAY_HELLO_MS = 10_000;
/** Relay: calls of one address a minute: a node that comes back with all its sessions, and a few commands. */
export const MAX_RELAY_CALLS_PER_MINUTE = 300;
/** Relay: how long a node has to take up a session. */
export const RELAY_ANSWER_MS = 10_000;
/** Relay: a session in which nothing moves is ended: nobody reads, or nobody writes. */
export const RELAY_IDLE_MS = 3_600_000;
/** Relay: both ends of a connection show this often that they are there; after three times they are not. */
export const RELAY_PING_MS = 30_000;
/** Transcript of a session: one line of it, a frame in base64 and a mark; and all of it, which is read at once. */
export const MAX_TRANSCRIPT_LINE_CHARS = 100_000;
export const MAX_TRANSCRIPT_BYTES = 256 * 1_048_576;
/** Relay: how long an end has to take what was sent to it before the other went away. */
export const RELAY_LAST_WORDS_MS = 5_000;
/** Node: pauses before it calls its relay again, the longest at last. */
export const RELAY_RETRY_MS: readonly number[] = [1_000, 2_000, 5_000, 15_000, 60_000];
/** Node: how old the list of networks that the machine stands in may be; each look starts a program, and machines seldom move. */
export const ROUTES_AGAIN_MS = 60_000;
/** Node: how long the address of a host name is believed; home connections get a new one about once a day. */
export const RESOLVE_AGAIN_MS = 5 * 60_000;
/** Contracts whose workloads are in one private network: each is a peer of every node in it; all stand in one object. */
export const MAX_LINKS = 128;
/** Sessions of commands that are open on one contract; they stand in one object. */
export const MAX_OPEN_SESSIONS = 8;
/** Timeline of a contract: records shown at the most; what it shows is read by a person, or page by page with bcdb query. */
export const MAX_TIMELINE = 10_000;
/** Heartbeat of a new grid: each is a line of the book per node; and what one that is missed can leave unpaid. */
export const MIN_HEARTBEAT_MS = 1_000;
export const MAX_HEARTBEAT_MS = 24 * 3_600_000;
/** Node: pause between two looks when nothing happens. */
export const WATCH_INTERVAL_MS = 10_000;
/** Development grid: one command of a bot; the slowest makes a node of this machine, which takes a few seconds. */
export const DEV_COMMAND_TIMEOUT_MS = 120_000;
/** Development grid: how long a bot has to end in order before it is killed. */
export const DEV_STOP_MS = 10_000;
/** Doctor: how long a bot may take to say that it is there. */
export const DOCTOR_ANSWER_MS = 3_000;
/** Doctor: free disk below which a book that grows, or an image, may soon find none. */
export const MIN_FREE_DISK_MIB = 512;
/** Demo: free disk that its volume and image need; mkfs writes half a gigabyte of a 100 GiB file system's own data. */
export const DEMO_DISK_MIB = 1_024;
/** Demo: from "running" in the book until the web server answers. */
export const DEMO_ANSWER_MS = 10_000;
/** Demo: from the end of the contract until the node has wiped everything. */
export const DEMO_RELEASE_MS = 30_000;
/** Home: how far the wall clock may leave the time since boot before it stops writing; NTP steps by less. */
export const MAX_CLOCK_DRIFT_MS = 5_000;
/** Home: submissions that may wait for their turn, and their bytes; beyond it is busy. */
export const MAX_WAITING_SUBMISSIONS = 1_000;
export const MAX_WAITING_BYTES = 64 * 1_048_576;
/** Index of a book: lines and entries that one transaction takes in: 0.1 s of work, so that others are not kept waiting. */
export const MAX_INDEXED_AT_ONCE = 5_000;
export const MAX_INDEXED_ENTRIES = 200_000;
/** Index of a book: lines that it lacks and a query looks at one by one, instead of waiting for whoever writes it: 50 ms; a home
 * that takes in 20,000 a second has its keeper behind by as many. */
export const MAX_UNINDEXED = 5_000;
/** Index of a book: how long making the file anew, or a transaction of another process, is waited for. */
export const INDEX_LOCK_WAIT_MS = 10_000;
/** State tree: buckets, at most. A million objects are 16 a bucket, and its inner hashes take 4 MiB. */
export const MAX_STATE_BUCKETS = 65_536;
/** State roots: the home may record one this often, and only if another line came in between; so a book at most doubles. */
export const MIN_STATE_ROOT_MS = 1_000;
/** Verify: threads that read and hash; one that folds keeps about six of them busy. */
export const MAX_VERIFY_THREADS = 8;
/** State proofs: how long a request waits until the newest state is folded; below the client's own patience. */
export const STATE_WAIT_MS = 6_000;
/** State roots: how often a home that serves makes one unasked, where something was written; whoever wants a fresh proof asks. */
export const STATE_ROOT_EVERY_MS = 10 * 60_000;
/** State proofs: how much older than the checkpoint a root may be that does not cover all below it: one interval of the home's, and a restart. */
export const MAX_STATE_AGE_MS = STATE_ROOT_EVERY_MS + FRESH_MS;
/** State proofs: how long a thread may fold before it is ended as one that hangs: a million lines take minutes. */
export const FOLD_LIMIT_MS = 60 * 60_000;
/** Query: characters, values in all, and levels of parentheses and `not`; what a person types is far below. */
export const MAX_QUERY_CHARS = 8_192;
export const MAX_QUERY_TERMS = 64;
export const MAX_QUERY_DEPTH = 16;
/** Query: names that a prefix stands for before it is no longer looked up name by name. */
export const MAX_PREFIX_NAMES = 64;
/** Query: words of a text to look for, in all: each is looked up before the query is planned. */
export const MAX_QUERY_WORDS = 16;
/** Query: times that words stand in a book which begin as an open word does, for all open words: FTS5 merges them in 20 ms. */
export const MAX_OPEN_LINES = 100_000;
/** Query: lines of the book within which words that are in many lines are held against others, for one answer: 0.1 s. */
export const MAX_WORD_REACH = 500_000;
/** Query: lines of the book that a server looks at for one answer, beside what its index says: 20 ms. */
export const MAX_SERVED_LOOKS = 2_000;
/** Index of a book: fields whose values it keeps; each costs a few microseconds a line. */
export const MAX_INDEXED_FIELDS = 32;
/** SQL at the command line: characters of a statement, bytes of its rows, memory of its process, and how often that is looked at. */
export const MAX_SQL_CHARS = 65_536;
export const MAX_SQL_BYTES = 16 * 1_048_576;
export const MAX_SQL_MEMORY_BYTES = 512 * 1_048_576;
export const SQL_WATCH_MS = 50;
/** SQL at the command line: how long a statement runs unless more is allowed, and the most that can be. */
export const SQL_TIME_LIMIT_MS = 10_000;
export const MAX_SQL_TIME_LIMIT_MS = 3_600_000;
/** SQL at the command line: rows at the most. */
export const MAX_SQL_ROWS = 100_000;
/** Gateway: time for a request's header, and for a connection without one; a visitor who is slower is not waited for. */
export const GATEWAY_HEADER_MS = 10_000;
export const GATEWAY_IDLE_MS = 120_000;
/** Gateway: a workload is on this machine; one that does not take a connection in this time is stuck. */
export const GATEWAY_DIAL_MS = 5_000;
/** Gateway: how long requests under way go on under old routes: a large download. */
export const GATEWAY_DRAIN_MS = 600_000;
/** Gateway: bytes of a request's header; what web servers usually take, cookies included. */
export const MAX_GATEWAY_HEADER_BYTES = 65_536;
/** Gateway: connections to one workload, so that one that hangs does not use up the open files of all. */
export const MAX_GATEWAY_CONNECTIONS = 1_024;
/** Gateway: size of caddy's log; there are two of it. */
export const MAX_GATEWAY_LOG_MIB = 8;
/** Gateway: how long caddy may take to answer, to start or to end; a round of the watcher waits for it. */
export const GATEWAY_TIMEOUT_MS = 5_000;
/** Gateway: pause after caddy failed before it is tried again. */
export const GATEWAY_RETRY_MS = 30_000;
/** Machine: memory that QEMU needs beside the machine's own: its code, its threads, buffers of disk and network. */
export const MACHINE_OVERHEAD_MIB = 192;
/** Machine: size of a kernel or its first file system, and of the kernel's line (COMMAND_LINE_SIZE on x86 is 2,048). */
export const MAX_MACHINE_KERNEL_BYTES = 256 * 1_048_576;
export const MAX_MACHINE_WORDS_BYTES = 2_047;
/** Machine: how long the trial at a probe may take; a processor that runs machines needs a fraction of a second. */
export const MACHINE_TRIAL_MS = 10_000;
/** Machine: how long it may take to shut down after its power button was pressed, unless its workload says so. */
export const MACHINE_GRACE_MS = 30_000;
/** Blueprint: a file; real Compose files have a few kilobytes, the largest some tens. */
export const MAX_BLUEPRINT_BYTES = 256 * 1_024;
/** Blueprint: levels of nesting, and values once anchors are followed: real files stay below 10 and 3,000. */
export const MAX_BLUEPRINT_DEPTH = 32;
export const MAX_BLUEPRINT_NODES = 20_000;
/** Blueprint: complaints, and notes, that are listed: more than anybody mends in one go. */
export const MAX_FAULTS = 100;
/** Blueprint: inputs that can be declared, and characters of a value: what fits into a variable of a workload. */
export const MAX_INPUTS = 64;
export const MAX_INPUT_CHARS = 8_192;
/** Blueprint: of a pattern of its author's, repeats and choices, and characters that are held against it: at worst some 256³/6 tries, 50 ms. */
export const MAX_PATTERN_REPEATS = 3;
export const MAX_PATTERN_CHARS = 256;
/** Blueprint: contracts that one makes; what placing all or none is made for. */
export const MAX_BLUEPRINT_PARTS = 64;
/** Blueprint: services that are read, and others that one may extend in a row: what a short file says again and again is copied each time. */
export const MAX_BLUEPRINT_SERVICES = 256;
export const MAX_EXTENDED = 8;
/** Blueprint: files of a folder that are taken along one by one: configurations, not data. */
export const MAX_FOLDER_FILES = 16;
/** A contract: workloads (the schema says it, too), and published ports of one. */
export const MAX_PART_WORKLOADS = 64;
export const MAX_WORKLOAD_PORTS = 64;

/** Candidates that a shell gets for what is being typed: more than anybody reads. */
export const MAX_COMPLETIONS = 200;
/** Rows of the own copy that are looked at for them, so that a large book answers as quickly. */
export const MAX_COMPLETION_ROWS = 1_000;
/** Revisions of one blueprint that are kept: enough to go back by, each some kilobytes. */
export const MAX_BLUEPRINT_REVISIONS = 100;
/** Plans that were shown and are kept by their tokens; a person decides on the last few. */
export const MAX_BLUEPRINT_PLANS = 50;
