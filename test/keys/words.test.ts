import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base58 } from '@scure/base';
import { mnemonicToSeedSync } from '@scure/bip39';
import fc from 'fast-check';
import { isProblem } from '../../src/base/errors.js';
import { addressOf } from '../../src/keys/did.js';
import { publicKeyOf } from '../../src/keys/ed25519.js';
import { secretOf, walletSeed, wordsOf } from '../../src/keys/words.js';

// BIP39: the 256-bit vectors of github.com/trezor/python-mnemonic, vectors.json; seeds with the passphrase TREZOR.
const BIP39 = [
  ['00'.repeat(32), `${'abandon '.repeat(23)}art`, 'bda85446c68413707090a52022edd26a1c9462295029f2e60cd7c4f2bbd3097170af7a4d73245cafa9c3cca8d561a7c3de6f5d4a10be8ed2a5e608d68f92fcc8'],
  ['7f'.repeat(32), 'legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title', 'bc09fca1804f7e69da93c2f2028eb238c227f2e9dda30cd63699232578480a4021b146ad717fbb7e451ce9eb835f43620bf5c514db0f8add49f5d121449d3e87'],
  ['80'.repeat(32), 'letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless', 'c0c519bd0e91a2ed54357d9d1ebef6f5af218a153624cf4f2da911a0ed8f7a09e2ef61af0aca007096df430022f7a2b6fb91661a9589097069720d015e4e982f'],
  ['ff'.repeat(32), `${'zoo '.repeat(23)}vote`, 'dd48c104698c30cfe2b6142103248622fb7bb0ff692eebb00089b32d22484e1613912f0a5b694407be899ffd31ed3992c456cdf60f5d4564b8ba3f05a69890ad'],
] as const;

// SEP-0005, test 3 (24 words, no passphrase).
const SEP5_WORDS = 'bench hurt jump file august wise shallow faculty impulse spring exact slush thunder author capable act festival slice deposit sauce coconut afford frown better';
const SEP5 = [
  'GC3MMSXBWHL6CPOAVERSJITX7BH76YU252WGLUOM5CJX3E7UCYZBTPJQ',
  'GB3MTYFXPBZBUINVG72XR7AQ6P2I32CYSXWNRKJ2PV5H5C7EAM5YYISO',
  'GDYF7GIHS2TRGJ5WW4MZ4ELIUIBINRNYPPAWVQBPLAZXC2JRDI4DGAKU',
  'GAFLH7DGM3VXFVUID7JUKSGOYG52ZRAQPZHQASVCEQERYC5I4PPJUWBD',
  'GAXG3LWEXWCAWUABRO6SMAEUKJXLB5BBX6J2KMHFRIWKAMDJKCFGS3NN',
  'GA6RUD4DZ2NEMAQY4VZJ4C6K6VSEYEJITNSLUQKLCFHJ2JOGC5UCGCFQ',
  'GCUDW6ZF5SCGCMS3QUTELZ6LSAH6IVVXNRPRLAUNJ2XYLCA7KH7ZCVQS',
  'GBJ646Q524WGBN5X5NOAPIF5VQCR2WZCN6QZIDOSY6VA2PMHJ2X636G4',
  'GDHX4LU6YBSXGYTR7SX2P4ZYZSN24VXNJBVAFOB2GEBKNN3I54IYSRM4',
  'GDXOY6HXPIDT2QD352CH7VWX257PHVFR72COWQ74QE3TEV4PK2KCKZX7',
];

for (const [entropy, words, seed] of BIP39) {
  test(`BIP39: ${entropy.slice(0, 4)}… and its words belong together`, () => {
    assert.equal(wordsOf(Buffer.from(entropy, 'hex')), words);
    assert.equal(secretOf(words).toString('hex'), entropy);
    assert.equal(Buffer.from(mnemonicToSeedSync(words, 'TREZOR')).toString('hex'), seed);
  });
}

test('SEP-0005: the words give the published wallets', () => {
  for (const [account, address] of SEP5.entries()) assert.equal(addressOf(publicKeyOf(walletSeed(SEP5_WORDS, account))), address);
});

test('ThreeFold: the entropy of the words is the Ed25519 seed', () => {
  // threefoldtech/zos pkg/identity: keys_test.go TestIdentity (seed and base58 key), userid.go (words to seed by entropy).
  const words = wordsOf(Buffer.from('helloworldhelloworldhelloworld12'));
  assert.equal(base58.encode(Buffer.from(publicKeyOf(secretOf(words)), 'hex')), 'FkUfMueBVSK6V1DCHVAtzzaqPqCPVzGguDzCQxq7Ep85');
});

test('every secret comes back from its words, however they are spaced', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (secret) => {
    const words = wordsOf(secret);
    assert.deepEqual(secretOf(`\n ${words.toUpperCase().replaceAll(' ', ' \t')}\r\n`), Buffer.from(secret));
  }), { numRuns: 50 });
});

test('mistakes in the words are found, and the words are not repeated in the message', () => {
  const words = SEP5_WORDS.split(' ');
  const table: [string, string][] = [
    ['too few', words.slice(1).join(' ')],
    ['none', '  '],
    ['12 of them', 'illness spike retreat truth genius clock brain pass fit cave bargain toe'],
    ['an unknown one', ['bensch', ...words.slice(1)].join(' ')],
    ['two swapped', [words[1], words[0], ...words.slice(2)].join(' ')],
  ];
  for (const [what, text] of table) {
    assert.throws(() => secretOf(text), (thrown) => isProblem(thrown, 'usage') && !/bensch|hurt|spike/.test(`${thrown.message}${thrown.hint ?? ''}`), what);
  }
});
